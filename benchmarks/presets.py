"""What each preset costs, gives, and does in molecular dynamics.

``python benchmarks/presets.py [MODEL ...]`` runs the protocols of DFT water (with
200 ps of NVE) and of NaCl in water with each preset, or the models named, among which
``linear`` means the linear readout. It times molecular dynamics, prints the figures,
and writes ``docs/presets.md`` and ``docs/presets.svg``; `measurements` gives the
figures as a list. Runs stay in ``build/presets`` and are not done again. The labels are
read from ``shared/data`` beside the clone; without them there is nothing to measure.

PBE0-TS water: the block split is the honest one, 300 frames in time to train, 20 left
out, 80 held out; ``data_3`` is the published one, which leaks. NaCl in water,
revPBE0-D3: one whole composition is held out, and simulated.
"""

import json
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
from ase import Atoms
from measurement import Measurement, measurement, print_all

import brine
from brine.datasets import Dataset, Split, load_dataset
from brine.dynamics import NVE, NVT, MDSettings
from brine.potentials import NativePotential, load
from brine.settings.potential import PRESETS
from brine.structures.simulation import Simulation
from brine.validation import Verdict
from brine.validation.energy_drift import energy_drift
from brine.workflow.labelling import read_splits
from dynamics import REPEATS, TIMESTEP, brine_speed

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"
FOLDER = ROOT / "build" / "presets"
TABLE, PICTURE = ROOT / "docs" / "presets.md", ROOT / "docs" / "presets.svg"
MODELS = tuple(PRESETS)
NVE_PS = 200.0
HEAVY = {1: 3.0, 8: 12.0}
"""Masses with hydrogen's repartitioned, amu."""
HEAVY_PS = 50.0

Cell = Callable[[dict[str, float], str], str]
"""What stands in a row of the table under a model's name."""


def measurements(models: tuple[str, ...] = MODELS) -> list[Measurement]:
    """Every figure of this file: ``{name, value, unit, peer}``."""
    if not DATA.is_dir():
        return []
    rows = [row for name in models for row in _of(name)]
    return rows + _speeds(models)


def _of(name: str) -> Iterator[Measurement]:
    water, salt = _run(name, "water-dft"), _run(name, "nacl-water")
    for suffix, run, split in (
        ("", water, "main"),
        ("_data_3", water, "folders"),
        ("_nacl", salt, "main"),
    ):
        force, energy = run.errors(split)
        yield measurement(f"force_rmse_{name}{suffix}_meV_per_A", force, "meV/Å")
        yield measurement(
            f"energy_rmse_{name}{suffix}_meV_per_atom", energy, "meV/atom"
        )
        yield measurement(f"fit_{name}{suffix}_s", run.seconds(split), "s")
    for suffix, run in (("water", water), ("nacl", salt)):
        yield measurement(f"accepted_{name}_{suffix}", run.verdict.accepted, "")
    drift = next(gate for gate in water.verdict.gates if gate.name == "energy_drift")
    heavy = energy_drift(_with_heavy_hydrogen(water))
    for suffix, value, error in (
        ("", drift.value, drift.error),
        ("_1fs", heavy.value, heavy.error),
    ):
        unit = "meV/atom/ns"
        yield measurement(f"drift_{name}{suffix}_meV_per_atom_ns", value, unit)
        yield measurement(f"drift_{name}{suffix}_error_meV_per_atom_ns", error, unit)


class _Run:
    """A protocol that has run, and its results."""

    def __init__(self, verdict: Verdict, folder: Path) -> None:
        self.verdict, self._folder = verdict, folder
        names = json.loads((folder / "steps" / "current.json").read_text())
        self._steps = {
            name: folder / "steps" / stored for name, stored in names.items()
        }

    @property
    def potential(self) -> NativePotential:
        return load(self._folder / "potential.brine")

    @property
    def frame(self) -> Atoms:
        return self._dataset.frame(0)

    @property
    def _dataset(self) -> Dataset:
        return load_dataset(self._steps["labels"] / "dataset.npz")

    def seconds(self, split: str) -> float:
        return float(
            json.loads((self._fit(split) / "step.json").read_text())["seconds"]
        )

    def errors(self, split: str) -> tuple[float, float]:
        """Root mean squares: meV/Å of forces, meV/atom of energies less their mean."""
        chosen: dict[str, Split] = read_splits(self._steps["splits"])
        potential, dataset = load(self._fit(split) / "potential.brine"), self._dataset
        forces, energies = [], []
        for index in map(int, chosen[split].test):
            found = potential.evaluate(dataset.frame(index))
            labels = dataset.forces[dataset.atoms_of(index)]
            forces.append(np.square(found.forces - labels).mean())
            energies.append((found.energy - dataset.energy[index]) / len(labels))
        return 1e3 * float(np.sqrt(np.mean(forces))), 1e3 * float(np.std(energies))

    def _fit(self, split: str) -> Path:
        return self._steps["fit" if split == "main" else f"fit-{split}"]


@cache
def _run(name: str, example: str) -> _Run:
    protocol = brine.load_protocol(ROOT / "examples" / f"{example}.yaml")
    epochs = {"epochs": protocol.potential.epochs} if example == "nacl-water" else {}
    settings = (
        brine.NativeSettings()
        if name == "linear"
        else brine.NativeSettings(preset=name, **epochs)
    )
    update: dict[str, object] = {"potential": settings}
    if example == "water-dft":
        update["dynamics"] = protocol.dynamics.model_copy(update={"nve_ps": NVE_PS})
    folder = FOLDER / f"{example}-{name}"
    verdict = brine.run_protocol(
        protocol.model_copy(update=update), folder, base=ROOT / "examples"
    )
    return _Run(verdict, folder)


