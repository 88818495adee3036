import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from brine.datasets import dataset_from_atoms
from brine.potentials import Descriptor
from brine.settings.potential import NativeSettings
from brine.training import fit
from brine.training.closest_approach import closest_approach
from brine.training.nuclear_repulsion import NuclearRepulsion
from brine.training.stretched_bonds import STRETCH, stretched_bond_demands

SMALL = NativeSettings(two_body_channels=8, three_body_channels=2, angular_momentum=1)
STIFFNESS, REST = 30.0, 0.96
"""eV/Å², Å: of the harmonic bonds that label the waters below."""


def _labelled(n_frames=12, seed=0):
    """One water a frame, its bonds harmonic and shaken by 0.05 Å; also the longest."""
    rng = np.random.default_rng(seed)
    frames, longest = [], 0.0
    for _ in range(n_frames):
        atoms = Atoms("OH2", [(0, 0, 0), (REST, 0, 0), (-0.24, 0.93, 0)])
        atoms.rattle(0.05, rng=rng)
        bonds = atoms.positions[1:] - atoms.positions[0]
        length = np.linalg.norm(bonds, axis=1, keepdims=True)
        force = -STIFFNESS * (length - REST) * bonds / length
        atoms.calc = SinglePointCalculator(
            atoms,
            energy=0.5 * STIFFNESS * float(((length - REST) ** 2).sum()),
            forces=np.vstack([-force.sum(0), force]),
        )
        frames.append(atoms)
        longest = max(longest, float(length.max()))
    return dataset_from_atoms(frames, groups=["a"] * n_frames, fingerprint="x"), longest


def _demands(data, *, squeezed=False):
    descriptor = Descriptor(data.elements, SMALL)
    closest = closest_approach(data, descriptor)
    return list(
        stretched_bond_demands(
            data, descriptor, closest, force_scale=1.0, squeezed=squeezed
        )
    )


def test_a_stretched_bond_is_asked_to_pull_as_the_longest_one_does():
    data, longest = _labelled()
    found = _demands(data)
    pull = -STIFFNESS * (longest - REST)
    assert found
    for demands in found:
        assert len(demands.targets) == 1  # one bond of a molecule at a time
        # Margin: three times the scatter, and the pull itself. No ZBL out there.
        (moved,) = np.flatnonzero(np.abs(demands.directions[0]).any(1))
        bond = demands.atoms.positions[moved] - demands.atoms.positions[0]
        back = -bond / np.linalg.norm(bond)
        np.testing.assert_allclose(demands.directions[0, moved], back, atol=1e-12)
        assert demands.targets[0] == pytest.approx(-pull, rel=1e-6)
        assert demands.margins[0] == pytest.approx(3.0 - pull, rel=1e-6)


@pytest.mark.parametrize("squeezed", [False, True])
def test_the_most_a_bond_may_do_grows_on_the_way_out(squeezed):
    """From one and a half times the force at the end of the data; ZBL counts too."""
    data, _ = _labelled()
    descriptor = Descriptor(data.elements, SMALL)
    baseline = NuclearRepulsion(descriptor, closest_approach(data, descriptor).of_atoms)
    lengths, times = [], []
    for demands in _demands(data, squeezed=squeezed):
        (moved,) = np.flatnonzero(np.abs(demands.directions[0]).any(1))
        bond = demands.atoms.positions[moved] - demands.atoms.positions[0]
        known = np.tensordot(demands.directions, baseline.forces(demands.atoms), 2)
        lengths.append(np.linalg.norm(bond))
        needed = demands.targets + known
        ceiling = demands.ceilings + known
        if squeezed:
            assert ceiling >= known + needed - 1e-9
        times.append(float((ceiling / needed)[0]))
    outwards = np.argsort(lengths)[:: -1 if squeezed else 1]
    assert 1.5 <= times[outwards[0]] < times[outwards[-1]]
    assert squeezed or times[outwards[-1]] <= 2.5
    assert (np.diff(np.array(times)[outwards]) > -1e-9).all()


def test_a_squeezed_bond_is_asked_to_push():
    """The shortest bonds' own push, less what the baseline already gives."""
    data, _ = _labelled()
    descriptor = Descriptor(data.elements, SMALL)
    baseline = NuclearRepulsion(descriptor, closest_approach(data, descriptor).of_atoms)
    found = _demands(data, squeezed=True)
    assert found
    pushes = []
    for demands in found:
        vector = demands.atoms.positions[1:] - demands.atoms.positions[0]
        assert np.linalg.norm(vector, axis=1).min() < REST
        known = np.tensordot(demands.directions, baseline.forces(demands.atoms), 2)
        pushes += list(demands.targets + known)
    assert np.ptp(pushes) < 1e-9
    assert pushes[0] > 0.5


def test_a_fit_holds_bonds_that_no_label_shows():
    data, longest = _labelled()
    potential, pull = fit(data, SMALL), -STIFFNESS * (longest - REST)
    for length in np.linspace(longest, STRETCH * longest, 8):
        atoms = Atoms("OH2", [(0, 0, 0), (length, 0, 0), (-0.24, 0.93, 0)])
        found = potential.evaluate(atoms).forces[1, 0]
        assert found == pytest.approx(pull, rel=0.4)


def test_nothing_is_asked_where_nothing_is_bonded_or_known():
    data, _ = _labelled()
    without = [data.frame(k) for k in range(len(data))]
    for atoms in without:
        atoms.calc = SinglePointCalculator(atoms, energy=1.0)
    energies = dataset_from_atoms(without, groups=["a"] * len(data), fingerprint="x")
    assert _demands(energies) == []
    salt = Atoms("NaCl", [(0, 0, 0), (2.8, 0, 0)])
    salt.calc = SinglePointCalculator(salt, energy=0.0, forces=np.zeros((2, 3)))
    assert _demands(dataset_from_atoms([salt], groups=["a"], fingerprint="x")) == []
