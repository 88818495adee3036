from dataclasses import replace

import numpy as np
import pytest
from walks import random_walk

from brine.errors import InputError
from brine.observables import finite_size_correction, self_diffusion


def test_random_walk_has_its_coefficient_and_exponent_one():
    walk = random_walk(np.random.default_rng(0), n_atoms=300, n_frames=1000)

    found = self_diffusion(walk, species="O", drift="keep")

    assert 0 < found.error < 0.02 * found.value
    assert abs(found.value - 2.3) < 3 * found.error
    assert abs(found.exponent.value - 1) < 3 * found.exponent.error
    assert found.diffusive
    assert found.fit_window == (100.0, 1100.0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n_atoms", "n_frames"), [(1, 2000), (4, 1000), (12, 600), (64, 400)]
)
def test_claimed_error_is_the_scatter_of_replicas(n_atoms, n_frames):
    """Over 300 replicas the scatter itself is known to 4 %; 15 % is over 3 sigma."""
    rng = np.random.default_rng(n_atoms)
    found = [
        self_diffusion(
            random_walk(rng, n_atoms=n_atoms, n_frames=n_frames),
            species="O",
            drift="keep",
        )
        for _ in range(300)
    ]
    values = np.array([d.value for d in found])
    claimed = np.sqrt(np.mean([d.error**2 for d in found]))

    assert abs(values.mean() - 2.3) < 3.5 * values.std() / np.sqrt(300)
    assert claimed == pytest.approx(values.std(), rel=0.15)


@pytest.mark.slow
def test_claimed_error_knows_what_moves_all_particles_together():
    """Steps scaled by a common factor with a memory of 20 frames, as temperature does.

    Particles taken as independent would claim a third of the scatter. Over 100 replicas
    the scatter is known to 7 %, and slow noise is seen a little low.
    """
    rng = np.random.default_rng(11)
    found = []
    for _ in range(100):
        walk = random_walk(rng, n_atoms=50, n_frames=1000)
        steps = np.diff(walk.positions, axis=0, prepend=0)
        noise = rng.normal(size=1000)
        common = np.convolve(noise, np.exp(-np.arange(100) / 20))[:1000]
        factor = 1 + 0.08 * common / common.std()
        positions = np.cumsum(steps * factor[:, None, None], axis=0)
        moved = replace(walk, positions=positions)
        found.append(self_diffusion(moved, species="O", drift="keep"))
    scatter = np.std([d.value for d in found])
    claimed = np.sqrt(np.mean([d.error**2 for d in found]))

    assert claimed == pytest.approx(scatter, rel=0.25)


def test_caged_start_is_left_out_of_the_window():
    """Walkers that also rattle with a memory of 2 frames: slope below one at first."""
    rng = np.random.default_rng(3)
    walk = random_walk(rng, n_atoms=200, n_frames=2000, coefficient=1.0)
    rattle = 0.5 * rng.normal(size=walk.positions.shape)
    rattled = replace(walk, positions=walk.positions + rattle)

    found = self_diffusion(rattled, species="O", drift="keep")

    # 6 D t / (6 D t + 6 · 0.25 Å²) reaches 0.9 (doubling) at about 20 frames.
    assert found.fit_window[0] > 10 * 100.0
    assert abs(found.value - 1.0) < 3 * found.error
    assert found.intercept == pytest.approx(1.5, abs=0.5)


def test_ballistic_motion_is_not_called_diffusive():
    rng = np.random.default_rng(4)
    walk = random_walk(rng, n_atoms=50, n_frames=200)
    flight = rng.normal(size=(50, 3)) * np.arange(200)[:, None, None]

    found = self_diffusion(replace(walk, positions=flight), species="O")

    assert found.exponent.value == pytest.approx(2.0, abs=0.05)
    assert not found.diffusive


def test_frozen_atoms_do_not_diffuse():
    walk = random_walk(np.random.default_rng(5), n_atoms=5, n_frames=100)
    frozen = replace(walk, positions=np.repeat(walk.positions[:1], 100, axis=0))

    found = self_diffusion(frozen, species="O")

    assert found.value == pytest.approx(0, abs=1e-9)


