"""Numbers of pairs of atoms by distance, summed over blocks of frames."""

from dataclasses import dataclass

import numpy as np
from ase.data import atomic_numbers, chemical_symbols
from numpy.typing import NDArray

from brine.errors import InputError, ShapeError
from brine.native import _native
from brine.observables.boxes import cell_volumes, smallest_height
from brine.structures.progress import Report, silent
from brine.structures.trajectory import Trajectory

Pair = tuple[str, str]

BIN_WIDTH = 0.02
"""Å"""
MOST_BLOCKS = 10
CHUNK = 8_000_000
"""Counts held at once"""


@dataclass(frozen=True)
class PairCounts:
    """What g(r) is made of, for successive blocks of frames.

    Attributes
    ----------
    pairs : tuple of (str, str)
    elements : tuple of int
        Atomic numbers, in the order of the axes below.
    r_max : float, Å
    n_bins : int
    n_atoms : (n_elements,) array of int
    possible : (n_elements, n_elements) array
        Ordered pairs that could be found.
    counts : (n_blocks, n_elements, n_elements, n_bins) array
        Ordered pairs per frame.
    volume_counts : (n_blocks, n_elements, n_elements, n_bins) array, Å³
        Ordered pairs times the volume of their frame, per frame.
    """

    pairs: tuple[Pair, ...]
    elements: tuple[int, ...]
    r_max: float
    n_bins: int
    n_atoms: NDArray[np.int64]
    possible: NDArray[np.float64]
    counts: NDArray[np.float64]
    volume_counts: NDArray[np.float64]

    def number_of(self, symbol: str) -> int:
        """Atoms of an element."""
        return int(self.n_atoms[self.elements.index(atomic_numbers[symbol])])

    def of(self, pair: Pair) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """g(r) times shell volume (Å³), and neighbours of a centre, per bin.

        Parameters
        ----------
        pair : (str, str)

        Returns
        -------
        density, neighbours : (n_blocks, n_bins) arrays
        """
        a, b = (self.elements.index(atomic_numbers[symbol]) for symbol in pair)
        return (
            self.volume_counts[:, a, b] / self.possible[a, b],
            self.counts[:, a, b] / self.n_atoms[a],
        )


def count_pairs(
    trajectory: Trajectory,
    *,
    pairs: list[Pair] | None,
    r_max: float | None,
    n_bins: int | None,
    molecules: NDArray[np.integer] | None,
    report: Report = silent,
) -> PairCounts:
    """Pairs by distance; the parameters are those of `radial_distributions`."""
    if not len(trajectory):
        raise InputError("the trajectory must have at least one frame, got none.")
    elements = _elements(trajectory, pairs)
    selected = np.flatnonzero(np.isin(trajectory.numbers, elements))
    types = np.searchsorted(elements, trajectory.numbers[selected]).astype(np.int32)
    groups = _groups(trajectory, molecules)[selected]
    r_max, n_bins = _range(trajectory, r_max, n_bins)
    possible = _possible(types, groups, len(elements))
    counts, volume_counts = _sums(
        trajectory, (selected, types, groups), (len(elements), r_max, n_bins), report
    )
    return PairCounts(
        pairs=_pairs(elements, pairs, possible),
        elements=tuple(elements.tolist()),
        r_max=r_max,
        n_bins=n_bins,
        n_atoms=np.bincount(types, minlength=len(elements)),
        possible=possible,
        counts=counts,
        volume_counts=volume_counts,
    )


def _elements(trajectory: Trajectory, pairs: list[Pair] | None) -> NDArray[np.int64]:
    present = np.unique(trajectory.numbers)
    if pairs is None:
        return present
    wanted = [symbol for pair in pairs for symbol in pair]
    for symbol in wanted:
        if atomic_numbers.get(symbol, -1) not in present:
            names = ", ".join(chemical_symbols[z] for z in present)
            raise InputError(
                f"`pair` must name elements of the trajectory ({names}), "
                f"got {symbol!r}."
            )
    return np.unique([atomic_numbers[symbol] for symbol in wanted])


