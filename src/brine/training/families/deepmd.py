"""DeePMD-kit: its data folders, its input, its programs."""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from ase.data import chemical_symbols
from numpy.typing import NDArray

from brine.datasets import Dataset
from brine.potentials.baselines.zbl import zbl
from brine.settings import DeePMDSettings
from brine.structures.neighbours import neighbour_pairs
from brine.training.families.trainer import Order, Point, overlaid

TABLE: Final = "zbl.txt"
TABLE_POINTS: Final = 1200
PROGRAM: Final = "brine.training.families.deepmd_program"
FROZEN: Final = "frozen.pb"
COMPRESSED: Final = "compressed.pb"
_SMOOTH_FROM: Final = 0.5
"""Å: where descriptors begin to fade towards the cutoff."""
_SOFTMIN: Final = 0.1
_TABLE_REACH: Final = (0.6, 0.9)
"""Times the closest approach in the data: the table alone below the first, the network
alone beyond the second."""


class DeePMDTrainer:
    """``dp train``, ``dp freeze`` and ``dp compress`` with TensorFlow."""

    name = "DeePMD-kit"

    def write_inputs(self, order: Order) -> None:
        """Systems of equal composition, the table of ZBL, and ``input.json``."""
        settings = order.settings
        assert isinstance(settings, DeePMDSettings)
        often = min(max(10, order.n_steps // 100), order.n_steps)
        inputs: dict[str, object] = {
            "model": _model(order, settings),
            "learning_rate": {
                "type": "exp",
                "start_lr": settings.learning_rate,
                "stop_lr": settings.learning_rate / 20,
                "decay_steps": often,
            },
            "loss": _loss(settings, stress=bool(order.training.has_stress.any())),
            "training": {
                "training_data": {
                    "systems": list(
                        _write_systems(order.training, order.folder / "training")
                    ),
                    "batch_size": settings.batch_size,
                },
                "validation_data": {
                    "systems": list(
                        _write_systems(order.validation, order.folder / "validation")
                    ),
                    "batch_size": 1,
                    "numb_btch": min(4, len(order.validation)),
                },
                "numb_steps": order.n_steps,
                "disp_freq": often,
                # It saves only where it displays, and at the end only between saves.
                "save_freq": often * max(1, order.n_steps // (20 * often)),
                "disp_file": "lcurve.out",
                "seed": order.seed,
            },
        }
        text = json.dumps(overlaid(inputs, settings.extra), indent=1)
        (order.folder / "input.json").write_text(text)

    def train_command(self, folder: Path) -> list[str]:
        """``dp train``, from the checkpoint where there is one."""
        restart = (folder / "checkpoint").exists()
        goes_on = ["--restart", "model.ckpt"] if restart else []
        return _dp("train", *goes_on, "input.json")

    def points(self, folder: Path) -> list[Point]:
        """The lines of ``lcurve.out``."""
        try:
            lines = (folder / "lcurve.out").read_text().splitlines()
        except OSError:
            return []
        names: list[str] = []
        found = {}
        for line in lines:
            words = line.lstrip("# ").split()
            if line.startswith("#"):
                names = words if words and words[0] == "step" else names
            elif names and len(words) == len(names):
                row = dict(zip(names, map(float, words), strict=True))
                energy, force = row.get("rmse_e_val"), row.get("rmse_f_val")
                step = int(row["step"])
                nan = float("nan")
                found[step] = Point(step, energy or nan, force or nan)
        return [found[step] for step in sorted(found)]

    def finish_commands(self, order: Order) -> list[list[str]]:
        """Freeze, and compress where it is asked for."""
        assert isinstance(order.settings, DeePMDSettings)
        freeze = _dp("freeze", "-o", FROZEN)
        if order.settings.model_file == "frozen":
            return [freeze]
        return [freeze, _dp("compress", "-i", FROZEN, "-o", COMPRESSED)]

    def model(self, folder: Path) -> Path | None:
        """The compressed model, or the frozen one where compression cannot be."""
        for name in (COMPRESSED, FROZEN):
            if (folder / name).exists():
                return folder / name
        return None

    def source(self, folder: Path) -> Path | None:
        """None: a frozen model runs everywhere."""
        del folder
        return None

    def environment(self, threads: int) -> Mapping[str, str]:
        """Threads of TensorFlow, and less of its chatter."""
        return {
            "OMP_NUM_THREADS": str(threads),
            "DP_INTRA_OP_PARALLELISM_THREADS": str(threads),
            "DP_INTER_OP_PARALLELISM_THREADS": "1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "DP_AUTO_PARALLELIZATION": "0",
        }


def _dp(*words: str) -> list[str]:
    return [sys.executable, "-m", PROGRAM, "--tf", *words]


def _model(order: Order, settings: DeePMDSettings) -> dict[str, Any]:
    model: dict[str, Any] = {
        "type_map": [chemical_symbols[z] for z in order.training.elements],
        "descriptor": _descriptor(settings, order.seed),
        "fitting_net": {
            "neuron": settings.fitting,
            "precision": settings.precision,
            "seed": order.seed,
        },
    }
    if settings.repulsion == "zbl":
        model |= _table(order, order.folder / TABLE)
    return model


def _loss(settings: DeePMDSettings, *, stress: bool) -> dict[str, float]:
    """Weights of each kind of label at the start of training and at its end."""
    weights = {
        "e": settings.energy_weight,
        "f": settings.force_weight,
        "v": settings.stress_weight if stress else (0.0, 0.0),
    }
    return {
        f"{when}_pref_{label}": weight
        for label, schedule in weights.items()
        for when, weight in zip(("start", "limit"), schedule, strict=True)
    }


def _descriptor(settings: DeePMDSettings, seed: int) -> dict[str, Any]:
    if settings.hybrid:
        parts = [_one_descriptor(name, settings, seed) for name in settings.hybrid]
        return {"type": "hybrid", "list": parts}
    return _one_descriptor(settings.descriptor, settings, seed)


def _one_descriptor(name: str, settings: DeePMDSettings, seed: int) -> dict[str, Any]:
    cutoff = settings.cutoff_A
    if name == "se_e3":
        cutoff = min(cutoff, settings.three_body_cutoff_A)
    found: dict[str, Any] = {
        "type": name,
        "rcut": cutoff,
        "rcut_smth": min(_SMOOTH_FROM, cutoff / 2),
        "sel": "auto",
        "neuron": settings.embedding,
        "precision": settings.precision,
        "seed": seed,
    }
    if name not in ("se_e2_r", "se_e3"):
        found["axis_neuron"] = min(settings.axis_neurons, settings.embedding[-1])
    if name == "se_atten_v2":
        found["attn_layer"] = 0
    return found


def _table(order: Order, path: Path) -> dict[str, Any]:
    """ZBL of every pair as a table, and where the network takes over."""
    cutoff, elements = order.settings.cutoff_A, order.training.elements
    distance = np.linspace(0.0, cutoff, TABLE_POINTS + 1)[1:]
    pairs = [(a, b) for k, a in enumerate(elements) for b in elements[k:]]
    energies = [zbl(distance, pair, cutoff=cutoff)[0] for pair in pairs]
    np.savetxt(path, np.column_stack([distance, *energies]))
    nearest = min(
        (
            float(found.min())
            for atoms in order.training.frames()
            if (found := neighbour_pairs(atoms, cutoff).distances).size
        ),
        default=1.0,
    )
    low, high = (factor * nearest for factor in _TABLE_REACH)
    return {
        "use_srtab": path.name,
        "smin_alpha": _SOFTMIN,
        "sw_rmin": low,
        "sw_rmax": high,
    }


def _write_systems(dataset: Dataset, folder: Path) -> Iterator[str]:
    """Folders of frames that share atoms and labels, as seen from the input."""
    for number, frames in enumerate(_alike(dataset)):
        system = folder / f"{number:03d}"
        (system / "set.000").mkdir(parents=True, exist_ok=True)
        part = dataset.select(np.array(frames))
        n_frames, numbers = len(part), part.frame(0).numbers
        types = [dataset.elements.index(z) for z in numbers]
        np.savetxt(system / "type.raw", types, fmt="%d")
        names = [chemical_symbols[z] for z in dataset.elements]
        (system / "type_map.raw").write_text("\n".join(names) + "\n")
        arrays: dict[str, NDArray[np.float64]] = {"coord": part.positions}
        if part.periodic.all():
            arrays["box"] = part.cells
        else:
            (system / "nopbc").touch()
        if part.has_energy.all():
            arrays["energy"] = part.energy
        if part.has_forces.all():
            arrays["force"] = part.forces
        if part.has_stress.all():
            # DeePMD's virial is -V times Cauchy stress.
            volumes = np.abs(np.linalg.det(part.cells))
            arrays["virial"] = -part.stress * volumes[:, None, None]
        for name, values in arrays.items():
            np.save(system / "set.000" / f"{name}.npy", values.reshape(n_frames, -1))
        yield str(system.relative_to(folder.parent))


def _alike(dataset: Dataset) -> list[list[int]]:
    found: dict[object, list[int]] = {}
    for k in range(len(dataset)):
        numbers = dataset.numbers[dataset.offsets[k] : dataset.offsets[k + 1]]
        labels = (dataset.has_energy, dataset.has_forces, dataset.has_stress)
        key = (
            numbers.tobytes(),
            bool(dataset.periodic[k].all()),
            *(bool(has[k]) for has in labels),
        )
        found.setdefault(key, []).append(k)
    return list(found.values())
