"""What a fit is told about bonds longer, or shorter, than any in the data.

A bond that a label never shows broken still has to hold: in a hydrogen-bonded liquid a
model that is free beyond the longest bond sooner or later parks a proton between two
oxygens, and one that is free below the shortest lets it fall in. There the fit is asked
to pull, or push, as hard as the longest, or shortest, bonds of the data do, and not
many times harder: a bond between hard walls gains energy at every blow, as time steps
are too long for them. Only bonds of terminal atoms, such as the hydrogens of water, are
changed.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from brine.datasets import Dataset
from brine.potentials import Descriptor
from brine.structures import scale_molecules
from brine.structures.molecules import bonded_pairs
from brine.training.closest_approach import ClosestApproach
from brine.training.demands import Demands
from brine.training.nuclear_repulsion import NuclearRepulsion
from brine.training.short_range import FRAMES, PUSHES, SLACK

EDGE_SHARE = 0.05
"""Of all bonds, the longest or shortest: a line through their forces tells what is
asked for, the force at its very end."""
STRETCH, SQUEEZE = 1.35, 0.75
"""Times the longest bond, and the shortest: up to there it is asked for."""
CEILINGS = {"stretched": (1.5, 2.5), "squeezed": (1.5, 6.0)}
"""Times as hard as at the end of the data that a bond may pull or push, there and at
the other end of the range."""
CROWDED = 0.88, 1.0
"""Distances between molecules, as multiples, where bonds are stretched: a proton is
lost where another molecule comes near."""
CONE = 0.3
"""How far the new direction of a bond strays from the old, radians."""

Kind = tuple[int, int]
"""Atomic numbers: of a terminal atom, and of the one that it is bonded to."""


@dataclass(frozen=True)
class _Edge:
    """Beyond the longest bonds of a kind, or below the shortest.

    Lengths (Å) between which a force along the bond (eV/Å) is asked for.
    """

    lengths: tuple[float, float]
    force: float


@dataclass(frozen=True, eq=False)
class _TerminalBonds:
    """Terminal atoms, what they are bonded to, and the vector to them."""

    atom: NDArray[np.int32]
    partner: NDArray[np.int32]
    vector: NDArray[np.float64]


def stretched_bond_demands(
    dataset: Dataset,
    descriptor: Descriptor,
    closest: ClosestApproach,
    *,
    force_scale: float,
    squeezed: bool,
) -> Iterator[Demands]:
    """What is asked for beyond the longest bonds, structure by structure.

    Parameters
    ----------
    dataset : Dataset
        Frames whose bonds are changed; those with forces tell how hard bonds pull.
    descriptor : Descriptor
    closest : ClosestApproach
        ZBL ends at it.
    force_scale : float, eV/Å
        Scatter of the labels.
    squeezed : bool
        Ask below the shortest bonds instead.
    """
    rng = np.random.default_rng(0)
    baseline = NuclearRepulsion(descriptor, closest.of_atoms)
    for kind, edge in _edges(dataset, squeezed):
        margin = SLACK * force_scale + abs(edge.force)
        for _ in range(FRAMES):
            atoms = dataset.frame(int(rng.integers(len(dataset))))
            if not squeezed and atoms.pbc.all():
                atoms = scale_molecules(atoms, rng.uniform(*CROWDED))
            moved, direction, lengths = _change(atoms, kind, edge, rng)
            back = 1 if squeezed else -1
            directions = np.zeros((len(moved), len(atoms), 3))
            directions[np.arange(len(moved)), moved] = back * direction
            known = np.tensordot(directions, baseline.forces(atoms), 2)
            needed = np.full(len(moved), back * edge.force)
            ceilings = needed * _ceiling(edge, lengths, squeezed)
            yield Demands(
                atoms,
                directions,
                needed - known,
                # Where the baseline alone is stronger, nothing may be added.
                np.maximum(ceilings, known + needed) - known,
                np.full(len(moved), margin),
            )


def _edges(dataset: Dataset, squeezed: bool) -> Iterator[tuple[Kind, _Edge]]:
    lengths: dict[Kind, list[NDArray[np.float64]]] = {}
    pulls: dict[Kind, list[NDArray[np.float64]]] = {}
    for index in np.flatnonzero(dataset.has_forces):
        atoms = dataset.frame(int(index))
        forces = dataset.forces[dataset.atoms_of(int(index))]
        found = _terminal_bonds(atoms)
        length = np.linalg.norm(found.vector, axis=1)
        pull = np.einsum("nc,nc->n", forces[found.atom], found.vector) / length
        for kind, chosen in _kinds(atoms, found):
            lengths.setdefault(kind, []).append(length[chosen])
            pulls.setdefault(kind, []).append(pull[chosen])
    for kind, parts in sorted(lengths.items()):
        length, pull = np.concatenate(parts), np.concatenate(pulls[kind])
        n_edge = min(len(length), max(2, round(EDGE_SHARE * len(length))))
        order = np.argsort(length)
        if squeezed:
            chosen, end = order[:n_edge], float(length.min())
            span = SQUEEZE * end, end
        else:
            chosen, end = order[-n_edge:], float(length.max())
            span = end, STRETCH * end
        edge = _Edge(span, _on_line(length[chosen], pull[chosen], end))
        # Away from the middle of the data, or there is nothing to hold.
        if (edge.force > 0) == squeezed:
            yield kind, edge


def _on_line(x: NDArray[np.float64], y: NDArray[np.float64], at: float) -> float:
    """The least-squares line through points, at one place."""
    offset = x - x.mean()
    slope = offset @ y / max(float(offset @ offset), 1e-12)
    return float(y.mean() + slope * (at - x.mean()))


def _change(
    atoms: Atoms, kind: Kind, edge: _Edge, rng: np.random.Generator
) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.float64]]:
    """Change some bonds in place; atoms that moved, directions and lengths of bonds."""
    found = _terminal_bonds(atoms)
    fits = dict(_kinds(atoms, found)).get(kind, np.empty(0, dtype=np.int64))
    # One atom of a partner, in random order.
    fits = rng.permutation(fits)
    _, first = np.unique(found.partner[fits], return_index=True)
    fits = rng.permutation(fits[first])[:PUSHES]
    vector = found.vector[fits]
    direction = vector / np.linalg.norm(vector, axis=1, keepdims=True)
    direction += CONE * rng.normal(size=direction.shape)
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    length = rng.uniform(*edge.lengths, size=(len(fits), 1))
    atoms.positions[found.atom[fits]] += length * direction - vector
    return found.atom[fits], direction, length[:, 0]


def _ceiling(
    edge: _Edge, lengths: NDArray[np.float64], squeezed: bool
) -> NDArray[np.float64]:
    """How many times the force of the edge is the most."""
    near, far = CEILINGS["squeezed" if squeezed else "stretched"]
    shortest, longest = edge.lengths
    way = (lengths - shortest) / (longest - shortest)
    return near + (far - near) * (1 - way if squeezed else way)


def _terminal_bonds(atoms: Atoms) -> _TerminalBonds:
    pairs = bonded_pairs(atoms)
    terminal = np.bincount(pairs.centre, minlength=len(atoms))[pairs.centre] == 1
    return _TerminalBonds(
        pairs.centre[terminal], pairs.neighbour[terminal], -pairs.vectors[terminal]
    )


def _kinds(
    atoms: Atoms, found: _TerminalBonds
) -> Iterator[tuple[Kind, NDArray[np.int64]]]:
    """Each kind of bond, and which of `found` are of it."""
    numbers = np.stack([atoms.numbers[found.atom], atoms.numbers[found.partner]], 1)
    for z, a in np.unique(numbers, axis=0):
        yield (int(z), int(a)), np.flatnonzero((numbers == (z, a)).all(1))
