import json
from itertools import product

import numpy as np
import pytest
from ase import Atoms
from scipy.spatial import cKDTree

from brine.errors import InputError, PotentialFileError
from brine.native import _native
from brine.potentials import Descriptor, NativePotential, load
from brine.potentials.tables import linear_model
from brine.settings.potential import NativeSettings
from brine.structures import build_box, rattle
from brine.testing.potential import PotentialContract, small_triclinic, two_waters
from tests.potentials.training_frames import (
    pair_energy_and_forces,
    water_like_frames,
)


def _random_potential(settings, elements=(1, 8), size=1.0) -> NativePotential:
    from brine.potentials import Calibration, LinearReadout, Posterior

    descriptor = Descriptor(elements, settings)
    n_columns = descriptor.n_columns
    rng = np.random.default_rng(0)
    weights = size * rng.normal(size=(len(elements), descriptor.n_features))
    posterior = Posterior(np.ones(n_columns), np.eye(n_columns))
    return NativePotential(
        descriptor=descriptor,
        readout=LinearReadout(weights, posterior),
        calibration=Calibration(0.0, 1.0, 0.0, 1.0, 0),
        shortest=np.full((len(elements), len(elements)), 0.8),
    )


def _random_network(**settings) -> NativePotential:
    from brine.potentials import Calibration, NetworkLayout, NeuralReadout, Posterior

    chosen = NativeSettings(readout="neural", **settings)
    descriptor = Descriptor((1, 8), chosen)
    layout = NetworkLayout.of(descriptor)
    weights = np.random.default_rng(0).normal(size=(2, layout.size)) * 0.1
    n_columns = 2 * (layout.hidden + 1)
    return NativePotential(
        descriptor=descriptor,
        readout=NeuralReadout(
            weights, Posterior(np.ones(n_columns), np.eye(n_columns))
        ),
        calibration=Calibration(0.0, 1.0, 0.0, 1.0, 0),
        shortest=np.full((2, 2), 0.8),
    )


class TestNativePotential(PotentialContract):
    """Random weights: symmetries and derivatives hold for whatever was fitted."""

    @pytest.fixture
    def potential(self):
        return _random_potential(NativeSettings(), size=0.03)


class TestNeuralReadout(PotentialContract):
    """The same for random networks."""

    @pytest.fixture
    def potential(self):
        return _random_network(hidden=48, angular_momentum=2)


class TestFourBodyNetwork(PotentialContract):
    """The same for networks that read invariants of three densities."""

    @pytest.fixture
    def potential(self):
        return _random_network(body_order=4)


@pytest.mark.parametrize(
    ("l_max", "n_three"), [(0, 3), (1, 8), (2, 1), (3, 10), (4, 9), (5, 2)]
)
def test_the_kernel_equals_the_design_matrix(l_max, n_three):
    """Two programs for the same formula: rows times weights, and the fused kernel.

    The table of pair terms is the only approximation: 1e-9 of the force scale.
    """
    settings = NativeSettings(
        two_body_channels=5, three_body_channels=n_three, angular_momentum=l_max
    )
    potential = _random_potential(settings, elements=(1, 8, 17))
    atoms = small_triclinic() * (2, 1, 1)
    atoms.numbers[4] = 17
    rows = potential.descriptor.design_rows(atoms)
    expected = rows @ potential.readout.weights.ravel()
    walls = _random_potential(settings, elements=(1, 8, 17))
    element, *geometry = walls.descriptor.arrays(atoms)
    wall = _native.NativeForceField(
        linear_model(walls.descriptor, 0 * walls.readout.weights, walls.shortest),
        element,
        len(element),
        0.0,
        1,
    ).compute(*geometry)

    found = potential.evaluate(atoms)

    forces = found.forces.ravel() - wall[1].ravel()
    scale = np.abs(expected).max()
    assert scale > 1
    assert found.energy == pytest.approx(expected[0] + wall[0], rel=0, abs=1e-9 * scale)
    np.testing.assert_allclose(forces, expected[1:-6], rtol=0, atol=1e-8 * scale)
    strain = (found.stress + (wall[2] + wall[2].T) / 2 / atoms.get_volume())[
        [0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]
    ]
    np.testing.assert_allclose(
        strain * atoms.get_volume(), expected[-6:], rtol=0, atol=1e-8 * scale
    )


def test_a_list_with_skin_follows_moving_atoms_and_a_changing_cell():
    """A kept list gives what a fresh one gives, step after step."""
    potential = _random_potential(NativeSettings(angular_momentum=1))
    atoms = small_triclinic()
    kept = potential.force_field(atoms, skin=0.6, precision="double")
    rng = np.random.default_rng(3)
    for _ in range(30):
        atoms.positions += rng.normal(scale=0.05, size=atoms.positions.shape)
        atoms.set_cell(atoms.cell.array * (1 + 0.005 * rng.normal()), scale_atoms=True)
        _, *geometry = potential.descriptor.arrays(atoms)
        energy, forces, _ = kept.compute(*geometry)
        fresh = potential.evaluate(atoms)
        assert energy == pytest.approx(fresh.energy, rel=1e-12)
        np.testing.assert_allclose(forces, fresh.forces, rtol=0, atol=1e-8)