def _groups(
    trajectory: Trajectory, molecules: NDArray[np.integer] | None
) -> NDArray[np.int32]:
    n_atoms = len(trajectory.numbers)
    if molecules is None:
        return np.arange(n_atoms, dtype=np.int32)
    if np.shape(molecules) != (n_atoms,):
        raise ShapeError(
            f"`molecules` must have one label per atom, shape ({n_atoms},), "
            f"got {np.shape(molecules)}."
        )
    return np.ascontiguousarray(molecules, dtype=np.int32)


def _range(
    trajectory: Trajectory, r_max: float | None, n_bins: int | None
) -> tuple[float, int]:
    limit = 0.5 * smallest_height(trajectory.cells)
    if r_max is None:
        r_max = limit
    if not 0 < r_max <= limit * (1 + 1e-9):
        raise InputError(
            f"`r_max` must be positive and at most {limit:.4f} Å, half the smallest "
            f"height of the box, got {r_max}; g(r) is not defined beyond."
        )
    if n_bins is None:
        n_bins = max(1, round(r_max / BIN_WIDTH))
    if n_bins < 1:
        raise InputError(f"`n_bins` must be at least 1, got {n_bins}.")
    return min(float(r_max), limit), int(n_bins)


def _possible(
    types: NDArray[np.int32], groups: NDArray[np.int32], n_types: int
) -> NDArray[np.float64]:
    """Ordered pairs of distinct groups for every pair of types."""
    n_atoms = np.bincount(types, minlength=n_types).astype(np.float64)
    labels, index = np.unique(groups, return_inverse=True)
    composition = np.zeros((len(labels), n_types))
    np.add.at(composition, (index, types), 1)
    return np.outer(n_atoms, n_atoms) - composition.T @ composition


def _pairs(
    elements: NDArray[np.int64],
    pairs: list[Pair] | None,
    possible: NDArray[np.float64],
) -> tuple[Pair, ...]:
    symbols = [chemical_symbols[z] for z in elements]
    if pairs is None:
        n = len(symbols)
        return tuple(
            (symbols[a], symbols[b])
            for a in range(n)
            for b in range(a, n)
            if possible[a, b] > 0
        )
    for a, b in pairs:
        if possible[symbols.index(a), symbols.index(b)] == 0:
            raise InputError(
                f"g(r) of {a}-{b} must have at least one pair of atoms, got none."
            )
    return tuple(pairs)


def _sums(
    trajectory: Trajectory,
    atoms: tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]],
    shape: tuple[int, float, int],
    report: Report,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean counts, and counts times volume, of each block of frames."""
    selected, types, groups = atoms
    n_types, r_max, n_bins = shape
    n_frames = len(trajectory)
    every = len(selected) == len(trajectory.numbers)
    volumes = cell_volumes(trajectory.cells)
    blocks = np.array_split(np.arange(n_frames), min(MOST_BLOCKS, n_frames))
    step = max(1, CHUNK // (n_types**2 * n_bins))
    counts = np.zeros((len(blocks), n_types, n_types, n_bins))
    volume_counts = np.zeros_like(counts)
    for k, block in enumerate(blocks):
        for first in range(block[0], block[-1] + 1, step):
            frames = slice(first, min(first + step, int(block[-1]) + 1))
            positions = trajectory.positions[frames]
            if not every:
                positions = positions[:, selected]
            found = _native.radial_counts(
                np.ascontiguousarray(positions, dtype=np.float64),
                np.ascontiguousarray(trajectory.cells[frames], dtype=np.float64),
                types,
                groups,
                n_types,
                r_max,
                n_bins,
            )
            counts[k] += found.sum(axis=0, dtype=np.float64)
            volume_counts[k] += np.tensordot(volumes[frames], found, axes=1)
            report("g(r)", {"done": frames.stop / n_frames})
        counts[k] /= len(block)
        volume_counts[k] /= len(block)
    # An unordered pair was counted once, in either order of its elements.
    return counts + counts.swapaxes(1, 2), volume_counts + volume_counts.swapaxes(1, 2)
