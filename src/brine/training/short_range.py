"""What a fit is told about distances that no label reaches.

Labels of a liquid say nothing of two oxygens at 2 Å, and a model that is free there
finds a well sooner or later. Below the closest approach of each pair of elements in
the data, the fit is asked to follow bare ZBL, within a wide margin: on isolated pairs,
and where one molecule of a training frame is pushed against another, so that the many-
body terms cannot undo the wall.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from brine.datasets import Dataset
from brine.native import _native
from brine.potentials import Descriptor
from brine.potentials.baselines.zbl import zbl, zbl_cutoff
from brine.potentials.tables import linear_model
from brine.structures import molecule_labels
from brine.structures.neighbours import neighbour_pairs

REACH = 0.95
"""Share of the closest approach below which ZBL is asked for."""
LATITUDE = 0.3
"""Of the wall's force: how far from ZBL the fit may be."""
PUSHES = 12
"""Pushed frames for each pair of elements."""

Rows = tuple[NDArray[np.float64], NDArray[np.float64]]


def short_range_rows(
    dataset: Dataset,
    descriptor: Descriptor,
    shortest: NDArray[np.float64],
    *,
    force_scale: float,
) -> Iterator[Rows]:
    """Weighted rows (n, n_columns) and targets (n,), in blocks.

    Parameters
    ----------
    dataset : Dataset
        Frames whose molecules are pushed together.
    descriptor : Descriptor
    shortest : (n_elements, n_elements) array, Å
        Closest approach of each pair of elements.
    force_scale : float, eV/Å
        Scatter of the labels; the margin never goes below it.
    """
    rng = np.random.default_rng(0)
    walls = _Walls(descriptor, shortest)
    for z in range(len(descriptor.elements)):
        for a in range(z, len(descriptor.elements)):
            yield _isolated_pair(descriptor, (z, a), shortest[z, a], force_scale)
            for _ in range(PUSHES):
                push = _push(dataset, descriptor, (z, a), shortest[z, a], rng)
                if push is not None:
                    yield _pushed(descriptor, walls, push, force_scale)


def _isolated_pair(
    descriptor: Descriptor, pair: tuple[int, int], shortest: float, force_scale: float
) -> Rows:
    """Slopes of the two-body channels: an isolated pair has no other features."""
    settings = descriptor.settings
    numbers = descriptor.elements[pair[0]], descriptor.elements[pair[1]]
    r = np.arange(0.3, REACH * shortest, 0.05)
    _, slope = _native.radial_functions(
        r,
        settings.two_body_channels,
        settings.two_body_cutoff_A,
        settings.two_body_scale_A,
    )
    rows = np.zeros((len(r), descriptor.n_columns))
    rows[:, descriptor.two_body_columns(*pair)] += slope
    rows[:, descriptor.two_body_columns(*pair[::-1])] += slope
    _, wanted = zbl(r, numbers, cutoff=settings.two_body_cutoff_A)
    _, baseline = zbl(r, numbers, cutoff=zbl_cutoff(numbers, shortest))
    margin = force_scale + LATITUDE * np.abs(wanted)
    return rows / margin[:, None], (wanted - baseline) / margin


@dataclass(frozen=True, eq=False)
class _Push:
    """A frame with one molecule moved, and the direction back."""

    atoms: Atoms
    molecule: NDArray[np.bool_]
    away: NDArray[np.float64]


def _push(
    dataset: Dataset,
    descriptor: Descriptor,
    pair: tuple[int, int],
    shortest: float,
    rng: np.random.Generator,
) -> _Push | None:
    """Some molecule moved until a pair of its and another's atoms is too close."""
    first, second = (descriptor.elements[k] for k in pair)
    atoms = dataset.frame(int(rng.integers(len(dataset))))
    atoms.calc = None
    labels = molecule_labels(atoms)
    pairs = neighbour_pairs(atoms, descriptor.settings.two_body_cutoff_A)
    fits = (
        (atoms.numbers[pairs.centre] == first)
        & (atoms.numbers[pairs.neighbour] == second)
        & (labels[pairs.centre] != labels[pairs.neighbour])
    )
    if not fits.any():
        return None
    centre = rng.choice(pairs.centre[fits])
    mine = np.flatnonzero(fits & (pairs.centre == centre))
    nearest = mine[np.argmin(pairs.distances[mine])]
    toward = pairs.vectors[nearest] / pairs.distances[nearest]
    molecule = labels == labels[centre]
    distance = shortest * rng.uniform(0.65, REACH)
    atoms.positions[molecule] += (pairs.distances[nearest] - distance) * toward
    return _Push(atoms, molecule, -toward)


class _Walls:
    """Forces of ZBL on a molecule: as the baseline has it, and bare."""

    def __init__(self, descriptor: Descriptor, shortest: NDArray[np.float64]) -> None:
        nothing = np.zeros((len(shortest), descriptor.n_features))
        everywhere = np.full_like(shortest, descriptor.settings.two_body_cutoff_A)
        self._descriptor = descriptor
        self._models = [
            linear_model(descriptor, nothing, reach) for reach in (shortest, everywhere)
        ]

    def along(self, push: _Push) -> tuple[float, float]:
        """Force on the pushed molecule away from the other, eV/Å: baseline, bare."""
        element, positions, cell, periodic = self._descriptor.arrays(push.atoms)
        baseline, bare = (
            _native.NativeForceField(model, element, 0.0, 1).compute(
                positions, cell, periodic
            )[1][push.molecule]
            for model in self._models
        )
        return float(baseline.sum(0) @ push.away), float(bare.sum(0) @ push.away)


def _pushed(
    descriptor: Descriptor, walls: _Walls, push: _Push, force_scale: float
) -> Rows:
    """The force on the molecule along the push: one row."""
    n_atoms = len(push.atoms)
    forces = descriptor.design_rows(push.atoms)[1 : 1 + 3 * n_atoms]
    on_molecule = forces.reshape(n_atoms, 3, -1)[push.molecule].sum(0)
    baseline, bare = walls.along(push)
    margin = force_scale + LATITUDE * abs(bare)
    row = (push.away @ on_molecule) / margin
    return row[None], np.array([(bare - baseline) / margin])
