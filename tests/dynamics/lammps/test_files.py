"""What is written for LAMMPS, and what is read of it."""

import numpy as np
import pytest
from ase import Atoms

from brine.dynamics import NPT, NVE, NVT, MDSettings
from brine.dynamics.engine import start_state
from brine.dynamics.lammps.agreement import Agreement
from brine.dynamics.lammps.results import complaint, dumped, thermo
from brine.dynamics.lammps.script import COLUMNS, dynamics, write_start
from brine.errors import InputError


@pytest.fixture
def water():
    cell = [[9.0, 0, 0], [1.5, 8.0, 0], [0.5, -1.0, 7.0]]
    positions = [[0.1, 0.2, 0.3], [1.0, 0.2, 0.3], [-0.1, 1.1, 0.3]]
    return Atoms("OHH", positions, cell=cell, pbc=True)


def commands(settings):
    return dynamics(settings, frames="frames.0", first=True)


def test_a_start_has_metal_units_and_every_digit(water, tmp_path):
    state = start_state(water, MDSettings(NVT(300.0), n_steps=1, seed=2))
    write_start(state, tmp_path / "start.data")
    text = (tmp_path / "start.data").read_text()

    assert "3 atoms" in text
    assert "1.5 0.5 -1.0 xy xz yz" in text
    masses, rest = text.split("Masses\n")[1].split("Atoms # atomic\n")
    assert [line.split()[0] for line in masses.split("\n") if line] == ["1", "2"]
    atoms, velocities = rest.split("Velocities\n")
    rows = np.array([line.split() for line in atoms.split("\n") if line], dtype=float)
    np.testing.assert_array_equal(rows[:, 1], [2, 1, 1])  # types: H before O
    np.testing.assert_array_equal(rows[:, 2:], state.positions)
    rows = np.array(
        [line.split() for line in velocities.split("\n") if line], dtype=float
    )
    assert np.abs(state.velocities).max() > 1e-3
    # Å/fs are a thousand Å/ps.
    np.testing.assert_allclose(rows[:, 1:], 1e3 * state.velocities, rtol=1e-15)


def test_two_masses_of_one_element_are_refused(water, tmp_path):
    state = start_state(water, MDSettings(NVE(300.0), n_steps=1, masses=(16, 1, 2)))
    with pytest.raises(InputError, match=r"`masses` must be one for each element.* H"):
        write_start(state, tmp_path / "start.data")


def test_times_are_picoseconds_and_pressures_bar():
    text = "\n".join(commands(MDSettings(NVE(), n_steps=7, timestep=0.5)))
    assert "timestep 0.0005" in text
    assert "fix motion all nve" in text
    assert "bath" not in text
    rescaling = commands(MDSettings(NVT((300.0, 350.0), time_constant=250), n_steps=7))
    assert "fix bath all temp/csvr 300.0 350.0 0.25 1" in rescaling
    ensemble = NVT(300.0, "langevin", time_constant=100.0)
    assert any(
        "langevin 300.0 300.0 0.1 " in c for c in commands(MDSettings(ensemble, 7))
    )
    pressure = NPT(300.0, pressure=250.0, pressure_time_constant=2000.0)
    assert "fix motion all nph iso 250.0 250.0 2.0" in commands(MDSettings(pressure, 7))


def test_lines_of_every_run_are_read_and_words_left_out(tmp_path):
    row = " ".join(str(k) for k in range(len(COLUMNS)))
    later = " ".join(str(k + 10) for k in range(len(COLUMNS)))
    log = tmp_path / "log"
    log.write_text(
        f"thermo 10\n Step Temp Press\n{row}\nWARNING: dangerous builds ha\n{later}\n"
        f"Loop time of 3\n{row}\n"
    )
    found = thermo(log)
    np.testing.assert_array_equal(found[:, 0], [0, 10])
    assert thermo(tmp_path / "none").shape == (0, len(COLUMNS))


def test_a_frame_cut_short_is_left_out(tmp_path):
    head = "ITEM: TIMESTEP\n{}\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS pp pp pp\n"
    head += "0 9\n0 9\n0 9\nITEM: ATOMS id xu yu zu\n"
    path = tmp_path / "frames.0"
    path.write_text(
        head.format(0) + "1 0.5 1 2\n2 3 4 5\n" + head.format(10) + "1 0.5 1 2\n2 3"
    )
    ((step, values),) = dumped(path)
    assert step == 0
    np.testing.assert_array_equal(values, [[0.5, 1, 2], [3, 4, 5]])


def test_an_error_is_repeated_without_its_place_in_the_source(tmp_path):
    path = tmp_path / "log"
    path.write_text(
        "ERROR: Lost atoms: original 192 current 191 (src/thermo.cpp:494)\n"
    )
    assert complaint(path) == "ERROR: Lost atoms: original 192 current 191"


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (Agreement(1e-5, 0, 0), "energy"),
        (Agreement(0, 2e-4, 0), "force"),
        (Agreement(0, 0, 6.0), "pressure"),
        (Agreement(0, float("nan"), 0), "force"),
    ],
)
def test_engines_that_disagree_are_refused(found, word):
    Agreement(1e-7, 5e-5, 4.0).check()
    with pytest.raises(InputError, match=f"must agree with .* on the {word}"):
        found.check()
