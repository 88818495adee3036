from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from scipy.integrate import lebedev_rule

from brine.native import _native
from brine.potentials import Descriptor, NetworkLayout, bare_network
from brine.settings.potential import NativeSettings
from brine.structures.neighbours import neighbour_pairs
from brine.testing.potential import small_triclinic, two_waters
from brine.training import calibrate, fit
from brine.training.demands import Demands
from brine.training.neural_loss import DEMANDED_SHARE, Demanded, Loss, label_of
from brine.training.targets import Targets
from tests.potentials.training_frames import water_like_frames

SMALL = NativeSettings(
    readout="neural",
    two_body_channels=6,
    three_body_channels=4,
    angular_momentum=2,
    epochs=60,
)


def _trainer(settings=SMALL, seed=0):
    descriptor = Descriptor((1, 8), settings)
    rng = np.random.default_rng(seed)
    weights = 0.1 * rng.normal(size=(2, NetworkLayout.of(descriptor).size))
    trainer = _native.NeuralTrainer(bare_network(descriptor, weights), 2)
    frames = small_triclinic(), two_waters()
    for atoms in frames:
        trainer.add_frame(*descriptor.arrays(atoms))
    return trainer, weights, [len(atoms) for atoms in frames]


@pytest.mark.parametrize(
    "settings",
    [
        SMALL,
        SMALL.model_copy(update={"three_body_channels": 11, "angular_momentum": 4}),
        SMALL.model_copy(update={"hidden": 48, "products": 32, "angular_momentum": 1}),
        SMALL.model_copy(update={"body_order": 4, "angular_momentum": 3}),
    ],
    ids=["small", "two-vectors", "wide", "four-body"],
)
def test_the_gradient_is_that_of_energy_and_its_change_along_a_tangent(settings):
    """∂/∂θ (e·E + dE/dt) by central differences, in random directions of θ."""
    trainer, weights, n_atoms = _trainer(settings)
    rng = np.random.default_rng(1)
    share, strain = rng.normal(size=2), 0.1 * rng.normal(size=(2, 3, 3))
    motion = rng.normal(size=(sum(n_atoms), 3))

    def changed(weights):
        energy, forces, virial = trainer.evaluate(weights, [0, 1])
        return share @ energy - np.vdot(forces, motion) - np.vdot(virial, strain)

    gradient = trainer.gradient(weights, [0, 1], share, motion, strain)
    for _ in range(5):
        step = 1e-5 * rng.normal(size=weights.shape)
        difference = changed(weights + step) - changed(weights - step)
        assert difference / 2 == pytest.approx(np.vdot(gradient, step), rel=1e-5)


def test_neither_threads_nor_company_change_a_bit():
    trainer, weights, n_atoms = _trainer()
    alone = _native.NeuralTrainer(bare_network(Descriptor((1, 8), SMALL), weights), 1)
    alone.add_frame(*Descriptor((1, 8), SMALL).arrays(small_triclinic()))
    together = trainer.evaluate(weights, [1, 0])
    single = alone.evaluate(weights, [0])
    assert together[0][1] == single[0][0]
    np.testing.assert_array_equal(together[1][n_atoms[1] :], single[1])


def test_the_network_reads_invariants_of_mixed_densities():
    """Averages over directions n of fields f_l(n) = Σ_j w_j P_l(n·r̂_j).

    Σ_m Y_lm(u) Y_lm(v) = P_l(u·v) = (2l + 1) ⟨P_l(n·u) P_l(n·v)⟩, and three harmonics
    are coupled by ⟨Y Y' Y''⟩. Lebedev's directions average exactly.
    """
    settings = SMALL.model_copy(update={"body_order": 4, "angular_momentum": 3})
    trainer, weights, _ = _trainer(settings)
    descriptor = Descriptor((1, 8), settings)
    layout, atoms, centre = NetworkLayout.of(descriptor), small_triclinic(), 3
    inputs = trainer.layers(weights, [0])[centre, : layout.n_products]
    directions, shares = lebedev_rule(15)
    unit, channels = _neighbours(descriptor, atoms, centre)
    cosine, fields = directions.T @ unit.T, []
    mixes = layout.views(weights)["mixes"][descriptor.index(atoms.numbers)[centre]]
    for order, mix in enumerate(mixes):
        polynomial = np.polynomial.Legendre.basis(order)(cosine)
        both = polynomial @ channels @ mix
        fields.append((both[:, : layout.products], both[:, layout.products :]))
    expected = [(2 * order + 1) * u * v for order, (u, v) in enumerate(fields)]
    for a, b, c in ((1, 1, 2), (1, 2, 3), (2, 2, 2), (2, 3, 3)):
        expected.append(fields[a][0] * fields[b][1] * fields[c][0])
    averages = shares @ np.concatenate(expected, axis=1) / (4 * np.pi)
    np.testing.assert_allclose(inputs, averages, rtol=1e-9, atol=1e-14)


