"""What the positions alone tell: contacts, molecules, and the unit of length."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols, covalent_radii
from numpy.typing import NDArray

from brine.datasets.auditing.findings import Finding, named, per_source
from brine.datasets.dataset import Dataset
from brine.errors import InputError
from brine.structures.molecules import LONGEST_OH
from brine.structures.neighbours import neighbour_pairs
from brine.structures.progress import Report, silent
from brine.units import BOLTZMANN

REACH = 4.0
"""Å: pairs farther apart are not looked at."""
STRETCH_RANGE = (0.9, 1.1)
"""Å: where the O–H stretch is nearly harmonic."""
OVERLAP = 0.4
"""Atoms nearer than this share of their covalent radii's sum overlap."""
BOHR_LIKE = (1.65, 2.15)
"""O–H bonds of 0.97 Å written in bohr are 1.83, within thermal motion."""
NANOMETRE_LIKE = (0.085, 0.110)
MOLECULAR = np.array([5, 6, 7, 14, 15, 16, 34])
"""Elements that bind H or O: with them an O need not be a water's."""


@dataclass(frozen=True, eq=False)
class Geometry:
    """Distances of every frame.

    Attributes
    ----------
    closest : list of dict
        Per frame, (Z₁, Z₂) with Z₁ ≤ Z₂ → shortest distance in Å below 4 Å.
    hydroxyl : (n_frames,) array, Å
        Median distance of H to its nearest O; NaN without any.
    broken : (n_frames,) array of int
        O atoms in aqueous frames that are not the nearest O of exactly two H
        within 1.25 Å; −1 where the frame is not aqueous.
    stretch : (n_frames, 5) array
        Sums over O–H bonds of 1, r, f, r², r·f, with the bond length r in Å and
        the force f in eV/Å on H along the bond away from O.
    bad_cell : dict of int to str
        Frames whose cell or positions admit no distances, and why.
    """

    closest: list[dict[tuple[int, int], float]]
    hydroxyl: NDArray[np.float64]
    broken: NDArray[np.int64]
    stretch: NDArray[np.float64]
    bad_cell: dict[int, str]


def measure_geometry(dataset: Dataset, *, report: Report = silent) -> Geometry:
    """Distances of every frame, in one pass over neighbour pairs."""
    n_frames = len(dataset)
    geometry = Geometry(
        closest=[{} for _ in range(n_frames)],
        hydroxyl=np.full(n_frames, np.nan),
        broken=np.full(n_frames, -1, dtype=np.int64),
        stretch=np.zeros((n_frames, 5)),
        bad_cell={},
    )
    for k in range(n_frames):
        rows = dataset.atoms_of(k)
        atoms = Atoms(
            dataset.numbers[rows],
            dataset.positions[rows],
            cell=dataset.cells[k],
            pbc=dataset.periodic[k],
        )
        forces = dataset.forces[rows] if dataset.has_forces[k] else None
        try:
            _measure_frame(geometry, k, atoms, forces)
        except InputError as error:
            geometry.bad_cell[k] = str(error)
        if k % 20 == 0:
            report("audit", {"done": k / n_frames, "frames": k})
    return geometry


def _measure_frame(
    geometry: Geometry, k: int, atoms: Atoms, forces: NDArray[np.float64] | None
) -> None:
    pairs = neighbour_pairs(atoms, REACH)
    numbers = atoms.numbers
    near, far = numbers[pairs.centre], numbers[pairs.neighbour]
    geometry.closest[k].update(_closest(near, far, pairs.distances))
    bonds = np.flatnonzero((near == 1) & (far == 8))
    if not bonds.size:
        return
    bonds = bonds[np.argsort(pairs.distances[bonds], kind="stable")]
    hydrogen, first = np.unique(pairs.centre[bonds], return_index=True)
    bonds = bonds[first]
    distances = pairs.distances[bonds]
    geometry.hydroxyl[k] = np.median(distances)
    if not np.isin(numbers, MOLECULAR).any():
        owners = pairs.neighbour[bonds][distances < LONGEST_OH]
        count = np.bincount(owners, minlength=len(atoms))[numbers == 8]
        geometry.broken[k] = np.sum(count != 2)
    if forces is not None:
        along = pairs.vectors[bonds] / distances[:, None]
        pull = -np.einsum("ki,ki->k", forces[hydrogen], along)
        used = (distances > STRETCH_RANGE[0]) & (distances < STRETCH_RANGE[1])
        r, f = distances[used], pull[used]
        if np.isfinite(f).all():
            geometry.stretch[k] = (
                len(r), r.sum(), f.sum(), (r * r).sum(), (r * f).sum()
            )  # fmt: skip


