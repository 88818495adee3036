"""Energies that do not fit: outliers, jumps, and offsets between files."""

import itertools
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from brine.datasets.auditing.classes import (
    composition_sets,
    similar_frames,
    volumes,
)
from brine.datasets.auditing.findings import Finding, named, per_source
from brine.datasets.dataset import Dataset

ENERGY_SIGMAS = 8.0
"""Robust standard deviations beyond which an energy is an outlier."""
IMPOSSIBLE = 1.0
"""eV/atom: an outlier beyond this is no structure of the liquid."""
OFFSET = 0.030
"""eV/atom: a jump below this may come from heat or strain."""
GRAVE = 0.150
"""eV/atom: a jump beyond this is another level of theory."""
STEEPEST = 0.125
"""eV/Å³ (20 GPa): energy does not change faster with volume than this."""
STIFFNESS = 20.0
"""eV/Å²: of an atom in a molecule, averaged over directions and elements."""
SLOPE = 0.03
"""eV/Å³ (5 GPa): the same for the averages of liquids under no great pressure."""
ALIKE = 1.15
"""Files whose median volumes differ by a larger factor are not compared."""
BIN = 0.02
"""Width in ln(volume) of the bins between which energy must be continuous."""


def outlier_energies(dataset: Dataset) -> NDArray[np.int64]:
    """Frames whose energy is far from that of frames of the same composition.

    Compositions whose files differ by an offset are left to `energy_findings`.
    """
    found = []
    for frames in composition_sets(dataset).values():
        known = frames[np.isfinite(dataset.energy[frames])]
        if any(True for _ in _offsets(dataset, "", known)):
            continue
        for similar in similar_frames(dataset, known):
            middle, spread = _middle_and_spread(dataset.energy[similar])
            # 1 meV/atom: labels that hardly vary are not judged by their noise.
            limit = ENERGY_SIGMAS * np.maximum(spread, 1e-3 * dataset.n_atoms[similar])
            found.append(similar[np.abs(dataset.energy[similar] - middle) > limit])
    return np.sort(np.concatenate(found)) if found else np.empty(0, dtype=np.int64)


def energy_findings(dataset: Dataset, outliers: NDArray[np.int64]) -> Iterator[Finding]:
    """Outliers, offsets between files, and jumps across volume."""
    yield from _outliers(dataset, outliers)
    usable = np.isfinite(dataset.energy)
    for name, members in composition_sets(dataset).items():
        offsets = list(_offsets(dataset, name, members[usable[members]]))
        yield from offsets
        if not offsets:
            smooth = members[usable[members] & ~np.isin(members, outliers)]
            yield from _jumps(dataset, name, smooth)


def _outliers(dataset: Dataset, outliers: NDArray[np.int64]) -> Iterator[Finding]:
    usual = np.full(len(dataset), np.nan)
    for members in composition_sets(dataset).values():
        if np.isfinite(dataset.energy[members]).any():
            usual[members] = np.nanmedian(dataset.energy[members])
    for source, frames in per_source(dataset, outliers):
        index = dataset.source_names.index(source)
        here = outliers[dataset.source[outliers] == index]
        excess = dataset.energy[here] - usual[here]
        largest = excess[int(np.argmax(np.abs(excess)))]
        per_atom = np.abs(excess / np.maximum(dataset.n_atoms[here], 1)).max()
        impossible = per_atom > IMPOSSIBLE
        yield Finding(
            "error" if impossible else "warning",
            "energy_outliers",
            f"{named(frames)}: energies up to {largest:+.1f} eV from the median of "
            "frames of the same composition"
            + (", as if in another unit; leave them out." if impossible else "."),
            source,
            frames,
        )


def _offsets(
    dataset: Dataset, name: str, frames: NDArray[np.int64]
) -> Iterator[Finding]:
    """Files whose energies differ at the same composition, more than volume allows."""
    per_atom = dataset.energy / np.maximum(dataset.n_atoms, 1)
    volume = volumes(dataset) / np.maximum(dataset.n_atoms, 1)
    parts = [frames[dataset.source[frames] == s] for s in np.unique(dataset.source)]
    parts = [part for part in parts if len(part) >= 3]
    for first, second in itertools.pairwise(parts):
        small, large = sorted([np.median(volume[first]), np.median(volume[second])])
        if large > ALIKE * small:
            continue
        change = 0.0 if np.isnan(large - small) else large - small
        gap, noise = _gap(per_atom[first], per_atom[second])
        heat = _heat(dataset, first) - _heat(dataset, second)
        if abs(gap) > SLOPE * change + abs(heat) + max(OFFSET, noise):
            one, other = (
                dataset.source_names[dataset.source[p[0]]] for p in (first, second)
            )
            yield Finding(
                "error" if abs(gap) > GRAVE else "warning",
                "energy_offset",
                f"{name}: energies in {other} lie {1e3 * gap:+.0f} meV/atom from those "
                f"in {one}; levels of theory or units differ: do not train on both.",
            )


def _jumps(dataset: Dataset, name: str, frames: NDArray[np.int64]) -> Iterator[Finding]:
    """Neighbouring volumes between which energy steps faster than matter can."""
    volume = volumes(dataset)
    frames = frames[np.isfinite(volume[frames])]
    if not frames.size:
        return
    per_atom = dataset.energy / np.maximum(dataset.n_atoms, 1)
    place = np.floor(np.log(volume[frames]) / BIN).astype(np.int64)
    bins = [frames[place == value] for value in np.unique(place)]
    bins = [b for b in bins if len(b) >= 3]
    for small, large in itertools.pairwise(bins):
        v_small, v_large = np.median(volume[small]), np.median(volume[large])
        if v_large > 1.1 * v_small:
            continue
        gap, noise = _gap(per_atom[small], per_atom[large])
        slope = STEEPEST * (v_large - v_small) / dataset.n_atoms[small[0]]
        if abs(gap) > slope + max(OFFSET, noise):
            yield Finding(
                "warning",
                "energy_jump",
                f"{name}: the energy steps by {1e3 * gap:+.0f} meV/atom between "
                f"{v_small:.0f} and {v_large:.0f} Å³; basis, grid or k-points changed "
                "with the cell, or the level of theory did.",
                frames=tuple(int(k) for k in np.concatenate([small, large])),
            )


def _heat(dataset: Dataset, frames: NDArray[np.int64]) -> float:
    """Energy per atom, eV, of harmonic motion under the forces of `frames`.

    Half the mean square force over a typical stiffness: it grows with temperature
    and strain as the energy does, about twice as fast in liquids.
    """
    known = frames[dataset.has_forces[frames]]
    squares = [np.square(dataset.forces[dataset.atoms_of(int(k))]) for k in known]
    if not squares:
        return 0.0
    return float(np.nanmedian([s.sum(axis=1).mean() for s in squares]) / STIFFNESS)


def _gap(
    first: NDArray[np.float64], second: NDArray[np.float64]
) -> tuple[float, float]:
    """Difference of medians and six times its standard error."""
    (a, spread_a), (b, spread_b) = _middle_and_spread(first), _middle_and_spread(second)
    error = np.hypot(spread_a / np.sqrt(len(first)), spread_b / np.sqrt(len(second)))
    return b - a, float(6 * 1.25 * error)


def _middle_and_spread(values: NDArray[np.float64]) -> tuple[float, float]:
    middle = float(np.median(values))
    return middle, float(1.4826 * np.median(np.abs(values - middle)))
