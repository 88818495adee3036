r"""Radial distribution functions of every pair of elements, with error bars.

.. math::
    g_{ab}(r) = \frac{\langle V\, n_{ab}(r) \rangle}{P_{ab}\, \Delta V(r)}

with :math:`n_{ab}(r)` the pairs in a bin, :math:`\Delta V(r)` the exact volume of its
spherical shell and :math:`P_{ab}` the number of pairs that could be there
(:math:`N_a N_b`, or :math:`N_a (N_a - 1)` ordered pairs of like atoms, less excluded
ones), so that an ideal gas gives one. Each frame is normalised with its own volume:
the box may fluctuate. Beyond half the smallest height of the box a sphere meets its
own images and g(r) is not defined.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from brine.errors import InputError
from brine.observables.estimate import Estimate
from brine.observables.pair_counts import Pair, PairCounts, count_pairs
from brine.observables.peaks import (
    Peak,
    Window,
    extremum,
    jackknife,
    maximum_window,
    minimum_window,
)
from brine.structures.progress import Report, silent
from brine.structures.trajectory import Trajectory


@dataclass(frozen=True)
class RadialDistribution:
    """g(r) of one pair of elements, of all frames and of each block of frames.

    Attributes
    ----------
    pair : (str, str)
        The centre and its neighbour.
    r : (n_bins,) array, Å
        Middles of the bins.
    g : (n_bins,) array
    error : (n_bins,) array
        Standard error over blocks; ``nan`` for a single frame.
    neighbours : (n_bins,) array
        Mean number of neighbours of a centre up to the outer edge of each bin.
    block_g, block_neighbours : (n_blocks, n_bins) arrays
        The same of successive blocks of frames, of equal weight.
    n_centres, n_neighbours : int
        Atoms of the two elements.
    """

    pair: Pair
    r: NDArray[np.float64]
    g: NDArray[np.float64]
    error: NDArray[np.float64]
    neighbours: NDArray[np.float64]
    block_g: NDArray[np.float64]
    block_neighbours: NDArray[np.float64]

    n_centres: int
    n_neighbours: int

    @property
    def bin_width(self) -> float:
        """Width of a bin, Å."""
        return float(2 * self.r[0])

    @cached_property
    def first_peak(self) -> Peak:
        """Position (Å) and height of the first maximum, each an `Estimate`.

        Raises
        ------
        InputError
            g(r) has no maximum above one.
        """
        return self._extremum(maximum_window(self.r, self.g, self._noise))

    @cached_property
    def first_minimum(self) -> Peak:
        """Position (Å) and depth of the minimum after the first maximum.

        Raises
        ------
        InputError
            g(r) has no maximum, or does not rise again after it.
        """
        return self._extremum(minimum_window(self.r, self.g, self._noise))

    @property
    def _noise(self) -> float:
        """Typical error of a bin where there are pairs, zero if unknown."""
        known = self.error[np.isfinite(self.error) & (self.g > 0)]
        return float(np.median(known)) if known.size else 0.0

    def _extremum(self, window: Window) -> Peak:
        values = extremum(self.r, self.g, window)
        errors = jackknife(
            lambda g: np.array(extremum(self.r, g, window)), self.block_g
        )
        position, height = map(Estimate, values, errors.tolist())
        return Peak(position, height)

    def reversed(self) -> "RadialDistribution":
        """The same g(r) seen from the neighbour."""
        ratio = self.n_centres / self.n_neighbours
        return replace(
            self,
            pair=(self.pair[1], self.pair[0]),
            neighbours=self.neighbours * ratio,
            block_neighbours=self.block_neighbours * ratio,
            n_centres=self.n_neighbours,
            n_neighbours=self.n_centres,
        )

    def to_json(self) -> dict[str, object]:
        """Curves as lists, with the first shell where there is one."""
        return {
            "pair": list(self.pair),
            "r_A": self.r.tolist(),
            "g": self.g.tolist(),
            "error": [e if np.isfinite(e) else None for e in self.error.tolist()],
            "first_peak": _peak_json(lambda: self.first_peak),
            "first_minimum": _peak_json(lambda: self.first_minimum),
        }


def radial_distribution(
    trajectory: Trajectory,
    pair: Pair,
    *,
    r_max: float | None = None,
    n_bins: int | None = None,
    molecules: NDArray[np.integer] | None = None,
) -> RadialDistribution:
    """g(r) of one pair of elements.

    Parameters
    ----------
    trajectory : Trajectory
    pair : (str, str)
        Symbols of the centre and of its neighbour.
    r_max : float or None, Å
        Half the smallest height of the smallest box if None.
    n_bins : int or None
        Bins of about 0.02 Å if None.
    molecules : (n_atoms,) array of int or None
        Pairs of atoms with one label are left out: give `molecule_labels` for the
        intermolecular g(r).

    Raises
    ------
    InputError
        An element is absent or has one atom only, the box is not periodic, or
        `r_max` is beyond half a height of the box.
    """
    wanted = radial_distributions(
        trajectory, pairs=[pair], r_max=r_max, n_bins=n_bins, molecules=molecules
    )
    return wanted[pair]


def radial_distributions(
    trajectory: Trajectory,
    *,
    pairs: list[Pair] | None = None,
    r_max: float | None = None,
    n_bins: int | None = None,
    molecules: NDArray[np.integer] | None = None,
    report: Report = silent,
) -> dict[Pair, RadialDistribution]:
    """g(r) of several pairs of elements in one pass over the frames.

    Parameters
    ----------
    trajectory : Trajectory
    pairs : list of (str, str) or None
        None: every pair that can be formed, ordered by atomic number.
    r_max : float or None, Å
        Half the smallest height of the smallest box if None.
    n_bins : int or None
        Bins of about 0.02 Å if None.
    molecules : (n_atoms,) array of int or None
        Pairs of atoms with one label are left out.
    report : callable

    Raises
    ------
    InputError
        An element is absent or has one atom only, the box is not periodic, or
        `r_max` is beyond half a height of the box.
    """
    counts = count_pairs(
        trajectory,
        pairs=pairs,
        r_max=r_max,
        n_bins=n_bins,
        molecules=molecules,
        report=report,
    )
    return {pair: _distribution(counts, pair) for pair in counts.pairs}


def coordination_number(
    rdf: RadialDistribution, *, cutoff: float | None = None
) -> Estimate:
    """Mean number of neighbours of a centre within a distance.

    The error contains that of the first minimum where it is the cutoff.

    Parameters
    ----------
    rdf : RadialDistribution
    cutoff : float or None, Å
        The first minimum of g(r) if None.

    Raises
    ------
    InputError
        The cutoff is outside g(r), or g(r) has no first minimum.
    """
    edges = np.concatenate([[0.0], rdf.r + 0.5 * rdf.bin_width])
    if cutoff is not None and not 0 < cutoff <= edges[-1] * (1 + 1e-12):
        raise InputError(
            f"`cutoff` must lie in (0, {edges[-1]:.3f}] Å, the range of g(r), "
            f"got {cutoff}."
        )
    window = None if cutoff else minimum_window(rdf.r, rdf.g, rdf._noise)

    def within(curves: NDArray[np.float64]) -> NDArray[np.float64]:
        g, neighbours = curves
        distance = cutoff if window is None else extremum(rdf.r, g, window)[0]
        return np.interp([distance], edges, np.concatenate([[0.0], neighbours]))

    blocks = np.stack([rdf.block_g, rdf.block_neighbours], axis=1)
    value = within(np.stack([rdf.g, rdf.neighbours]))
    return Estimate(float(value[0]), float(jackknife(within, blocks)[0]))


def _distribution(counts: PairCounts, pair: Pair) -> RadialDistribution:
    edges = np.linspace(0, counts.r_max, counts.n_bins + 1)
    shells = 4 / 3 * np.pi * np.diff(edges**3)
    density, neighbours = counts.of(pair)
    g = density / shells
    n_blocks = len(g)
    error = (
        g.std(axis=0, ddof=1) / np.sqrt(n_blocks)
        if n_blocks > 1
        else np.full(counts.n_bins, np.nan)
    )
    running = np.cumsum(neighbours, axis=1)
    return RadialDistribution(
        pair=pair,
        r=0.5 * (edges[1:] + edges[:-1]),
        g=g.mean(axis=0),
        error=error,
        neighbours=running.mean(axis=0),
        block_g=g,
        block_neighbours=running,
        n_centres=counts.number_of(pair[0]),
        n_neighbours=counts.number_of(pair[1]),
    )


def _peak_json(find: Callable[[], Peak]) -> dict[str, object] | None:
    try:
        peak = find()
    except InputError:
        return None
    return {"position_A": peak.position.to_json(), "height": peak.height.to_json()}
