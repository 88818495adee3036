"""What brine writes for other packages, and what it reads of their progress."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import read

from brine.datasets import concatenate, dataset_from_atoms
from brine.potentials.baselines.zbl import zbl
from brine.settings import AllegroSettings, DeePMDSettings, NequIPSettings
from brine.training.families.deepmd import DeePMDTrainer
from brine.training.families.nequip import NequIPTrainer
from brine.training.families.trainer import Order, overlaid
from tests.potentials.training_frames import water_like_frames


@pytest.fixture
def frames():
    """Periodic waters with stress, and one cluster without."""
    rng = np.random.default_rng(4)
    found = []
    for atoms in water_like_frames(6).frames():
        labels = dict(atoms.calc.results, stress=rng.normal(size=6))
        boxed = Atoms(atoms.numbers, atoms.positions, cell=[9.0, 10.0, 11.0], pbc=True)
        boxed.calc = SinglePointCalculator(boxed, **labels)
        found.append(boxed)
    periodic = dataset_from_atoms(found, groups=["a"] * 6, fingerprint="pair model")
    return concatenate([periodic, water_like_frames(1, seed=1)])


def order(frames, settings, folder, n_steps=500):
    return Order(settings, frames, frames, folder, n_steps, seed=7)


def deepmd(frames, folder, **settings):
    chosen = DeePMDSettings(kind="deepmd", **settings)
    DeePMDTrainer().write_inputs(order(frames, chosen, folder))
    return json.loads((folder / "input.json").read_text())


def nequip(frames, folder, **settings):
    chosen = NequIPSettings(kind="nequip", **settings)
    NequIPTrainer("nequip").write_inputs(order(frames, chosen, folder))
    return json.loads((folder / "config.yaml").read_text())


def test_deepmd_frames_stand_with_those_that_have_the_same_labels(frames, tmp_path):
    found = deepmd(frames, tmp_path)["training"]["training_data"]["systems"]

    assert found == ["training/000", "training/001"]
    boxed, cluster = (tmp_path / name / "set.000" for name in found)
    assert {p.stem for p in boxed.iterdir()} == {
        *("box", "coord", "energy", "force", "virial"),
    }
    assert {p.stem for p in cluster.iterdir()} == {"coord", "energy", "force"}
    assert (cluster.parent / "nopbc").exists()
    assert not (boxed.parent / "nopbc").exists()


def test_deepmd_frames_that_lack_a_label_stand_apart(tmp_path):
    frames = water_like_frames(4)
    gaps = replace(frames, has_energy=np.array([True, False, True, False]))
    found = deepmd(gaps, tmp_path)["training"]["training_data"]["systems"]

    assert len(found) == 2
    labels = [{p.stem for p in (tmp_path / n / "set.000").iterdir()} for n in found]
    assert labels == [{"coord", "energy", "force"}, {"coord", "force"}]


@pytest.mark.parametrize("n_steps", [2, 17, 105, 5000])
def test_deepmd_saves_its_last_step(frames, tmp_path, n_steps):
    """It saves where it displays, and at the end where a save is not due."""
    chosen = DeePMDSettings(kind="deepmd")
    DeePMDTrainer().write_inputs(order(frames, chosen, tmp_path, n_steps))
    training = json.loads((tmp_path / "input.json").read_text())["training"]

    assert training["disp_freq"] <= n_steps
    assert training["save_freq"] % training["disp_freq"] == 0


def test_deepmd_virial_is_minus_volume_times_stress(frames, tmp_path):
    deepmd(frames, tmp_path)
    virial = np.load(tmp_path / "training/000/set.000/virial.npy")

    assert np.abs(virial).max() > 1
    expected = -frames.stress[:6].reshape(6, 9) * 9.0 * 10.0 * 11.0
    np.testing.assert_allclose(virial, expected, rtol=0, atol=1e-9)


def test_deepmd_types_follow_the_type_map(frames, tmp_path):
    found = deepmd(frames, tmp_path)["model"]["type_map"]
    types = np.loadtxt(tmp_path / "training/000/type.raw", dtype=int)

    assert found == ["H", "O"]
    assert [found[k] for k in types] == frames.frame(0).get_chemical_symbols()


def test_deepmd_table_holds_zbl_of_every_pair_below_the_data(frames, tmp_path):
    model = deepmd(frames, tmp_path, cutoff_A=5.0)["model"]
    table = np.loadtxt(tmp_path / model["use_srtab"])

    for column, pair in enumerate([(1, 1), (1, 8), (8, 8)], start=1):
        expected = zbl(table[:, 0], pair, cutoff=5.0)[0]
        np.testing.assert_allclose(table[:, column], expected, rtol=1e-12)
    shortest = min(
        atoms.get_all_distances()[np.triu_indices(6, 1)].min()
        for atoms in frames.frames()
    )
    assert 0.3 < model["sw_rmin"] < model["sw_rmax"] < shortest
    assert "use_srtab" not in deepmd(frames, tmp_path, repulsion="none")["model"]


def test_deepmd_without_stress_weighs_no_virial(tmp_path):
    loss = deepmd(water_like_frames(4), tmp_path)["loss"]
    assert loss["start_pref_v"] == loss["limit_pref_v"] == 0
    assert loss["start_pref_f"] > loss["limit_pref_f"] > 0


def test_deepmd_hybrid_holds_every_descriptor(frames, tmp_path):
    chosen = {"hybrid": ["se_e2_a", "se_e3"], "three_body_cutoff_A": 3.0}
    found = deepmd(frames, tmp_path, **chosen)["model"]["descriptor"]
    assert found["type"] == "hybrid"
    assert [d["type"] for d in found["list"]] == ["se_e2_a", "se_e3"]
    assert [d["rcut"] for d in found["list"]] == [6.0, 3.0]


def test_extra_is_laid_over_what_brine_writes(frames, tmp_path):
    extra = {"loss": {"start_pref_f": 5}, "model": {"data_stat_nbatch": 3}}
    found = deepmd(frames, tmp_path, extra=extra)
    assert found["loss"]["start_pref_f"] == 5
    assert found["loss"]["limit_pref_f"] == 1.0
    assert found["model"]["data_stat_nbatch"] == 3
    assert overlaid({"a": {"b": 1}}, {"a": 2}) == {"a": 2}


def test_deepmd_progress_is_read_from_its_curve(tmp_path):
    (tmp_path / "lcurve.out").write_text(
        "# step  rmse_val rmse_trn rmse_e_val rmse_e_trn rmse_f_val rmse_f_trn lr\n"
        "# If there is no available reference data, rmse_* will print nan\n"
        "  0  2e1 2e1 1e-1 1e-1 8e-1 7e-1 1e-3\n"
        " 10  2e1 2e1 2e-2 1e-2 5e-1 4e-1 9e-4\n"
        " 20  2e1 2e1"
    )
    found = DeePMDTrainer().points(tmp_path)
    assert [(p.step, p.energy, p.force) for p in found] == [
        (0, 0.1, 0.8),
        (10, 0.02, 0.5),
    ]
    assert DeePMDTrainer().points(tmp_path / "nowhere") == []


def test_nequip_frames_keep_labels_and_leave_gaps_as_nan(frames, tmp_path):
    nequip(frames, tmp_path)
    found = read(tmp_path / "training.extxyz", ":")

    assert len(found) == 7
    forces = frames.frame(2).get_forces()
    np.testing.assert_allclose(found[2].get_forces(), forces, rtol=0, atol=1e-8)
    stress = frames.frame(2).get_stress()
    np.testing.assert_allclose(found[2].get_stress(), stress, rtol=0, atol=1e-8)
    assert np.isnan(found[6].get_stress()).all()


def test_nequip_loss_counts_the_virial_per_atom(frames, tmp_path):
    periodic = frames.select(np.arange(6))
    loss = nequip(periodic, tmp_path, stress_weight=2.0)["training_module"]["loss"]
    coefficients = {entry["name"]: entry["coeff"] for entry in loss["metrics"]}

    per_atom = 9.0 * 10.0 * 11.0 / 6
    assert coefficients["stress"] == pytest.approx(2.0 * per_atom**2)
    assert not any(entry["ignore_nan"] for entry in loss["metrics"])


def test_nequip_ignores_gaps_only_where_there_are_some(frames, tmp_path):
    loss = nequip(frames, tmp_path)["training_module"]["loss"]
    assert {e["name"]: e["ignore_nan"] for e in loss["metrics"]} == {
        "energy": False,
        "forces": False,
        "stress": True,
    }


def test_validation_frames_are_measured_by_the_labels_they_have(frames, tmp_path):
    boxed, cluster = frames.select(np.arange(6)), frames.select([6])
    chosen = NequIPSettings(kind="nequip")
    NequIPTrainer("nequip").write_inputs(Order(chosen, boxed, cluster, tmp_path, 9, 1))
    found = json.loads((tmp_path / "config.yaml").read_text())["training_module"]

    for part, names in (
        ("loss", ["energy", "forces", "stress"]),
        ("val_metrics", ["energy", "forces"]),
    ):
        assert [entry["name"] for entry in found[part]["metrics"]] == names


def test_allegro_and_nequip_share_all_but_the_model(frames, tmp_path):
    first = nequip(frames, tmp_path)
    chosen = AllegroSettings(kind="allegro", scalar_features=24)
    NequIPTrainer("allegro").write_inputs(order(frames, chosen, tmp_path))
    second = json.loads((tmp_path / "config.yaml").read_text())

    model = second["training_module"].pop("model")
    assert model["_target_"] == "allegro.model.AllegroModel"
    assert model["num_scalar_features"] == 24
    assert model["pair_potential"]["chemical_species"] == ["H", "O"]
    first["training_module"].pop("model")
    assert first == second


def test_nequip_progress_is_read_from_its_metrics(tmp_path):
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "metrics.csv").write_text(
        "epoch,step,train_loss_step/forces,val0_epoch/energy,val0_epoch/forces\n"
        "0,4,0.3,,\n"
        "0,9,0.2,,\n"
        "0,9,,0.01,0.25\n"
    )
    found = NequIPTrainer("nequip").points(tmp_path)
    assert [p.step for p in found] == [5, 10]
    assert math.isnan(found[0].force)
    assert (found[1].energy, found[1].force) == (0.01, 0.25)
