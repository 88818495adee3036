"""Fakes with known answers."""

from collections.abc import Sequence

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.lj import LennardJones

from brine.datasets import Dataset
from brine.potentials.potential import Evaluation


class LennardJonesPotential:
    """Argon by ASE's own Lennard-Jones."""

    elements: tuple[int, ...] = (18,)

    def calculator(self) -> LennardJones:
        return LennardJones(sigma=3.4, epsilon=0.0104, rc=8.0, smooth=True)

    def evaluate(self, atoms: Atoms) -> Evaluation:
        copy = atoms.copy()
        copy.calc = self.calculator()
        stress = np.full((3, 3), np.nan)
        if atoms.pbc.all():
            stress = copy.get_stress(voigt=False)
        return Evaluation(copy.get_potential_energy(), copy.get_forces(), stress)

    def uncertainty(self, atoms: Atoms) -> None:
        return None

    def save(self, path) -> None:
        raise NotImplementedError


@pytest.fixture
def lennard_jones() -> LennardJonesPotential:
    return LennardJonesPotential()


def make_dataset(frames: Sequence[Atoms], *, stress: bool = False) -> Dataset:
    n = len(frames)
    sizes = [len(atoms) for atoms in frames]
    return Dataset(
        offsets=np.concatenate([[0], np.cumsum(sizes)]),
        numbers=np.concatenate([atoms.numbers for atoms in frames]),
        positions=np.concatenate([atoms.positions for atoms in frames]),
        cells=np.array([atoms.cell.array for atoms in frames]),
        periodic=np.array([atoms.pbc for atoms in frames]),
        energy=np.zeros(n),
        forces=np.zeros((sum(sizes), 3)),
        stress=np.zeros((n, 3, 3)) if stress else np.full((n, 3, 3), np.nan),
        has_energy=np.ones(n, dtype=bool),
        has_forces=np.ones(n, dtype=bool),
        has_stress=np.full(n, stress),
        group=np.zeros(n, dtype=int),
        group_names=("a",),
        source=np.zeros(n, dtype=int),
        source_names=("a.xyz",),
        source_frame=np.arange(n),
        fingerprint="nothing",
    )


@pytest.fixture
def dataset_of():
    return make_dataset