@pytest.mark.parametrize("readout", ["linear", "neural"])
def test_single_precision_is_close_enough_for_dynamics(readout, small_potential):
    """Forces within 1e-4 eV/Å (root mean square) of double precision."""
    potential = (
        small_potential if readout == "linear" else _random_network(body_order=4)
    )
    for atoms in water_like_frames(5, seed=9).frames():
        exact = potential.evaluate(atoms)
        _, *geometry = potential.descriptor.arrays(atoms)
        field = potential.force_field(atoms, precision="single")
        energy, forces, _ = field.compute(*geometry)
        assert np.abs(exact.forces).max() > 0.5
        assert np.sqrt(np.mean((forces - exact.forces) ** 2)) < 1e-4
        assert abs(energy - exact.energy) < 1e-4 * len(atoms)
        assert not np.array_equal(forces, exact.forces)


def test_pair_labels_are_reproduced(small_potential):
    """The labels are smooth pair energies up to 5 eV/Å; a wall is asked for too."""
    worst = 0.0
    for atoms in water_like_frames(5, seed=9).frames():
        _, forces = pair_energy_and_forces(atoms)
        assert np.abs(forces).max() > 0.1
        found = small_potential.evaluate(atoms).forces
        worst = max(worst, float(np.abs(found - forces).max()))
    assert worst < 0.2


def test_energy_and_force_vanish_smoothly_at_the_cutoff():
    """Energy, force and stiffness go to zero at the cutoff, and are there within."""
    potential = _random_potential(NativeSettings(angular_momentum=2))
    lone = 2 * potential.evaluate(Atoms("O")).energy

    def dimer(distance):
        atoms = Atoms("O2", positions=[[0, 0, 0], [0, 0, distance]])
        found = potential.evaluate(atoms)
        return found.energy - lone, found.forces[0, 2]

    inside, just_inside, outside = dimer(4.0), dimer(6.0 - 1e-3), dimer(6.0 + 1e-9)
    assert abs(inside[0]) > 1e-3
    assert abs(inside[1]) > 1e-3
    assert abs(just_inside[0]) < 1e-7
    assert abs(just_inside[1]) < 1e-4
    assert outside == (0.0, 0.0)


def test_an_unseen_pair_is_repelled_at_every_distance(small_potential):
    """Two oxygens never came near: the wall falls until the data take over."""
    shortest = small_potential.shortest[1, 1]
    distances = np.arange(0.35, 0.75 * shortest, 0.05)
    energies = np.array(
        [
            small_potential.evaluate(
                Atoms("O2", positions=[[0, 0, 0], [0, 0, d]])
            ).energy
            for d in distances
        ]
    )
    assert len(distances) > 10
    assert (np.diff(energies) < 0).all()
    assert energies[0] - energies[-1] > 50


def test_waters_pushed_together_repel(small_potential):
    """The labels attract O and O, and none is nearer than 2.6 Å: the wall must win."""
    assert small_potential.shortest[1, 1] > 2.5
    for distance in (1.4, 1.7, 2.0):
        atoms = two_waters()
        toward = atoms.positions[3] - atoms.positions[0]
        length = np.linalg.norm(toward)
        atoms.positions[:3] += (length - distance) * toward / length
        force = small_potential.evaluate(atoms).forces[:3].sum(0) @ toward / length
        assert force < -1.0


def test_parts_of_a_box_add_up(small_potential):
    """Each half with all that stands two cutoffs around it: what MPI ranks do."""
    potential, rng = small_potential, np.random.default_rng(8)
    box = rattle(build_box({"H2O": 20}, density=1.0, rng=rng), deviation=0.05, rng=rng)
    whole, reach = potential.evaluate(box), potential.reach
    shifts = np.array(list(product(range(-2, 3), repeat=3))) @ box.cell.array
    images = (box.positions + shifts[:, None]).reshape(-1, 3)
    numbers = np.tile(box.numbers, len(shifts))
    inside = len(images) // 2 - len(box) // 2 + np.arange(len(box))
    energy, virial = 0.0, np.zeros((3, 3))
    halves = np.array_split(np.argsort(box.positions[:, 0]), 2)
    for half in halves:
        own = inside[half]
        distances, _ = cKDTree(images[own]).query(images)
        around = np.setdiff1d(np.flatnonzero(distances < 2 * reach), own)
        part = Atoms(numbers[[*own, *around]], images[[*own, *around]])
        field = potential.force_field(
            part, n_own=len(own), skin=0.3, threads=1, precision="double"
        )
        cell, periodic = np.zeros((3, 3)), np.zeros(3, dtype=bool)
        e, forces, w = field.compute(part.positions, cell, periodic)
        energy, virial = energy + e, virial + w
        np.testing.assert_allclose(forces[: len(own)], whole.forces[half], atol=1e-10)

    assert energy == pytest.approx(whole.energy, abs=1e-9)
    expected = -box.get_volume() * whole.stress
    np.testing.assert_allclose(virial, expected, rtol=0, atol=1e-9)


