r"""Labels computed again: unit, sign and kinetic term, settled against an oracle.

Forces and the deviator of the stress are proportional to the oracle's own where only a
unit or a sign is wrong, and the factor names it. A kinetic term shows in the trace of
the stress alone: it makes the pressure too high by :math:`N k_B T / V`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from brine.datasets.auditing.findings import Finding
from brine.datasets.dataset import Dataset
from brine.errors import BrineError
from brine.oracles.oracle import Labels, Oracle
from brine.structures.progress import Report, silent
from brine.units import BAR, BOHR, BOLTZMANN, HARTREE

GPA: Final = 1e4 * BAR
ENERGY_UNITS: Final = {
    "hartree": 1 / HARTREE,
    "rydberg": 2 / HARTREE,
    "kcal/mol": 23.0605,
    "kJ/mol": 96.4853,
    "meV": 1e3,
}
"""How many of them are one eV."""
FORCE_UNITS: Final = {
    "hartree/bohr": BOHR / HARTREE,
    "rydberg/bohr": 2 * BOHR / HARTREE,
    "kcal/mol/Å": 23.0605,
    "meV/Å": 1e3,
}
STRESS_UNITS: Final = {
    "GPa": 1 / GPA,
    "kbar": 10 / GPA,
    "bar": 1 / BAR,
    "hartree/bohr³": BOHR**3 / HARTREE,
}
CLOSE: Final = 0.05
"""Relative departure from a factor that still is that factor."""
ALIKE: Final = 0.97
"""Correlation above which two labels differ by no more than a factor."""
SMALLEST_KINETIC: Final = 0.05 * GPA
"""A difference of pressure below it is no kinetic term."""
KINETIC_RANGE: Final = (100.0, 1500.0)
"""K, that a difference of pressure must mean to be taken for one."""


@dataclass(frozen=True)
class _Comparison:
    """Labels of some frames, theirs and the oracle's."""

    dataset: Dataset
    frames: list[int]
    ours: list[Labels]

    def factor(self, name: str) -> tuple[float, float]:
        """Their values over ours, least squares, and the correlation."""
        theirs, ours = (np.concatenate(x) for x in zip(*self._pairs(name), strict=True))
        norm, product = float(ours @ ours), float(theirs @ ours)
        size = np.sqrt(norm * float(theirs @ theirs))
        return product / norm, float(product / size) if size else 0.0

    def _pairs(self, name: str) -> Iterator[tuple[NDArray[np.float64], ...]]:
        for k, labels in zip(self.frames, self.ours, strict=True):
            if name == "forces":
                theirs = self.dataset.forces[self.dataset.atoms_of(k)]
                yield theirs.ravel(), labels.forces.ravel()
            else:
                yield _deviator(self.dataset.stress[k]), _deviator(labels.stress)


def second_opinion(
    dataset: Dataset, oracle: Oracle, *, n_frames: int = 5, report: Report = silent
) -> tuple[Finding, ...]:
    """What `oracle` says of the labels of some frames, evenly spaced.

    Parameters
    ----------
    dataset : Dataset
    oracle : Oracle
        Of the same level of theory as the labels, or near it.
    n_frames : int
        Frames labelled again; those without a label are passed over.
    report : Report

    Where the oracle cannot label a frame, that is the one finding.
    """
    finite = np.isfinite(dataset.energy) & _finite_forces(dataset)
    complete = np.flatnonzero(finite & dataset.has_energy & dataset.has_forces)
    if not complete.size:
        return (
            Finding(
                "warning",
                "oracle_not_asked",
                "No frame has both an energy and forces: the oracle has nothing to "
                "compare with.",
            ),
        )
    chosen = complete[np.linspace(0, len(complete) - 1, n_frames).astype(int)]
    frames = sorted({int(k) for k in chosen})
    ours = []
    for done, k in enumerate(frames):
        try:
            ours.append(oracle.label(dataset.frame(k)))
        except BrineError as error:
            return (_refused(dataset, k, error),)
        report("labelling again", {"done": (done + 1) / len(frames)})
    compared = _Comparison(dataset, frames, ours)
    found = [*_energies(compared), *_forces(compared), *_stresses(compared)]
    return tuple(found) or (_agrees(dataset, oracle, tuple(frames)),)


def _agrees(dataset: Dataset, oracle: Oracle, frames: tuple[int, ...]) -> Finding:
    """Whose labels differ little has the right units, and perhaps another cutoff."""
    again = f"{oracle.fingerprint} gives the labels of {len(frames)} frames again: "
    if dataset.fingerprint == oracle.fingerprint:
        right = "units, signs and the level of theory are right."
        return Finding("note", "oracle_agrees", again + right, frames=frames)
    return Finding(
        "warning",
        "oracle_is_another",
        f"{again}units and signs are right. Whether the level of theory is, it cannot "
        f"tell: theirs is called {dataset.fingerprint or 'nothing'}.",
        frames=frames,
    )


def _refused(dataset: Dataset, frame: int, error: BrineError) -> Finding:
    source = int(dataset.source[frame])
    return Finding(
        "warning",
        "oracle_refuses",
        f"The oracle cannot label this frame: {error}",
        dataset.source_names[source],
        (int(dataset.source_frame[frame]),),
    )


