"""Dimer scans: two atoms brought together until they must repel.

No training frame shows two atoms 0.6 Å apart, and a model can invent a well there;
molecular dynamics finds it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers, chemical_symbols, covalent_radii
from numpy.typing import NDArray

from brine.datasets.dataset import Dataset
from brine.potentials.potential import Potential
from brine.settings.validation import ValidationSettings
from brine.structures.neighbours import neighbour_pairs
from brine.validation.held_out_gates import not_run
from brine.validation.verdict import Gate, Status

SCAN_DISTANCES = np.arange(0.50, 4.001, 0.02)
"""Å, where pairs are evaluated"""

Pair = tuple[str, str]


@dataclass(frozen=True, eq=False)
class DimerScan:
    """Energy of two isolated atoms against their distance.

    Attributes
    ----------
    pair : tuple of two symbols
    distances : (n_points,) array, Å
        Ascending.
    energies : (n_points,) array, eV
        Against the largest distance.
    supported : float, Å
        Shortest distance of this pair in the data; repulsion is asked for inside.
    """

    pair: Pair
    distances: NDArray[np.float64]
    energies: NDArray[np.float64]
    supported: float

    @property
    def inside(self) -> NDArray[np.float64]:
        """Energies from `supported` inwards, the closest last."""
        return self.energies[self.distances <= self.supported][::-1]

    @property
    def well(self) -> float:
        """Deepest fall of the energy on the way in, eV; infinite if not finite."""
        inwards = self.inside
        if not np.isfinite(inwards).all():
            return float("inf")
        highest = np.maximum.accumulate(inwards)
        return float(np.max(highest - inwards, initial=0.0))

    @property
    def wall(self) -> float:
        """Energy at the shortest distance above that at `supported`, eV."""
        inwards = self.inside
        return float(inwards[-1] - inwards[0]) if inwards.size else float("nan")


def dimer_scan(
    potential: Potential,
    pair: Pair,
    *,
    distances: NDArray[np.float64] = SCAN_DISTANCES,
    supported: float | None = None,
) -> DimerScan:
    """Energy of two isolated atoms of `potential` against their distance.

    Parameters
    ----------
    potential : Potential
    pair : tuple of two symbols
    distances : (n_points,) array, Å
        Ascending.
    supported : float, Å, optional
        Shortest distance of the pair in the data; without it, the sum of the
        covalent radii.
    """
    energies = [
        potential.evaluate(Atoms("".join(pair), [(0, 0, 0), (0, 0, r)])).energy
        for r in distances
    ]
    if supported is None:
        supported = float(sum(covalent_radii[atomic_numbers[s]] for s in pair))
    return DimerScan(
        pair=pair,
        distances=np.asarray(distances, dtype=np.float64),
        energies=np.asarray(energies) - energies[-1],
        supported=supported,
    )


def dimer_scans(
    potential: Potential, *, supported: Mapping[Pair, float] | None = None
) -> tuple[DimerScan, ...]:
    """Scans of every pair of elements that `potential` knows.

    Parameters
    ----------
    potential : Potential
    supported : mapping of pair to float, Å, optional
        As `shortest_distances` gives; pairs in either order.
    """
    known = supported or {}
    symbols = [chemical_symbols[z] for z in potential.elements]
    return tuple(
        dimer_scan(potential, pair, supported=known.get(pair, known.get(pair[::-1])))
        for pair in combinations_with_replacement(symbols, 2)
    )


def shortest_distances(dataset: Dataset, *, cutoff: float = 4.0) -> dict[Pair, float]:
    """Shortest distance of each pair of elements, Å; pairs beyond `cutoff` are absent.

    Parameters
    ----------
    dataset : Dataset
    cutoff : float, Å
    """
    shortest: dict[Pair, float] = {}
    for atoms in dataset.frames():
        pairs = neighbour_pairs(atoms, cutoff)
        low = np.minimum(atoms.numbers[pairs.centre], atoms.numbers[pairs.neighbour])
        high = np.maximum(atoms.numbers[pairs.centre], atoms.numbers[pairs.neighbour])
        code = low * 1000 + high
        for value in np.unique(code):
            pair = chemical_symbols[value // 1000], chemical_symbols[value % 1000]
            found = float(pairs.distances[code == value].min())
            shortest[pair] = min(found, shortest.get(pair, found))
    return shortest


def short_range_gate(
    scans: Sequence[DimerScan] | None, settings: ValidationSettings
) -> Gate:
    """Whether every pair repels inside the shortest distance in the data."""
    name = "short_range"
    if not scans:
        return not_run(name, "no dimer was scanned")
    limit = settings.short_range_well_eV
    worst = max(scans, key=lambda scan: scan.well)
    soft = [scan for scan in scans if not scan.wall > 1.0]
    label = "–".join(worst.pair)
    if worst.well > limit:
        status = Status.FAIL
        reason = (
            f"The energy of {label} falls by {worst.well:.3g} eV on the way in from "
            f"{worst.supported:.2f} Å: a well that no label supports, where atoms "
            "can clump; train against a repulsive baseline and add shrunken frames."
        )
    elif soft:
        status = Status.FAIL
        reason = (
            f"{'–'.join(soft[0].pair)} has no repulsive wall: "
            f"{soft[0].wall:.3g} eV at {soft[0].distances[0]:.2f} Å."
        )
    else:
        status = Status.PASS
        reason = (
            f"Every one of {len(scans)} pairs repels inside the shortest distance in "
            f"the data, down to {worst.distances[0]:.2f} Å."
        )
    return Gate(
        name=name,
        status=status,
        value=worst.well,
        error=0.0,
        reference=0.0,
        tolerance=limit,
        unit="eV",
        reason=reason,
        details={f"well_{'_'.join(s.pair)}_eV": s.well for s in scans},
    )
