"""Units of forces and energies, told from what O–H bonds and heat must give."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from brine.datasets.auditing.classes import composition_sets, similar_frames
from brine.datasets.auditing.findings import Finding, named, per_source
from brine.datasets.auditing.geometry import Geometry, stretch_of, stretch_of_each
from brine.datasets.dataset import Dataset
from brine.units import BOHR, BOLTZMANN, HARTREE

STRETCH = 38.0
"""eV/Å²: slope of the force on H against the O–H length in DFT water; 46 in SPC/Fw."""
STRETCH_PLAUSIBLE = (24.0, 75.0)
KCAL_PER_MOL = 0.0433641
FORCE_UNITS = {
    "hartree/bohr": BOHR / HARTREE,
    "hartree/Å": 1 / HARTREE,
    "Ry/bohr": 2 * BOHR / HARTREE,
    "eV/bohr": BOHR,
    "kcal/mol/Å": 1 / KCAL_PER_MOL,
    "kJ/mol/Å": 4.184 / KCAL_PER_MOL,
    "kJ/mol/nm": 41.84 / KCAL_PER_MOL,
}
"""Value of 1 eV/Å in each unit."""
SCATTER = 1.4
"""Thermal energy scatter over k_B T √(3N/2), as measured on DFT solutions."""
SCATTER_PLAUSIBLE = (0.15, 9.0)
HYDROXYL = 0.98
"""Å: an O–H bond of density-functional water."""
MORSE = 2.2
"""1/Å: how fast an O–H bond softens as it is stretched."""
ODD_FRAME = 5.0
"""A frame whose O–H bonds are this much softer or stiffer is in another unit."""
FEWEST = 20
"""Frames needed to speak of scatter."""


def unit_findings(dataset: Dataset, geometry: Geometry) -> Iterator[Finding]:
    """Forces and energies whose scale is not that of eV/Å and eV."""
    yield from _forces(dataset, geometry)
    yield from _energies(dataset, geometry)


def _forces(dataset: Dataset, geometry: Geometry) -> Iterator[Finding]:
    for index, source in enumerate(dataset.source_names):
        frames = np.flatnonzero(dataset.source == index)
        constants = stretch_of_each(geometry, frames)
        if np.isfinite(constants).any():
            usual = float(np.nanmedian(constants))
            yield from _odd_frames(dataset, frames, constants / usual)
        else:
            pooled = stretch_of(geometry, frames)
            if pooled is None:
                continue
            usual = pooled[0]
        softening = _softening(float(np.nanmedian(geometry.hydroxyl[frames])))
        yield from _whole_file(source, usual, softening)


def _softening(distance: float) -> float:
    """Curvature of an O–H bond of this length over that at equilibrium; at most 1.

    Of a Morse oscillator: structures of another model than the one that labels them
    have longer bonds, and those are softer.
    """
    stretch = np.exp(-MORSE * max(distance - HYDROXYL, 0.0))
    return float(max(2 * stretch**2 - stretch, 0.5))


def _whole_file(source: str, constant: float, softening: float) -> Iterator[Finding]:
    low, high = STRETCH_PLAUSIBLE
    low *= softening
    measured = (
        f"the forces give the O–H stretch a force constant of {constant:.3g} eV/Å² "
        f"where about {STRETCH:.0f} is expected"
    )
    if constant < -0.01 * STRETCH:
        yield Finding(
            "error",
            "force_sign",
            f"{measured}: they are gradients, not forces; reverse their sign.",
            source,
        )
    elif not low < constant < high:
        unit = _nearest(constant / STRETCH, FORCE_UNITS)
        yield Finding(
            "error" if unit else "warning",
            "force_unit",
            f"{measured}: "
            + (f"they are in {unit}; convert them to eV/Å." if unit else "look."),
            source,
        )


def _odd_frames(
    dataset: Dataset, frames: NDArray[np.int64], share: NDArray[np.float64]
) -> Iterator[Finding]:
    """Frames whose O–H bonds are far softer or stiffer than those of their file."""
    odd = (share < 1 / ODD_FRAME) | (share > ODD_FRAME)
    for source, inside in per_source(dataset, frames[odd]):
        yield Finding(
            "error",
            "force_unit",
            f"{named(inside)}: the forces give O–H bonds {np.median(share[odd]):.2g} "
            "times the stiffness that the other frames of the file do; their unit or "
            "sign differs: convert them or leave them out.",
            source,
            inside,
        )


def _energies(dataset: Dataset, geometry: Geometry) -> Iterator[Finding]:
    """The scatter of energies against the heat that O–H bonds show."""
    for name, frames in composition_sets(dataset).items():
        known = frames[np.isfinite(dataset.energy[frames])]
        for similar in similar_frames(dataset, known)[-1:]:
            stretch = stretch_of(geometry, similar)
            if stretch is None or len(similar) < FEWEST:
                continue
            constant, temperature = stretch
            if not STRETCH_PLAUSIBLE[0] < constant < STRETCH_PLAUSIBLE[1]:
                continue
            scatter = 1.4826 * np.median(np.abs(_deviations(dataset, similar)))
            heat = BOLTZMANN * temperature
            share = scatter / (heat * np.sqrt(1.5 * dataset.n_atoms[similar[0]]))
            if not SCATTER_PLAUSIBLE[0] < share < SCATTER_PLAUSIBLE[1]:
                small = share < SCATTER_PLAUSIBLE[0]
                units = "hartree or Ry" if small else "kcal/mol or kJ/mol"
                yield Finding(
                    "error",
                    "energy_unit",
                    f"{name}: energies scatter by {scatter:.3g} eV, "
                    f"{share / SCATTER:.2g} times what {temperature:.0f} K (from O–H "
                    f"bonds) gives, as if they were in {units}; convert them to eV.",
                )


def _deviations(dataset: Dataset, frames: NDArray[np.int64]) -> NDArray[np.float64]:
    """Energies less their group's mean: runs may be at different temperatures.

    Less the mean of all, where groups hold single frames.
    """
    energy = dataset.energy[frames]
    _, group, size = np.unique(
        dataset.group[frames], return_inverse=True, return_counts=True
    )
    mean = np.bincount(group, energy) / size
    several = size[group] > 1
    if several.sum() < FEWEST:
        return np.asarray(energy - energy.mean())
    own = (energy - mean[group]) * np.sqrt(size / np.maximum(size - 1, 1))[group]
    return np.asarray(own[several])


def _nearest(factor: float, units: dict[str, float]) -> str | None:
    """The unit whose scale is within a factor of two of `factor`."""
    if factor <= 0:
        return None
    distance = {unit: abs(np.log(factor / value)) for unit, value in units.items()}
    unit = min(distance, key=lambda key: distance[key])
    return unit if distance[unit] < np.log(2.0) else None