def _finite_forces(dataset: Dataset) -> NDArray[np.bool_]:
    """(n_frames,): whether every force of the frame is a number."""
    bad = ~np.isfinite(dataset.forces).all(axis=1)
    owners = np.repeat(np.arange(len(dataset)), dataset.n_atoms)
    return np.asarray(np.bincount(owners, bad, minlength=len(dataset)) == 0)


def _energies(compared: _Comparison) -> Iterator[Finding]:
    theirs = compared.dataset.energy[compared.frames]
    ours = np.array([labels.energy for labels in compared.ours])
    n_atoms = np.diff(compared.dataset.offsets)[compared.frames]
    if np.abs((theirs - ours) / n_atoms).max() < 1e-3:
        return
    unit = _named(float(np.median(theirs / ours)), ENERGY_UNITS)
    said = (
        f"they are in {unit}; convert them to eV."
        if unit
        else "another level of theory made them, or another zero of energy."
    )
    yield Finding(
        "error" if unit else "warning",
        "energy_unit" if unit else "energy_differs",
        f"Energies differ from the oracle's by "
        f"{np.abs((theirs - ours) / n_atoms).max():.3g} eV/atom: {said}",
        frames=tuple(compared.frames),
    )


def _forces(compared: _Comparison) -> Iterator[Finding]:
    factor, correlation = compared.factor("forces")
    if correlation > ALIKE and abs(factor - 1) < CLOSE:
        return
    frames = tuple(compared.frames)
    unit = _named(abs(factor), FORCE_UNITS)
    if abs(correlation) < ALIKE:
        yield Finding(
            "error",
            "forces_differ",
            f"Forces have a correlation of {correlation:.2f} with the oracle's: "
            "positions are in another unit, or another level of theory made them.",
            frames=frames,
        )
    elif abs(factor + 1) < CLOSE:
        yield Finding(
            "error",
            "force_sign",
            "Forces are the oracle's with the sign reversed: they are gradients.",
            frames=frames,
        )
    else:
        said = f"they are in {unit}; convert them to eV/Å" if unit else "a wrong unit"
        yield Finding(
            "error",
            "force_unit",
            f"Forces are {factor:.4g} times the oracle's: {said}.",
            frames=frames,
        )


def _stresses(compared: _Comparison) -> Iterator[Finding]:
    some = compared.dataset.has_stress[compared.frames]
    if not some.all():
        return
    frames = tuple(compared.frames)
    factor, correlation = compared.factor("stress")
    if abs(correlation) < ALIKE:
        yield Finding(
            "error",
            "stress_differs",
            f"Stresses have a correlation of {correlation:.2f} with the oracle's: "
            "check the order of their components and the level of theory.",
            frames=frames,
        )
    elif abs(factor - 1) < CLOSE:
        yield from _kinetic_term(compared)
    else:
        yield Finding(
            "error",
            "stress_sign" if abs(factor + 1) < CLOSE else "stress_unit",
            f"Stresses are {factor:.4g} times the oracle's: "
            f"{_stress_fault(factor, compared)}; convert them to eV/Å³, tension "
            "positive.",
            frames=frames,
        )


def _stress_fault(factor: float, compared: _Comparison) -> str:
    volumes = np.abs(np.linalg.det(compared.dataset.cells[compared.frames]))
    volume = float(np.median(volumes))
    sign = ", compressive positive" if factor < 0 else ""
    if abs(factor + 1) < CLOSE:
        return "their sign is reversed"
    if abs(abs(factor) / volume - 1) < 2 * CLOSE:
        return f"they are a virial in eV, not divided by the volume{sign}"
    if abs(abs(factor) * volume - 1) < 2 * CLOSE:
        return f"they were a stress, divided by the volume once more{sign}"
    unit = _named(abs(factor), STRESS_UNITS)
    return f"they are in {unit}{sign}" if unit else f"their unit is unknown{sign}"


def _kinetic_term(compared: _Comparison) -> Iterator[Finding]:
    """Theirs − ours of the pressure, as a temperature."""
    temperatures, differences = [], []
    for k, labels in zip(compared.frames, compared.ours, strict=True):
        gap = -np.trace(compared.dataset.stress[k] - labels.stress) / 3
        n_atoms = int(compared.dataset.n_atoms[k])
        volume = abs(np.linalg.det(compared.dataset.cells[k]))
        temperatures.append(gap * volume / (n_atoms * BOLTZMANN))
        differences.append(gap)
    kelvin, gap = float(np.median(temperatures)), float(np.median(differences))
    if abs(gap) < SMALLEST_KINETIC:
        return
    kinetic = KINETIC_RANGE[0] < kelvin < KINETIC_RANGE[1]
    yield Finding(
        "error",
        "stress_kinetic" if kinetic else "stress_offset",
        f"Pressures are {gap / GPA:+.2f} GPa from the oracle's while shears agree: "
        + (
            f"the stress holds the kinetic term of about {kelvin:.0f} K; take it out."
            if kinetic
            else "a Pulay stress, or another cutoff."
        ),
        frames=tuple(compared.frames),
    )


def _deviator(stress: NDArray[np.float64]) -> NDArray[np.float64]:
    """Traceless part, (9,)."""
    return np.asarray((stress - np.eye(3) * np.trace(stress) / 3).ravel())


def _named(factor: float, units: dict[str, float]) -> str | None:
    near = [name for name, unit in units.items() if abs(factor / unit - 1) < CLOSE]
    return near[0] if near else None
