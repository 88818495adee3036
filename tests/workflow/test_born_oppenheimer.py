"""Sampling with an oracle that can only label."""

import numpy as np
import pytest

from brine.errors import InputError, UnconvergedError
from brine.oracles import Conditions, SPCFw, label_frames
from brine.settings import OracleLabels
from brine.structures import build_box
from brine.workflow.born_oppenheimer import BornOppenheimer
from brine.workflow.crew import inline_crew
from brine.workflow.engine import run_steps
from brine.workflow.labelling import make_labels
from brine.workflow.sampling import labelled_by_oracle, make_oracle
from brine.workflow.step import Step
from brine.workflow.store import Store


class LabelsOnly:
    """An oracle without dynamics, which fails after so many labels."""

    def __init__(self, lasts=10**9):
        self.field, self.n_labels, self.lasts = SPCFw(cutoff=3.6), 0, lasts
        self.fingerprint, self.cores = self.field.fingerprint, 1

    def label(self, atoms):
        self.n_labels += 1
        if self.n_labels > self.lasts:
            raise UnconvergedError("the SCF must converge, and did not.")
        return self.field.label(atoms)


@pytest.fixture(scope="module")
def water():
    return build_box({"H2O": 16}, density=1.0, rng=np.random.default_rng(1))


CONDITIONS = Conditions(150.0, 20.0, equilibration=10.0, interval=5.0, seed=3)


def test_a_run_warms_up_from_the_cold_and_has_the_frames_asked_for(water):
    oracle = LabelsOnly()

    run = BornOppenheimer(oracle, ramp=5.0).simulate(water, CONDITIONS)

    assert len(run.trajectory) == 4
    assert oracle.n_labels >= 20 + 10 + 20
    assert np.ptp(run.trajectory.positions, axis=0).max() > 0.02
    labelled = label_frames(
        oracle.field, [run.final], groups=["last"]
    )  # the forces were the oracle's own
    assert labelled.energy[0] == pytest.approx(run.log["potential_energy_eV"][-1])


def test_progress_rises_over_all_stages(water):
    done: list[float] = []

    def tell(task, numbers):
        done.append(numbers["done"])

    BornOppenheimer(LabelsOnly(), ramp=5.0).simulate(water, CONDITIONS, report=tell)

    assert done == sorted(done)
    assert done[-1] == pytest.approx(1.0)


def test_pressure_lets_the_cell_change(water):
    conditions = Conditions(
        100.0, 20.0, pressure=20_000.0, equilibration=5.0, interval=5.0, seed=3
    )
    run = BornOppenheimer(LabelsOnly(), ramp=5.0).simulate(water, conditions)

    volumes = np.linalg.det(run.trajectory.cells)
    assert abs(volumes[-1] - water.get_volume()) > 1e-3


def test_what_was_interrupted_goes_on_to_the_same_end(water, tmp_path):
    whole = BornOppenheimer(LabelsOnly(), tmp_path / "whole", ramp=5.0)
    expected = whole.simulate(water, CONDITIONS)
    broken = BornOppenheimer(LabelsOnly(lasts=43), tmp_path / "broken", ramp=5.0)
    with pytest.raises(UnconvergedError, match="SCF must converge"):
        broken.simulate(water, CONDITIONS)

    again = LabelsOnly()
    found = BornOppenheimer(again, tmp_path / "broken", ramp=5.0).simulate(
        water, CONDITIONS
    )

    assert again.n_labels < 30
    np.testing.assert_array_equal(
        found.trajectory.positions, expected.trajectory.positions
    )


@pytest.fixture
def on_path(tmp_path, monkeypatch):
    """A module of the user's own."""
    (tmp_path / "own_field.py").write_text(
        "from brine.oracles import SPCFw\n"
        "def water(cutoff):\n"
        "    return SPCFw(cutoff=cutoff).calculator()\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))


def labels(**changes):
    own = {
        "kind": "calculator",
        "factory": "own_field:water",
        "arguments": {"cutoff": 3.6},
        "fingerprint": "own water",
    }
    sampling = {
        "temperatures_K": [100],
        "density_factors": [1.0],
        "frames_per_run": 2,
        "interval_fs": 5,
        "equilibration_ps": 0.005,
        "ramp_K_per_ps": 5000,
    }
    return OracleLabels.model_validate(
        {
            "kind": "oracle",
            "oracle": own | changes,
            "sampler": own | changes,
            "sampling": sampling,
        }
    )


INPUTS = {
    "system": {"molecules": {"H2O": 16}, "density_g_per_mL": 1.0},
    "seed": 1,
}


def test_any_calculator_of_ase_labels_and_samples(on_path, tmp_path):
    found = labelled_by_oracle(labels(), INPUTS, runs=tmp_path / "runs")

    assert found.fingerprint == "own water"
    assert len(found) == 2 + 4
    assert len(list((tmp_path / "runs").glob("*/run/trajectory.nc"))) == 1
    expected = SPCFw(cutoff=3.6).label(found.frame(0))
    np.testing.assert_allclose(found.frame(0).get_forces(), expected.forces, atol=1e-6)


def test_what_is_labelled_stays_so_when_more_is_asked_for(on_path, tmp_path):
    """Labels of DFT take hours: those of frames that stay are not made again."""
    made = []
    for n_frames in (2, 3):
        content = labels().model_dump(mode="json")
        content["sampler"] = {"kind": "spcfw", "cutoff_A": 3.6}
        content["sampling"] |= {"frames_per_run": n_frames, "molecule_factors": []}
        step = Step("labels", make_labels, 1, INPUTS | {"labels": content})
        run_steps([step], Store(tmp_path), crew=inline_crew())
        files = (tmp_path / "steps" / "kept").iterdir()
        made.append({path.name: path.stat().st_mtime_ns for path in files})

    assert len(made[1]) == len(made[0]) + 1
    assert made[0].items() < made[1].items()


FAULTY = """
from brine.oracles import SPCFw
class Water: pass
number = 7
def nothing(): return None
def raises(): raise RuntimeError("no GPU here")
def leaves(): raise SystemExit(3)
def bare():
    from ase.calculators.calculator import Calculator
    return Calculator()
def broken():
    found = SPCFw(cutoff=3.6).calculator()
    found.get_property = lambda *given: [][0]
    return found
"""


@pytest.mark.parametrize(
    ("factory", "words"),
    [
        ("own_field:ice", "AttributeError"),
        ("nowhere:ice", "ModuleNotFoundError"),
        ("..own_field:water", "must make an ASE calculator"),
        ("own_field:water", "TypeError"),
        ("faulty:number", "TypeError"),
        ("faulty:nothing", "got None; return an instance"),
        ("faulty:Water", "return an instance"),
        ("faulty:raises", "RuntimeError: no GPU here"),
        ("faulty:leaves", "SystemExit"),
        ("faulty:bare", "got none of energy, forces, stress"),
    ],
)
def test_a_calculator_that_cannot_be_made_is_named(on_path, tmp_path, factory, words):
    (tmp_path / "faulty.py").write_text(FAULTY)
    settings = labels(factory=factory, arguments={})
    with pytest.raises(InputError, match="factory") as caught:
        make_oracle(settings.oracle, ("H", "O"))
    assert words in str(caught.value)


def test_a_calculator_that_fails_in_a_label_says_so(on_path, tmp_path, water):
    (tmp_path / "faulty.py").write_text(FAULTY)
    oracle = make_oracle(
        labels(factory="faulty:broken", arguments={}).oracle, ("H", "O")
    )
    with pytest.raises(UnconvergedError, match="says IndexError"):
        oracle.label(water)
