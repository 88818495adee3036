"""Single molecules, dimers and trimers in an empty box: what a liquid never shows.

A liquid fixes how many neighbours pull at once; few fix how one pair does. Distances
down to hard contact teach repulsion, wide ones that molecules come apart.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations_with_replacement

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from brine.errors import InputError
from brine.structures.species import SPECIES, Species, find_species

LARGEST = 3
"""Molecules of a cluster"""


def neutral_clusters(
    molecules: Sequence[str], templates: Mapping[str, Species] = SPECIES
) -> tuple[tuple[str, ...], ...]:
    """Every combination of one to three of `molecules` that has no charge.

    A charged cluster in a periodic box would interact with its background.
    """
    charges = {name: find_species(name, templates).charge for name in molecules}
    return tuple(
        members
        for size in range(1, LARGEST + 1)
        for members in combinations_with_replacement(molecules, size)
        if sum(charges[name] for name in members) == 0
    )


def place_cluster(
    members: Sequence[str],
    contact: float,
    *,
    edge: float,
    rng: np.random.Generator,
    templates: Mapping[str, Species] = SPECIES,
) -> Atoms:
    """Molecules, turned at random, each `contact` from the nearest one before it.

    Parameters
    ----------
    members : sequence of str
        One to three names.
    contact : float, Å
        Between the closest atoms of two molecules.
    edge : float, Å
        Of the cubic box, in whose middle they are.
    rng : numpy.random.Generator
    templates : mapping of str to Species

    Returns
    -------
    cluster : ase.Atoms
        Periodic.

    Raises
    ------
    InputError
        `contact` is not positive, or the cluster does not fit the box.
    """
    if not contact > 0:
        raise InputError(f"`contact` must be positive, got {contact} Å.")
    parts = [find_species(name, templates).atoms for name in members]
    positions = _packed(parts, contact, rng)
    size = np.ptp(positions, axis=0).max()
    if size + contact > edge:
        raise InputError(
            f"a cluster of {', '.join(members)} is {size:.1f} Å long and does not "
            f"fit a box of {edge:g} Å with {contact:g} Å to its image; take a larger "
            "one."
        )
    numbers = np.concatenate([part.numbers for part in parts])
    middle = (positions.max(axis=0) + positions.min(axis=0)) / 2
    positions = positions - middle + edge / 2
    return Atoms(numbers, positions, cell=[edge] * 3, pbc=True)


def _packed(
    parts: Sequence[Atoms], contact: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Positions of all, each turned and brought near those before it."""
    positions = np.empty((0, 3))
    for part in parts:
        turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        turned = part.positions @ (turn * np.linalg.det(turn))  # never a reflection
        turned -= turned.mean(axis=0)
        if len(positions):
            turned = turned + _approach(positions, turned, contact, rng)
        positions = np.concatenate([positions, turned])
    return positions


def _approach(
    fixed: NDArray[np.float64],
    part: NDArray[np.float64],
    contact: float,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Shift of `part` along a random line so that it stops `contact` from `fixed`.

    On the way in along a unit vector u, two atoms that are d apart at t = 0 meet where
    the length of d + t u is `contact`: of all pairs, at the largest such t first.
    """
    direction = rng.normal(size=3)
    direction /= np.linalg.norm(direction)
    start = fixed.mean(axis=0)
    apart = (part + start)[:, None] - fixed[None]
    along = apart @ direction
    room = contact**2 - np.square(apart).sum(axis=-1) + along**2
    meets = room >= 0
    reach = -along[meets] + np.sqrt(room[meets])
    return np.asarray(start + direction * reach.max())
