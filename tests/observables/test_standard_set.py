import json
from dataclasses import replace

import numpy as np
import pytest
from walks import random_walk

from brine.errors import InputError
from brine.observables import observe
from brine.structures.simulation import Simulation


@pytest.fixture(scope="module")
def vapour():
    """27 rigid waters that walk slowly about a cubic grid, one of them a Na."""
    rng = np.random.default_rng(0)
    walk = random_walk(rng, n_atoms=27, n_frames=200, coefficient=0.05, edge=12.0)
    grid = np.stack(np.meshgrid(*3 * [np.arange(3) * 4.0]), axis=-1).reshape(27, 3)
    centres = walk.positions - walk.positions[:1] + grid
    shape = np.array([[0, 0, 0], [0.76, 0.59, 0], [-0.76, 0.59, 0]])
    positions = (centres[:, :, None] + shape).reshape(200, 81, 3)[:, :79]
    return replace(
        walk,
        numbers=np.array([8, 1, 1] * 26 + [11]),
        masses=np.array([15.999, 1.008, 1.008] * 26 + [22.99]),
        positions=positions,
    )


def test_standard_set_names_every_pair_and_particle(vapour):
    found = observe(vapour, viscosity=0.89, temperature=298.15)

    assert found.start == 0
    assert found.n_frames == 200
    assert found.density.error == pytest.approx(0, abs=1e-12)
    assert set(found.radial) == {"H-H", "H-O", "H-Na", "O-O", "O-Na"}
    assert set(found.intermolecular) == {"H-H", "H-O"}
    assert found.coordination["O-H"].value == pytest.approx(2, abs=1e-9)
    assert found.coordination["H-O"].value == pytest.approx(1, abs=1e-9)
    assert set(found.diffusion) == {"O", "H", "Na", "H2O"}
    water = found.diffusion["H2O"]
    # One box in 27 takes the drift with it: D (1 - 1/27).
    assert abs(water.value - 0.05 * 26 / 27) < 4 * water.error
    assert water.corrected.value > water.value
    assert found.notes == ()


def test_json_holds_only_numbers_that_json_knows(vapour):
    text = json.dumps(observe(vapour).to_json(), allow_nan=False)
    assert json.loads(text)["diffusion"]["O"]["n_particles"] == 26


def test_what_cannot_be_had_is_left_out_with_a_note(vapour):
    timeless = replace(vapour, times=np.full(200, np.nan))
    found = observe(timeless)
    assert found.diffusion == {}
    assert "interval_fs" in found.notes[0]

    bare = observe(replace(vapour, cells=np.zeros((200, 3, 3))))
    assert bare.density is None
    assert bare.radial == {}
    assert any("no g(r)" in note for note in bare.notes)
    assert bare.diffusion["O"].value > 0


def test_relaxation_in_the_log_is_cut_from_the_trajectory(vapour):
    rng = np.random.default_rng(1)
    energy = rng.normal(size=1000) + 50 * np.exp(-np.arange(1000) / 50)
    run = Simulation(vapour, {"potential_energy_eV": energy}, None, float("nan"))
    found = observe(run)
    assert 30 <= found.start <= 90
    assert found.n_frames == 200 - found.start


def test_drifting_run_keeps_its_second_half_and_says_so(vapour):
    energy = np.concatenate([np.linspace(500, 0, 900), np.zeros(100)])
    energy += np.random.default_rng(2).normal(size=1000)
    run = Simulation(vapour, {"potential_energy_eV": energy}, None, float("nan"))
    found = observe(run)
    assert found.start == 100
    assert "not equilibrated" in found.notes[0]


def test_requests_that_cannot_be_met_are_refused(vapour):
    with pytest.raises(InputError, match="with `temperature`"):
        observe(vapour, viscosity=0.9)
    empty = replace(
        vapour,
        positions=vapour.positions[:0],
        cells=vapour.cells[:0],
        times=vapour.times[:0],
    )
    with pytest.raises(InputError, match="at least one frame"):
        observe(empty)
