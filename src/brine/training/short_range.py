"""What a fit is told about distances that no label reaches.

Labels of a liquid say nothing of two oxygens at 2 Å, or of two hydrogens of different
waters at 1.4 Å, and a model that is free there finds a well sooner or later. Below the
closest approach in the data the fit is asked to follow bare ZBL: on isolated pairs, and
where molecules of a training frame are pushed against each other, so that the many-body
terms cannot undo the wall.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from brine.datasets import Dataset
from brine.potentials import Descriptor
from brine.structures import molecule_labels
from brine.structures.neighbours import neighbour_pairs
from brine.training.closest_approach import ClosestApproach
from brine.training.demands import Demands
from brine.training.nuclear_repulsion import NuclearRepulsion

NEAREST, REACH = 0.65, 0.95
"""Shares of the closest approach between which ZBL is asked for."""
SLACK = 3.0
"""How much less a pushed molecule weighs than a force on an atom, or a lone pair."""
FRAMES, MOST_FRAMES = 12, 48
"""Frames with pushed molecules for each pair of elements; more where a frame holds
few of them, such as ions."""
PUSHES = 30
"""Molecules pushed in each of them, if it holds as many."""


def short_range_demands(
    dataset: Dataset,
    descriptor: Descriptor,
    closest: ClosestApproach,
    *,
    force_scale: float,
) -> Iterator[Demands]:
    """What is asked for below the closest approach, structure by structure.

    Parameters
    ----------
    dataset : Dataset
        Frames whose molecules are pushed together.
    descriptor : Descriptor
    closest : ClosestApproach
    force_scale : float, eV/Å
        Scatter of the labels.
    """
    rng = np.random.default_rng(0)
    everywhere = np.full_like(closest.of_atoms, descriptor.settings.two_body_cutoff_A)
    walls = (
        NuclearRepulsion(descriptor, closest.of_atoms),
        NuclearRepulsion(descriptor, everywhere),
    )
    for z in range(len(descriptor.elements)):
        for a in range(z, len(descriptor.elements)):
            pair, shortest = (z, a), closest.of_atoms[z, a]
            for distance in np.arange(0.3, REACH * shortest, 0.05):
                yield _isolated_pair(descriptor, walls, pair, distance, force_scale)
            distances = NEAREST * shortest, REACH * closest.of_molecules[z, a]
            n_pushed = 0
            for n_frames in range(MOST_FRAMES):
                if n_frames >= FRAMES and n_pushed >= FRAMES * PUSHES // 2:
                    break
                atoms = dataset.frame(int(rng.integers(len(dataset))))
                pushes = _push(atoms, descriptor, pair, distances, rng)
                if pushes:
                    n_pushed += len(pushes)
                    directions = np.array(
                        [push.molecule[:, None] * push.away for push in pushes]
                    )
                    slack = SLACK * force_scale
                    yield _bare_repulsion(atoms, directions, walls, slack, 1.0)


def _isolated_pair(
    descriptor: Descriptor,
    walls: tuple[NuclearRepulsion, NuclearRepulsion],
    pair: tuple[int, int],
    distance: float,
    force_scale: float,
) -> Demands:
    numbers = [descriptor.elements[k] for k in pair]
    atoms = Atoms(numbers, positions=[[0, 0, 0], [distance, 0, 0]])
    directions = np.array([[[0, 0, 0], [1, 0, 0]]], dtype=np.float64)
    return _bare_repulsion(atoms, directions, walls, force_scale, SLACK)


def _bare_repulsion(
    atoms: Atoms,
    directions: NDArray[np.float64],
    walls: tuple[NuclearRepulsion, NuclearRepulsion],
    slack: float,
    strictness: float,
) -> Demands:
    """Forces of bare ZBL along `directions`; `walls` are the baseline and bare ZBL."""
    known, bare = (np.tensordot(directions, w.forces(atoms), 2) for w in walls)
    return Demands(atoms, directions, bare - known, slack + np.abs(bare) / strictness)


@dataclass(frozen=True, eq=False)
class _Push:
    """A molecule that was moved, and the direction back."""

    molecule: NDArray[np.bool_]
    away: NDArray[np.float64]


def _push(
    atoms: Atoms,
    descriptor: Descriptor,
    pair: tuple[int, int],
    distances: tuple[float, float],
    rng: np.random.Generator,
) -> list[_Push]:
    """Move some molecules until a pair of theirs and another's atoms is too close.

    The pair's new distance lies anywhere between the two in `distances` (Å). The
    atoms are changed in place. No molecule takes part in two pushes.
    """
    first, second = (descriptor.elements[k] for k in pair)
    labels = molecule_labels(atoms)
    pairs = neighbour_pairs(atoms, descriptor.settings.two_body_cutoff_A)
    fits = np.flatnonzero(
        (atoms.numbers[pairs.centre] == first)
        & (atoms.numbers[pairs.neighbour] == second)
        & (labels[pairs.centre] != labels[pairs.neighbour])
    )
    # The nearest partner of every atom, in random order of the atoms.
    fits = fits[np.argsort(pairs.distances[fits], kind="stable")]
    _, nearest = np.unique(pairs.centre[fits], return_index=True)
    pushes: list[_Push] = []
    taken: set[int] = set()
    for k in rng.permutation(fits[nearest]):
        both = {int(labels[pairs.centre[k]]), int(labels[pairs.neighbour[k]])}
        if len(pushes) == PUSHES or both & taken:
            continue
        taken |= both
        toward = pairs.vectors[k] / pairs.distances[k]
        molecule = labels == labels[pairs.centre[k]]
        distance = rng.uniform(*distances)
        atoms.positions[molecule] += (pairs.distances[k] - distance) * toward
        pushes.append(_Push(molecule, -toward))
    return pushes