def _neighbours(descriptor, atoms, centre):
    """Unit vectors to the neighbours of an atom, and their density channels."""
    settings, n = descriptor.settings, descriptor.n_three
    cutoff, scale = settings.three_body_cutoff_A, settings.three_body_scale_A
    pairs = neighbour_pairs(atoms, cutoff)
    mine = pairs.centre == centre
    distances = pairs.distances[mine]
    g, _ = _native.radial_functions(distances, n, cutoff, scale)
    channels = np.zeros((len(g), len(descriptor.elements) * n))
    elements = descriptor.index(atoms.numbers)[pairs.neighbour[mine]]
    for row, a in enumerate(elements):
        channels[row, a * n : (a + 1) * n] = g[row]
    return pairs.vectors[mine] / distances[:, None], channels


def test_a_fit_learns_and_repeats():
    data, other = water_like_frames(40), water_like_frames(6, seed=8)
    seen = []
    potential = fit(data, SMALL, watch=lambda n, _: seen.append(n))
    again = fit(data, SMALL)
    np.testing.assert_array_equal(potential.readout.weights, again.readout.weights)
    assert len(seen) == 7
    brief = SMALL.model_copy(update={"epochs": 1})
    first, second = (fit(data, brief, seed=k).readout.weights for k in (1, 2))
    assert not np.array_equal(first, second)
    found = np.concatenate([potential.evaluate(a).forces for a in other.frames()])
    error = np.sqrt(np.mean((found - other.forces) ** 2))
    assert error < 0.2 * np.sqrt(np.mean(other.forces**2))


def test_a_fit_goes_on_where_it_was_interrupted(tmp_path):
    data, file = water_like_frames(12), tmp_path / "training.npz"
    settings = SMALL.model_copy(update={"epochs": 16, "validation_share": 0.25})
    whole = fit(data, settings)

    def interrupt(epoch, _):
        if epoch == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(data, settings, watch=interrupt, checkpoint=file)
    seen = []
    rest = fit(data, settings, watch=lambda n, _: seen.append(n), checkpoint=file)

    assert seen == [8, 10, 12, 14]
    np.testing.assert_array_equal(rest.readout.weights, whole.readout.weights)


@pytest.mark.parametrize("spoil", ["other seed", "damaged"])
def test_a_checkpoint_of_no_use_is_passed_over(tmp_path, spoil):
    data, file = water_like_frames(6), tmp_path / "training.npz"
    brief = SMALL.model_copy(update={"epochs": 2})
    fit(data, brief, seed=1, checkpoint=file)
    if spoil == "damaged":
        file.write_bytes(file.read_bytes()[:1000])
    seed = 1 if spoil == "damaged" else 2
    found = fit(data, brief, seed=seed, checkpoint=file)
    expected = fit(data, brief, seed=seed)
    np.testing.assert_array_equal(found.readout.weights, expected.readout.weights)


def test_frames_held_back_teach_nothing_and_decide_when_to_stop():
    """Their forces point the wrong way: what the others teach makes them worse."""
    data = water_like_frames(12)
    settings = SMALL.model_copy(update={"epochs": 40, "validation_share": 0.25})
    forces = data.forces.copy()
    forces[data.atoms_of(9).start :] *= -1
    wrong = replace(data, forces=forces, has_energy=np.zeros(12, dtype=bool))

    epochs = []
    fit(wrong, settings, watch=lambda n, _: epochs.append(n))

    assert epochs[-1] < 20
    targets = Targets(wrong, Descriptor(wrong.elements, settings))
    steps = Loss(targets, 1).epoch(np.random.default_rng(0))
    assert sorted(step[0] for step in steps) == list(range(9))


def test_the_loss_slopes_are_derivatives_and_missing_labels_have_none():
    data = water_like_frames(4)
    targets = Targets(data, Descriptor(data.elements, SMALL))
    atoms, rng = data.frame(0), np.random.default_rng(0)
    label = label_of(targets, 0, atoms)
    forces = label.forces + 1e-6 * rng.normal(size=label.forces.shape)
    virial = rng.normal(size=(3, 3))
    small = label.slope(label.energy, forces, virial)
    assert small.energy == 0.0
    # Near the labels the loss is a square, far from them its slope is bounded.
    double = label.slope(label.energy, 2 * forces - label.forces, virial)
    np.testing.assert_allclose(double.forces, 2 * small.forces, rtol=1e-6)
    far = label.slope(label.energy, label.forces + 1e3, virial).forces
    farther = label.slope(label.energy, label.forces + 1e6, virial).forces
    np.testing.assert_allclose(far, farther, rtol=1e-3)
    if not data.has_stress[0]:
        np.testing.assert_array_equal(small.strain, 0.0)
    step = 1e-6 * rng.normal(size=forces.shape)
    away = label.forces + 0.3 * rng.normal(size=forces.shape)
    ends = [label.loss(label.energy, away + k * step, virial) for k in (-1, 1)]
    slope = label.slope(label.energy, away, virial).forces
    assert ends[1] - ends[0] == pytest.approx(2 * np.vdot(slope, step), rel=1e-5)


