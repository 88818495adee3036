"""What each preset costs and gives: errors on DFT labels, speed, time to train.

``python benchmarks/presets.py`` prints the table and draws ``docs/presets.svg`` (error
against time per atom and step); `measurements` gives it as a list. The labels are read
from ``shared/data`` beside the clone; without them there is nothing to measure.

PBE0-TS water: the block split is the honest one, 300 frames in time to train, 20 left
out, 80 held out; ``data_3`` is the published one, which leaks. NaCl in water,
revPBE0-D3: one whole composition is held out.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from measurement import Measurement, measurement, print_all

import brine
from brine.datasets import (
    Dataset,
    Split,
    split_by_composition,
    split_by_group,
    split_by_time_block,
)
from brine.potentials import NativePotential
from brine.settings.potential import PRESETS
from brine.workflow.labelling import order_from_file
from dynamics import REPEATS, TIMESTEP, brine_speed

DATA = Path(__file__).parents[2] / "shared" / "data"
PICTURE = Path(__file__).parents[1] / "docs" / "presets.svg"
MODELS = {
    "linear": brine.NativeSettings(),
    **{name: brine.NativeSettings(preset=name) for name in PRESETS},
}


def measurements() -> list[Measurement]:
    """Every figure of this file: ``{name, value, unit, peer}``."""
    if not DATA.is_dir():
        return []
    return [row for name in MODELS for row in _of(name)]


def _of(name: str) -> Iterator[Measurement]:
    for suffix, (dataset, split) in _splits().items():
        start = time.perf_counter()
        potential = brine.fit(dataset.select(split.train), MODELS[name])
        seconds = time.perf_counter() - start
        force, energy = _errors(potential, dataset, split)
        yield measurement(f"force_rmse_{name}{suffix}_meV_per_A", force, "meV/Å")
        yield measurement(
            f"energy_rmse_{name}{suffix}_meV_per_atom", energy, "meV/atom"
        )
        yield measurement(f"fit_{name}{suffix}_s", seconds, "s")
        if not suffix:
            box = dataset.frame(int(split.train[0]))
            for atoms in (box, box.repeat((3, 3, 3))):
                speeds = [brine_speed(atoms, potential) for _ in range(REPEATS)]
                speed = float(np.median(speeds))
                yield measurement(f"md_{len(atoms)}_ns_per_day_{name}", speed, "ns/day")


def _splits() -> dict[str, tuple[Dataset, Split]]:
    """By the ending of a figure's name."""
    folder = DATA / "water-pbe0ts"
    water = brine.read_dataset(str(folder), fingerprint="PBE0-TS")
    order = order_from_file(water, folder / "time_order.txt")
    salt = brine.read_dataset(
        str(DATA / "nacl-water" / "revPBE0-D3-*.extxyz"),
        fingerprint="revPBE0-D3",
        every=4,
    )
    block = split_by_time_block(water, train=300, gap=20, test=80, order=order)
    return {
        "": (water, block),
        "_data_3": (water, split_by_group(water, str(folder / "data_3"))),
        "_nacl": (salt, split_by_composition(salt, "Na4Cl4O56H112")),
    }


def _errors(
    potential: NativePotential, dataset: Dataset, split: Split
) -> tuple[float, float]:
    """Root mean squares: meV/Å of forces, meV/atom of energies less their mean."""
    forces, energies = [], []
    for index in split.test:
        found = potential.evaluate(dataset.frame(int(index)))
        labels = dataset.forces[dataset.atoms_of(int(index))]
        forces.append(np.square(found.forces - labels).mean())
        energies.append((found.energy - dataset.energy[index]) / len(labels))
    return 1e3 * float(np.sqrt(np.mean(forces))), 1e3 * float(np.std(energies))


def draw(rows: list[Measurement]) -> None:
    """Error of forces against µs per atom and step of 5184 atoms, as `PICTURE`."""
    from matplotlib import pyplot

    if not rows:
        return
    value = {row["name"]: row["value"] for row in rows}
    figure, axes = pyplot.subplots(figsize=(6, 4), layout="constrained")
    for name in MODELS:
        steps_per_s = value[f"md_5184_ns_per_day_{name}"] / (TIMESTEP * 1e-6 * 86400)
        place = 1e6 / steps_per_s / 5184, value[f"force_rmse_{name}_meV_per_A"]
        axes.plot(*place, "o")
        axes.annotate(name, place, xytext=(6, 4), textcoords="offset points")
    axes.set(
        xlabel="µs per atom and step (5184 atoms, NVT, two threads)",
        ylabel="force RMSE, block split of PBE0-TS water, meV/Å",
        xlim=(0, None),
        ylim=(0, None),
    )
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(PICTURE)


if __name__ == "__main__":
    found = measurements()
    print_all(found)
    draw(found)