def test_atomic_energies_add_up(small_potential):
    atoms = small_triclinic()
    parts = small_potential.atomic_energies(atoms)
    assert parts.shape == (6,)
    assert parts.sum() == pytest.approx(
        small_potential.evaluate(atoms).energy, rel=0, abs=1e-8
    )


def test_strange_structures_are_less_certain(small_potential):
    """The deviation grows where no training frame was near."""
    known = small_potential.uncertainty(two_waters())
    atoms = two_waters()
    atoms.positions[1] += [0.0, 0.0, 1.5]
    strange = small_potential.uncertainty(atoms)
    assert known.forces.shape == (6, 3)
    assert known.energies.shape == (6,)
    assert strange.energy > 3 * known.energy
    assert strange.forces.max() > 3 * known.forces.max()


def test_margin_tells_when_atoms_come_closer_than_the_data(small_potential):
    atoms = two_waters()
    field = small_potential.force_field(atoms)
    _, *geometry = small_potential.descriptor.arrays(atoms)
    field.compute(*geometry)
    assert field.closest_margin() > 0
    atoms.positions[1] = atoms.positions[0] + [0, 0, 0.3]
    _, *geometry = small_potential.descriptor.arrays(atoms)
    field.compute(*geometry)
    assert field.closest_margin() < 0


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"no zip at all", "not a brine potential"), (None, "no potential at")],
)
def test_a_file_that_is_no_potential_is_named(tmp_path, content, words):
    path = tmp_path / "x.brine"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PotentialFileError, match=words):
        load(path)


def test_a_truncated_file_is_called_damaged(tmp_path, small_potential):
    path = tmp_path / "x.brine"
    small_potential.save(path)
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(PotentialFileError, match="damaged"):
        load(path)


def test_a_file_of_a_newer_version_says_so(tmp_path, small_potential):
    path = tmp_path / "x.brine"
    small_potential.save(path)
    with np.load(path) as archive:
        arrays = dict(archive)
    header = json.loads(bytes(arrays["header"]))
    header["version"] = 99
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
    with path.open("wb") as stream:
        np.savez(stream, **arrays)
    with pytest.raises(PotentialFileError, match="format version 99"):
        load(path)


@pytest.mark.parametrize("precision", ["single", "double"])
def test_the_number_of_threads_changes_no_bit(precision):
    """So a run can be repeated on another machine, and cores can be lent and lost."""
    potential = _random_network()
    atoms = small_triclinic() * (5, 5, 5)
    _, *geometry = potential.descriptor.arrays(atoms)

    def found(threads):
        field = potential.force_field(atoms, precision=precision, threads=threads)
        return field.compute(*geometry)

    energy, forces, virial = found(1)
    assert np.abs(forces).max() > 0
    for threads in (2, 3, 3, 7):
        again = found(threads)
        assert again[0] == energy
        np.testing.assert_array_equal(again[1], forces)
        np.testing.assert_array_equal(again[2], virial)


@pytest.mark.parametrize("readout", ["linear", "neural"])
@pytest.mark.parametrize("precision", ["single", "double"])
def test_every_instruction_set_gives_the_same(readout, precision, monkeypatch):
    """Held back to what older processors have, down to none of their extensions."""
    potential = (
        _random_network(body_order=4)
        if readout == "neural"
        else _random_potential(NativeSettings(), size=0.03)
    )
    atoms = small_triclinic() * (2, 2, 2)
    _, *geometry = potential.descriptor.arrays(atoms)

    def found(isa):
        monkeypatch.setenv("BRINE_ISA", isa)
        field = potential.force_field(atoms, precision=precision)
        return field.compute(*geometry)

    energy, forces, virial = found("avx512")
    tolerance = 1e-10 if precision == "double" else 2e-5
    for isa in ("avx2", "portable"):
        again = found(isa)
        assert again[0] == pytest.approx(energy, rel=tolerance)
        for value, expected in zip(again[1:], (forces, virial), strict=True):
            scale = np.abs(expected).max()
            np.testing.assert_allclose(value, expected, rtol=0, atol=tolerance * scale)
    with pytest.raises(InputError, match="got sse9"):
        found("sse9")