def test_a_demand_pulls_only_where_it_is_not_met():
    """Twice the force that is asked for is as good, unless it is above the ceiling."""
    atoms = two_waters()
    directions = np.zeros((3, len(atoms), 3))
    directions[0, 1, 0] = directions[1, 2, 1] = directions[2, 4, 2] = 1.0
    asked = Demands(
        atoms,
        directions,
        targets=np.full(3, 3.0),
        ceilings=np.array([np.inf, np.inf, 4.0]),
        margins=np.ones(3),
    )
    demanded = Demanded(asked, 1.0)
    forces = np.zeros((len(atoms), 3))
    forces[1, 0], forces[2, 1], forces[4, 2] = 6.0, 2.0, 6.0
    slope = demanded.slope(0.0, forces, np.zeros((3, 3)))
    assert slope.forces[2, 1] < 0 < slope.forces[4, 2]
    slope.forces[2, 1] = slope.forces[4, 2] = 0.0
    np.testing.assert_array_equal(slope.forces, 0.0)
    assert slope.energy == 0.0
    np.testing.assert_array_equal(slope.strain, 0.0)


def test_an_epoch_has_each_frame_once_and_each_kind_of_demand_as_often():
    data = water_like_frames(30)
    targets = Targets(data, Descriptor(data.elements, SMALL))
    loss, rng = Loss(targets, 1), np.random.default_rng(0)
    sizes = [len(kind) for kind in targets.demands(squeezed=True)]
    n_kinds, lone = len(sizes), len(data)
    assert max(sizes) > 5 * min(sizes)
    drawn = []
    for _ in range(60):
        steps = loss.epoch(rng)
        assert sorted(step[0] for step in steps) == list(range(len(data)))
        beside = [step[1:] for step in steps if len(step) > 1]
        assert len(beside) == len(data) / DEMANDED_SHARE
        assert all(first == lone for first, _ in beside)
        drawn += [other for _, other in beside]
    kinds = np.searchsorted(lone + 1 + np.cumsum(sizes), drawn, side="right")
    share = np.bincount(kinds, minlength=n_kinds) / len(drawn)
    np.testing.assert_allclose(share, 1 / n_kinds, atol=2 / len(drawn) ** 0.5)


def test_lone_atoms_push_each_other_away():
    """Closer than in any frame, down to where only ZBL is left."""
    data = water_like_frames(40)
    potential = fit(data, SMALL)
    for k, first in enumerate(data.elements):
        for m, second in enumerate(data.elements):
            for distance in np.arange(0.5, 0.9, 0.05) * potential.shortest[k, m]:
                pair = Atoms([first, second], positions=[[0, 0, 0], [distance, 0, 0]])
                assert potential.evaluate(pair).forces[1, 0] > 0, (pair, distance)


def test_errors_are_predicted_to_the_right_size():
    """Calibrated on some frames, right on average on others."""
    potential = calibrate(
        fit(water_like_frames(40), SMALL), water_like_frames(10, seed=5)
    )
    other = water_like_frames(10, seed=9)
    ratios = []
    for index, atoms in enumerate(other.frames()):
        wrong = potential.evaluate(atoms).forces - other.forces[other.atoms_of(index)]
        ratios.append((wrong / potential.uncertainty(atoms).forces).ravel())
    assert 0.6 < np.sqrt(np.mean(np.square(np.concatenate(ratios)))) < 1.6


def test_a_potential_survives_the_disk(tmp_path):
    import brine

    potential = fit(water_like_frames(8), SMALL.model_copy(update={"epochs": 2}))
    potential.save(tmp_path / "p.brine")
    atoms = two_waters()
    back = brine.load(tmp_path / "p.brine")
    assert back.evaluate(atoms).energy == potential.evaluate(atoms).energy
    np.testing.assert_array_equal(
        back.uncertainty(atoms).forces, potential.uncertainty(atoms).forces
    )
    assert back.descriptor.settings.readout == "neural"