def _closest(
    near: NDArray[np.int64], far: NDArray[np.int64], distances: NDArray[np.float64]
) -> dict[tuple[int, int], float]:
    key = np.minimum(near, far) * 256 + np.maximum(near, far)
    order = np.argsort(distances, kind="stable")
    kinds, first = np.unique(key[order], return_index=True)
    shortest = distances[order][first]
    return {
        (int(z // 256), int(z % 256)): float(d)
        for z, d in zip(kinds, shortest, strict=True)
    }


def stretch_of(
    geometry: Geometry, frames: NDArray[np.int64]
) -> tuple[float, float] | None:
    """O–H force constant, eV/Å², and vibrational temperature, K, of some frames.

    The slope of the force on H along its bond against the bond length; None with
    fewer than 50 bonds or when their lengths hardly vary.
    """
    n, r, f, rr, rf = geometry.stretch[frames].sum(axis=0)
    if n < 50:
        return None
    variance = rr / n - (r / n) ** 2
    if variance < 1e-5:
        return None
    constant = -(rf / n - r * f / n**2) / variance
    return float(constant), float(constant * variance / BOLTZMANN)


def stretch_of_each(
    geometry: Geometry, frames: NDArray[np.int64]
) -> NDArray[np.float64]:
    """(n_frames,) array, eV/Å²: the O–H force constant in each frame, or NaN."""
    each = [stretch_of(geometry, frames[k : k + 1]) for k in range(len(frames))]
    return np.array([np.nan if value is None else value[0] for value in each])


def geometry_findings(dataset: Dataset, geometry: Geometry) -> Iterator[Finding]:
    """Cells without volume, overlapping atoms, broken waters, units of length."""
    for k, reason in geometry.bad_cell.items():
        source = dataset.source_names[dataset.source[k]]
        frame = int(dataset.source_frame[k])
        yield Finding(
            *("error", "bad_cell", f"frame {frame}: {reason}", source, (frame,))
        )
    yield from _length_unit(dataset, geometry)
    yield from _overlaps(dataset, geometry)
    yield from _broken(dataset, geometry)


def _length_unit(dataset: Dataset, geometry: Geometry) -> Iterator[Finding]:
    for low, high, unit in ((*BOHR_LIKE, "bohr"), (*NANOMETRE_LIKE, "nanometres")):
        wrong = (geometry.hydroxyl > low) & (geometry.hydroxyl < high)
        for source, frames in per_source(dataset, np.flatnonzero(wrong)):
            typical = float(np.median(geometry.hydroxyl[wrong]))
            yield Finding(
                "error",
                "length_unit",
                f"{named(frames)}: O–H bonds are {typical:.3g} long where 0.97 Å is "
                f"expected; the positions are in {unit}: convert them to Å.",
                source,
                frames,
            )


def _overlaps(dataset: Dataset, geometry: Geometry) -> Iterator[Finding]:
    worst: dict[int, tuple[float, str]] = {}
    for k, closest in enumerate(geometry.closest):
        for (a, b), distance in closest.items():
            share = distance / (covalent_radii[a] + covalent_radii[b])
            if share < OVERLAP and share < worst.get(k, (np.inf, ""))[0]:
                pair = f"{chemical_symbols[a]}–{chemical_symbols[b]}"
                worst[k] = share, f"{pair} at {distance:.2f} Å"
    for source, frames in per_source(dataset, worst):
        inside = [
            worst[k] for k in worst if dataset.source_names[dataset.source[k]] == source
        ]
        yield Finding(
            "error",
            "overlap",
            f"{named(frames)}: atoms lie on top of each other ({min(inside)[1]}); "
            "check the unit of positions and cell, or leave them out.",
            source,
            frames,
        )


def _broken(dataset: Dataset, geometry: Geometry) -> Iterator[Finding]:
    wrong_unit = (geometry.hydroxyl > BOHR_LIKE[0]) | (
        geometry.hydroxyl < NANOMETRE_LIKE[1]
    )
    broken = (geometry.broken > 0) & ~wrong_unit
    for source, frames in per_source(dataset, np.flatnonzero(broken)):
        yield Finding(
            "warning",
            "broken_molecules",
            f"{named(frames)}: some O do not hold exactly two H within "
            f"{LONGEST_OH} Å; the model will learn that water breaks.",
            source,
            frames,
        )
