"""What each preset costs and gives: errors on PBE0-TS water, speed, time to train.

``python benchmarks/presets.py`` prints the table; `measurements` gives it as a list.
The labels are read from ``shared/data/water-pbe0ts`` beside the clone; without them
there is nothing to measure. The block split is the honest one: 300 frames in time to
train, 20 left out, 80 held out; ``data_3`` is the published one, which leaks.
"""

import time
from pathlib import Path

import numpy as np

import brine
from brine.datasets import Dataset, Split, split_by_group, split_by_time_block
from brine.potentials import NativePotential
from brine.settings.potential import PRESETS
from brine.workflow.labelling import order_from_file
from dynamics import REPEATS, Measurement, brine_speed

DATA = Path(__file__).parents[2] / "shared" / "data" / "water-pbe0ts"


def measurements() -> list[Measurement]:
    """Every figure of this file: ``{name, value, unit, peer}``."""
    if not DATA.is_dir():
        return []
    dataset = brine.read_dataset(str(DATA), fingerprint="PBE0-TS")
    order = order_from_file(dataset, DATA / "time_order.txt")
    splits = {
        "": split_by_time_block(dataset, train=300, gap=20, test=80, order=order),
        "_data_3": split_by_group(dataset, str(DATA / "data_3")),
    }
    rows: list[Measurement] = []
    for preset in PRESETS:
        settings = brine.NativeSettings(preset=preset)
        for suffix, split in splits.items():
            start = time.perf_counter()
            potential = brine.fit(dataset.select(split.train), settings)
            seconds = time.perf_counter() - start
            force, energy = _errors(potential, dataset, split)
            rows += [
                _row(f"force_rmse_{preset}{suffix}_meV_per_A", force, "meV/Å"),
                _row(f"energy_rmse_{preset}{suffix}_meV_per_atom", energy, "meV/atom"),
            ]
            if not suffix:
                rows.append(_row(f"fit_{preset}_s", seconds, "s"))
                box = dataset.frame(int(split.train[0]))
                for atoms in (box, box.repeat((3, 3, 3))):
                    speed = np.median(
                        [brine_speed(atoms, potential) for _ in range(REPEATS)]
                    )
                    name = f"md_{len(atoms)}_ns_per_day_{preset}"
                    rows.append(_row(name, float(speed), "ns/day"))
    return rows


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


def _row(name: str, value: float, unit: str) -> Measurement:
    return {"name": name, "value": value, "unit": unit, "peer": None}


if __name__ == "__main__":
    for row in measurements():
        print(f"{row['name']:40} {row['value']:10.3f} {row['unit']}")
