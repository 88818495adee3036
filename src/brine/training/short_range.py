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
"""Shares of the closest approach to which molecules are pushed."""
SLACK = 3.0
"""How much less a pushed molecule weighs than a force on an atom, or a lone pair."""
FRAMES, MOST_FRAMES = 12, 48
"""Frames with pushed molecules for each pair of elements; more where a frame holds
few of them, such as ions."""
NEAREST_PAIR, SPACING, APART = 0.3, 0.05, 100.0
"""Å: the shortest distance of lone pairs, the next one, and the way to other pairs."""
PUSHES = 30
"""Molecules pushed in each of them, if it holds as many."""


def lone_pair_demands(
    descriptor: Descriptor, closest: ClosestApproach, *, force_scale: float
) -> Demands:
    """Pairs alone, of all elements, from the closest approach inwards, all in one.

    Parameters
    ----------
    descriptor : Descriptor
    closest : ClosestApproach
    force_scale : float, eV/Å
        Scatter of the labels.
    """
    numbers, distances = [], []
    for z, first in enumerate(descriptor.elements):
        for a, second in enumerate(descriptor.elements[z:], start=z):
            # From the closest approach itself inwards: no gap for a well.
            for distance in np.arange(closest.of_atoms[z, a], NEAREST_PAIR, -SPACING):
                numbers += [first, second]
                distances.append(distance)
    n_pairs = len(distances)
    positions = np.zeros((n_pairs, 2, 3))
    positions[:, 1, 0] = distances
    positions[:, :, 1] = APART * np.arange(n_pairs)[:, None]
    directions = np.zeros((n_pairs, 2 * n_pairs, 3))
    directions[np.arange(n_pairs), 2 * np.arange(n_pairs) + 1, 0] = 1.0
    atoms = Atoms(numbers, positions=positions.reshape(-1, 3))
    walls = _walls(descriptor, closest)
    return _bare_repulsion(atoms, directions, walls, force_scale, SLACK)


def short_range_demands(
    dataset: Dataset,
    descriptor: Descriptor,
    closest: ClosestApproach,
    *,
    force_scale: float,
) -> Iterator[Demands]:
    """What is asked for of molecules pushed together, structure by structure.

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
    walls = _walls(descriptor, closest)
    slack = SLACK * force_scale
    for z in range(len(descriptor.elements)):
        for a in range(z, len(descriptor.elements)):
            distances = (
                NEAREST * closest.of_atoms[z, a],
                REACH * closest.of_molecules[z, a],
            )
            n_pushed = 0
            for n_frames in range(MOST_FRAMES):
                if n_frames >= FRAMES and n_pushed >= FRAMES * PUSHES // 2:
                    break
                atoms = dataset.frame(int(rng.integers(len(dataset))))
                pushes = _push(atoms, descriptor, (z, a), distances, rng)
                if pushes:
                    n_pushed += len(pushes)
                    directions = np.array(
                        [push.molecule[:, None] * push.away for push in pushes]
                    )
                    yield _bare_repulsion(atoms, directions, walls, slack, 1.0)


_Walls = tuple[NuclearRepulsion, NuclearRepulsion]
"""The baseline, and bare ZBL."""


def _walls(descriptor: Descriptor, closest: ClosestApproach) -> _Walls:
    everywhere = np.full_like(closest.of_atoms, descriptor.settings.two_body_cutoff_A)
    return (
        NuclearRepulsion(descriptor, closest.of_atoms),
        NuclearRepulsion(descriptor, everywhere),
    )


def _bare_repulsion(
    atoms: Atoms,
    directions: NDArray[np.float64],
    walls: _Walls,
    slack: float,
    strictness: float,
) -> Demands:
    """Forces of bare ZBL along `directions`."""
    known, bare = (np.tensordot(directions, w.forces(atoms), 2) for w in walls)
    margins = slack + np.abs(bare) / strictness
    return Demands(atoms, directions, bare - known, np.full_like(bare, np.inf), margins)


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
