"""How a fit by another package is set up: budgets, validation frames, packages."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from brine.errors import BrineError, InputError, MissingPackageError
from brine.settings import DeePMDSettings, NequIPSettings
from brine.training.families import fit, fit_elsewhere
from brine.training.families.trainer import Order, Point
from tests.potentials.training_frames import water_like_frames


class Toy:
    """A trainer whose steps take no time."""

    name = "Toy"

    def write_inputs(self, order: Order) -> None:
        (order.folder / "steps").write_text(str(order.n_steps))

    def train_command(self, folder: Path) -> list[str]:
        return ["cp", "steps", "done"]

    def points(self, folder: Path) -> list[Point]:
        found = folder / "done"
        return [Point(int(found.read_text()), 0.01, 0.2)] if found.exists() else []

    def finish_commands(self, order: Order) -> list[list[str]]:
        return [["cp", "done", "model.pb"], ["false"], ["cp", "done", "source.zip"]]

    def model(self, folder: Path) -> Path | None:
        return folder / "model.pb" if (folder / "model.pb").exists() else None

    def source(self, folder: Path) -> Path | None:
        return folder / "source.zip" if (folder / "source.zip").exists() else None

    def environment(self, threads: int) -> dict[str, str]:
        return {}


@pytest.fixture
def toy(monkeypatch):
    monkeypatch.setattr(fit, "TRAINERS", {"deepmd": Toy})
    monkeypatch.setattr(fit, "NEEDS", {"deepmd": ("json",)})


@pytest.mark.parametrize(
    ("budget", "n_steps"), [({"steps": 17}, 17), ({"epochs": 3}, 27), ({}, 900)]
)
def test_a_budget_becomes_steps(toy, tmp_path, budget, n_steps):
    settings = DeePMDSettings(kind="deepmd", **budget)
    told: list[float] = []

    found = fit_elsewhere(
        water_like_frames(10),
        settings,
        tmp_path,
        report=lambda task, numbers: told.append(numbers["done"]),
    )

    assert found.n_steps == n_steps
    assert found.potential.content == str(n_steps).encode()
    assert found.potential.source == found.potential.content
    assert found.potential.provenance["steps"] == n_steps
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert found.points == (Point(n_steps, 0.01, 0.2),)


def test_minutes_are_measured_once(toy, tmp_path, monkeypatch):
    monkeypatch.setattr(fit, "_seconds_per_step", lambda *_: 0.5)
    settings = DeePMDSettings(kind="deepmd", minutes=1)
    # 120 steps are thirteen whole epochs of nine frames.
    assert fit_elsewhere(water_like_frames(10), settings, tmp_path).n_steps == 117
    monkeypatch.setattr(fit, "_seconds_per_step", lambda *_: 50.0)
    assert fit_elsewhere(water_like_frames(10), settings, tmp_path).n_steps == 117


@pytest.mark.parametrize(("n_frames", "n_seen"), [(1, 1), (2, 1), (4, 1), (30, 3)])
def test_some_frames_are_only_looked_at(n_frames, n_seen):
    training, validation = fit._parts(water_like_frames(n_frames), 0.1)
    assert len(validation) == n_seen
    if n_frames > 1:
        assert len(training) + len(validation) == n_frames
        last = water_like_frames(n_frames).frame(n_frames - 1).positions
        np.testing.assert_array_equal(validation.frame(n_seen - 1).positions, last)


def test_a_missing_package_names_its_extra(monkeypatch, tmp_path):
    monkeypatch.setattr(fit, "NEEDS", {"nequip": ("no_such_module",)})
    with pytest.raises(MissingPackageError, match=r"pip install 'brine\[nequip\]'"):
        fit_elsewhere(water_like_frames(2), NequIPSettings(kind="nequip"), tmp_path)


@pytest.mark.parametrize(
    ("gap", "sentence"),
    [
        ({"has_energy": np.zeros(4, bool)}, "frames with an energy, got none among 4"),
        ({"has_forces": np.zeros(4, bool)}, "frames with forces, got none among 4"),
        ({"energy": np.full(4, np.inf)}, "`energy` must be finite"),
    ],
)
def test_labels_that_cannot_train_are_refused(toy, tmp_path, gap, sentence):
    frames = replace(water_like_frames(4), **gap)
    with pytest.raises(InputError, match=sentence):
        fit_elsewhere(frames, DeePMDSettings(kind="deepmd"), tmp_path)
    assert not (tmp_path / "steps").exists()


def test_checkpoints_of_another_fit_are_not_gone_on_from(toy, tmp_path):
    frames = water_like_frames(4)
    first = DeePMDSettings(kind="deepmd", steps=10)
    assert fit_elsewhere(frames, first, tmp_path).potential.content == b"10"
    (tmp_path / "left").touch()
    assert fit_elsewhere(frames, first, tmp_path).n_steps == 10
    assert (tmp_path / "left").exists()
    second = DeePMDSettings(kind="deepmd", steps=20)
    assert fit_elsewhere(frames, second, tmp_path).potential.content == b"20"
    assert not (tmp_path / "left").exists()


def test_a_log_that_is_elsewhere_tells_no_time(toy, tmp_path, monkeypatch):
    monkeypatch.setattr(Toy, "points", lambda *_: [])
    settings = DeePMDSettings(kind="deepmd", minutes=1)
    with pytest.raises(InputError, match=r"`potential\.minutes` needs Toy's log"):
        fit_elsewhere(water_like_frames(4), settings, tmp_path)


def test_what_a_killed_attempt_left_is_no_model(toy, tmp_path, monkeypatch):
    (tmp_path / "model.pb").write_text("half of it")
    monkeypatch.setattr(Toy, "finish_commands", lambda *_: [["false"]])
    with pytest.raises(BrineError, match="Toy must end without an error"):
        fit_elsewhere(water_like_frames(4), DeePMDSettings(kind="deepmd"), tmp_path)


def test_only_words_are_left(tmp_path):
    for name in ("input.json", "log/metrics.csv", "data/set.000/box.npy", "best.ckpt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    fit.remove_weights(tmp_path)
    left = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()}
    assert left == {"input.json", "log/metrics.csv"}
    assert not (tmp_path / "data").exists()
