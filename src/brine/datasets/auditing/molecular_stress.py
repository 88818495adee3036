"""Unit and sign of the stress, from the forces inside molecules.

Straining every atom differs from straining the centres of rigid molecules by exactly
V·σ − V·σ_mol = −Σ F_i ⊗ (r_i − R), over the atoms of each molecule and its centre R,
whatever gave the energy. The shear part of that sum, which no pressure shifts and stiff
bonds make large, is therefore found again in V·σ: times one at the median of some
frames, and times another number where unit or sign are wrong.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from brine.datasets.auditing.findings import Finding
from brine.datasets.dataset import Dataset
from brine.structures.molecules import whole_and_labels
from brine.units import BAR

GPA = 1e4 * BAR
"""eV/Å³"""
CERTAIN = 0.2
"""Standard error of the median beyond which nothing is said."""
ALONE, FEWEST = 20, 6
"""Frames of a file judged by itself, and of small files judged together: one frame of
a salt has 1 ± 0.5."""
SHEARLESS = 1e-8
"""Share below which the stress is a pressure only."""
RIGHT = (0.2, 5.0)
"""No unit is that near to another."""
ALIKE = 2.0
"""Factor within which a unit is recognised."""
ROBUST = 5.0
"""Robust standard deviations beyond which a single frame is wrong."""


def stress_shares(dataset: Dataset, frames: NDArray[np.int64]) -> NDArray[np.float64]:
    """How many times the shear of its forces each frame's stress is.

    One is right; NaN for a frame without molecules.
    """
    return _shares(*_shears(dataset, frames))


def molecular_stress_findings(
    dataset: Dataset, present: NDArray[np.int64]
) -> Iterator[Finding]:
    """Files, and single frames, whose stress is not that of their forces.

    Parameters
    ----------
    dataset : Dataset
    present : array of int
        Frames with finite stress in a cell, not compressed: there molecules push each
        other as hard as their bonds pull.
    """
    known = present[dataset.has_forces[present]]
    shears = _shears(dataset, known)
    with_molecules = np.isfinite(_shares(*shears))
    known, shears = known[with_molecules], shears[:, with_molecules]
    source = dataset.source[known]
    large = np.bincount(source) >= ALONE
    for index in np.flatnonzero(large):
        name, own = dataset.source_names[index], source == index
        yield from _judged(dataset, known[own], shears[:, own], name)
    rest = ~large[source] if len(source) else np.zeros(0, dtype=bool)
    yield from _judged(dataset, known[rest], shears[:, rest], None)


def _judged(
    dataset: Dataset,
    frames: NDArray[np.int64],
    shears: NDArray[np.float64],
    source: str | None,
) -> Iterator[Finding]:
    """Of one large file, or of all small ones together."""
    shares = _shares(*shears)
    if len(shares) < FEWEST:
        return
    middle = float(np.median(shares))
    spread = 1.4826 * float(np.median(np.abs(shares - middle)))
    if abs(middle) < SHEARLESS or spread > CERTAIN * abs(middle) * np.sqrt(len(shares)):
        return
    if not RIGHT[0] < middle < RIGHT[1]:
        volume = float(abs(np.linalg.det(dataset.cells[frames[0]])))
        yield Finding(
            "error",
            "stress_sign" if RIGHT[0] < -middle < RIGHT[1] else "stress_unit",
            f"the stress is {middle:.3g} times what the forces inside molecules give "
            f"(median of {len(frames)} frames): {_reading(middle, volume)}.",
            source,
        )
        return
    # What molecules do to each other is in the stress as well: of a frame whose bonds
    # give little shear it is the larger part.
    expected, given = shears
    between = np.median(_size(given - middle * expected))
    doubt = np.maximum(spread, between / _size(expected))
    odd = np.abs(shares - middle) > np.maximum(1.0, ROBUST * doubt)
    for frame, share in zip(frames[odd], shares[odd], strict=True):
        volume = float(abs(np.linalg.det(dataset.cells[frame])))
        number = int(dataset.source_frame[frame])
        name = dataset.source_names[dataset.source[frame]]
        yield Finding(
            "error",
            "stress_frame",
            f"frame {number}: the stress is {share:.3g} times what the forces inside "
            f"molecules give, in other frames about 1: {_reading(share, volume)}.",
            name,
            (number,),
        )


def _reading(share: float, volume: float) -> str:
    """What a factor between stress and forces means, and what to do."""
    units = {
        1 / GPA: "it is in GPa; convert it to eV/Å³",
        10 / GPA: "it is in kbar; convert it to eV/Å³",
        1 / BAR: "it is in bar; convert it to eV/Å³",
    }
    reversed_units = {-c: f"{what} and reverse its sign" for c, what in units.items()}
    meanings = {
        **units,
        **reversed_units,
        -1.0: "its sign is reversed; tension must be positive",
        -volume: "it is a virial; divide it by the volume and reverse its sign",
        -1 / volume: "what is called a virial holds the stress; rename it",
    }
    ratios = {what: share / factor for factor, what in meanings.items()}
    likely = {what: abs(np.log(r)) for what, r in ratios.items() if r > 0}
    what = min(likely, key=lambda what: likely[what])
    return what if likely[what] < np.log(ALIKE) else "check its unit"


def _shears(dataset: Dataset, frames: NDArray[np.int64]) -> NDArray[np.float64]:
    """(2, n_frames, 3, 3) array, eV: what forces inside molecules give, and V·σ.

    The first is NaN for a frame without molecules.
    """
    found = np.full((2, len(frames), 3, 3), np.nan)
    for number, frame in enumerate(map(int, frames)):
        volume = abs(np.linalg.det(dataset.cells[frame]))
        found[1, number] = _shear(volume * dataset.stress[frame])
        positions, labels = whole_and_labels(dataset.frame(frame))
        if labels.max(initial=0) + 1 == len(labels):
            continue
        size = np.bincount(labels)
        centres = [np.bincount(labels, x) / size for x in positions.T]
        arms = positions - np.stack(centres, axis=1)[labels]
        found[0, number] = _shear(-dataset.forces[dataset.atoms_of(frame)].T @ arms)
    return found


def _shares(
    expected: NDArray[np.float64], given: NDArray[np.float64]
) -> NDArray[np.float64]:
    product = np.sum(expected * given, axis=(1, 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = product / _size(expected) ** 2
    return np.where(np.isfinite(shares), shares, np.nan)


def _size(tensors: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.sqrt(np.sum(tensors**2, axis=(1, 2))))


def _shear(tensor: NDArray[np.float64]) -> NDArray[np.float64]:
    symmetric = (tensor + tensor.T) / 2
    return np.asarray(symmetric - np.trace(symmetric) / 3 * np.eye(3))