def test_drift_of_the_whole_box_is_not_diffusion():
    rng = np.random.default_rng(6)
    walk = random_walk(rng, n_atoms=300, n_frames=400)
    drifting = replace(
        walk, positions=walk.positions + 0.5 * np.arange(400)[:, None, None]
    )

    still, moving = (self_diffusion(t, species="O") for t in (walk, drifting))
    kept = self_diffusion(drifting, species="O", drift="keep")

    assert kept.value > 10 * still.value
    assert moving.value == pytest.approx(still.value, rel=1e-9)


def test_lattice_wrap_and_reflection_change_nothing():
    walk = random_walk(np.random.default_rng(7), n_atoms=40, n_frames=500)
    wrapped = replace(walk, positions=walk.positions % 20.0, unwrapped=False)
    mirrored = replace(walk, positions=walk.positions * [1, 1, -1])
    expected = self_diffusion(walk, species="O").value

    assert np.abs(walk.positions - wrapped.positions).max() > 19
    for other in (wrapped, mirrored):
        found = self_diffusion(other, species="O").value
        assert found == pytest.approx(expected, rel=1e-9)


def test_molecules_diffuse_as_their_centres():
    """Rigid waters that only walk: oxygen and centre move alike."""
    rng = np.random.default_rng(8)
    walk = random_walk(rng, n_atoms=27, n_frames=300, edge=12.0)
    grid = np.stack(np.meshgrid(*3 * [np.arange(3) * 4.0]), axis=-1).reshape(27, 3)
    centres = walk.positions - walk.positions[:1] + grid
    shape = np.array([[0, 0, 0], [0.76, 0.59, 0], [-0.76, 0.59, 0]])
    positions = (centres[:, :, None] + shape).reshape(300, 81, 3)
    water = replace(
        walk,
        numbers=np.tile([8, 1, 1], 27),
        masses=np.tile([15.999, 1.008, 1.008], 27),
        positions=positions % 12.0,
        unwrapped=False,
    )

    by_atom = self_diffusion(water, species="O")
    by_molecule = self_diffusion(water, molecules=True)

    assert by_molecule.name == "H2O"
    assert by_molecule.n_particles == 27
    assert by_atom.value > 1
    assert by_molecule.value == pytest.approx(by_atom.value, rel=1e-9)


def test_finite_size_correction_of_water_at_room_temperature():
    """2.837297 k_B T / (6 π η L) by hand: 1.168e-20 J / 2.083e-11 Pa s m."""
    shift = finite_size_correction(298.15, 0.89, length=12.42)
    assert shift == pytest.approx(0.5606, abs=2e-4)


def test_viscosity_adds_the_correction_and_keeps_the_value():
    walk = random_walk(np.random.default_rng(9), n_atoms=50, n_frames=200)

    plain = self_diffusion(walk, species="O")
    corrected = self_diffusion(walk, species="O", viscosity=0.89, temperature=298.15)

    assert plain.corrected is None
    assert corrected.value == plain.value
    shift = finite_size_correction(298.15, 0.89, length=20.0)
    assert corrected.corrected.value == pytest.approx(plain.value + shift)


def test_wrong_requests_say_what_is_there():
    walk = random_walk(np.random.default_rng(10), n_atoms=5, n_frames=50)
    with pytest.raises(InputError, match=r"trajectory \(O\), got 'Li'"):
        self_diffusion(walk, species="Li")
    with pytest.raises(InputError, match="either `species` or `molecules`"):
        self_diffusion(walk)
    with pytest.raises(InputError, match="with `temperature`"):
        self_diffusion(walk, species="O", viscosity=0.9)
    with pytest.raises(InputError, match="interval_fs"):
        self_diffusion(replace(walk, times=np.full(50, np.nan)), species="O")
    uneven = walk.times.copy()
    uneven[20:] += 50
    with pytest.raises(InputError, match="after frame 19"):
        self_diffusion(replace(walk, times=uneven), species="O")