def _with_heavy_hydrogen(run: _Run) -> Simulation:
    """NVE at 1 fs with hydrogen's mass repartitioned, after equilibration."""
    potential, atoms = run.potential, run.frame
    atoms.set_masses([HEAVY[number] for number in atoms.numbers])
    masses = tuple(atoms.get_masses())
    warm = MDSettings(NVT(300.0), 10_000, timestep=1.0, interval=1000, masses=masses)
    ready = brine.run_md(atoms, potential, warm).final
    steps = round(HEAVY_PS * 1e3)
    still = MDSettings(NVE(), steps, timestep=1.0, interval=20, masses=masses)
    return brine.run_md(ready, potential, still)


def _speeds(models: tuple[str, ...]) -> list[Measurement]:
    """Of all models in turn, so that a slow spell of the machine meets everybody."""
    rows = []
    box = _run(models[0], "water-dft").frame
    for atoms in (box, box.repeat((3, 3, 3))):
        speeds = [
            [brine_speed(atoms, _run(name, "water-dft").potential) for name in models]
            for _ in range(REPEATS)
        ]
        for name, speed in zip(models, np.max(speeds, axis=0), strict=True):
            rows.append(
                measurement(f"md_{len(atoms)}_ns_per_day_{name}", speed, "ns/day")
            )
    return rows


def _microseconds(ns_per_day: float, n_atoms: int) -> float:
    """For an atom and step."""
    return 1e6 * TIMESTEP * 1e-6 * 86400 / ns_per_day / n_atoms


def publish(rows: list[Measurement], models: tuple[str, ...] = MODELS) -> None:
    """Write `TABLE` and `PICTURE`."""
    if rows:
        value = {row["name"]: row["value"] for row in rows}
        _write_table(value, models)
        _draw(value, models)


def _write_table(value: dict[str, float], models: tuple[str, ...]) -> None:
    lines = [
        "# Presets of the native potential",
        "",
        "Written by `python benchmarks/presets.py`, which also draws the picture.",
        "",
        "![Error against time per atom and step](presets.svg)",
        "",
        "| | " + " | ".join(models) + " |",
        "|---|" + "---|" * len(models),
    ]
    for label, cell in _ROWS.items():
        cells = [cell(value, name) for name in models]
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _number(pattern: str, digits: int = 1) -> Cell:
    return lambda value, name: f"{value[pattern.format(name)]:.{digits}f}"


def _drift(ending: str) -> Cell:
    def cell(value: dict[str, float], name: str) -> str:
        drift, error = (
            value[f"drift_{name}{ending}{part}_meV_per_atom_ns"]
            for part in ("", "_error")
        )
        return f"{drift:+.2f} ± {error:.2f}"

    return cell


def _verdict(system: str) -> Cell:
    def cell(value: dict[str, float], name: str) -> str:
        example = {"water": "water-dft", "nacl": "nacl-water"}[system]
        gates = _run(name, example).verdict.gates
        if value[f"accepted_{name}_{system}"]:
            open_ones = [g.name for g in gates if g.status.value == "undetermined"]
            return "accepted; undetermined: " + (", ".join(open_ones) or "none")
        return ", ".join(
            f"{gate.name}: {gate.status.value}"
            for gate in gates
            if gate.status.value == "fail" or gate.blocks
        )

    return cell


_ROWS = {
    "force RMSE, block split of PBE0-TS water, meV/Å": _number(
        "force_rmse_{}_meV_per_A"
    ),
    "force RMSE, data_3 (leaks), meV/Å": _number("force_rmse_{}_data_3_meV_per_A"),
    "energy RMSE, block split, meV/atom": _number("energy_rmse_{}_meV_per_atom", 2),
    "energy RMSE, data_3, meV/atom": _number("energy_rmse_{}_data_3_meV_per_atom", 2),
    "fit of 300 frames, s": _number("fit_{}_s", 0),
    "force RMSE, held-out NaCl composition, meV/Å": _number(
        "force_rmse_{}_nacl_meV_per_A"
    ),
    "5184 atoms, NVT at 0.5 fs, ns/day": _number("md_5184_ns_per_day_{}", 2),
    "192 atoms, NVT at 0.5 fs, ns/day": _number("md_192_ns_per_day_{}"),
    "NVE drift, 0.5 fs, 200 ps, meV/atom/ns": _drift(""),
    "NVE drift, 1 fs with H of 3 and O of 12 amu, 50 ps, meV/atom/ns": _drift("_1fs"),
    "verdict, water: 300 ps at 300 K, 10 ps at 400 K": _verdict("water"),
    "verdict, NaCl in water: 50 ps at 300 K, 10 ps at 400 K": _verdict("nacl"),
}


def _draw(value: dict[str, float], models: tuple[str, ...]) -> None:
    """Error of forces against µs per atom and step of 5184 atoms."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 4), layout="constrained")
    for name in models:
        cost = _microseconds(value[f"md_5184_ns_per_day_{name}"], 5184)
        place = cost, value[f"force_rmse_{name}_meV_per_A"]
        axes.plot(*place, "o")
        axes.annotate(name, place, xytext=(6, 4), textcoords="offset points")
    axes.set(
        xlabel="µs per atom and step (5184 atoms, NVT, two threads)",
        ylabel="force RMSE, block split of PBE0-TS water, meV/Å",
        xlim=(0, None),
        ylim=(0, None),
    )
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(PICTURE, metadata={"Date": None})


if __name__ == "__main__":
    chosen = tuple(sys.argv[1:]) or MODELS
    found = measurements(chosen)
    print_all(found)
    publish(found, chosen)
