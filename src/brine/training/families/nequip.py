"""NequIP and Allegro: frames, configuration, and the programs of `nequip`."""

import csv
import json
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import ase.io
import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.data import chemical_symbols
from ase.stress import full_3x3_to_voigt_6_stress
from numpy.typing import NDArray

from brine.datasets import Dataset, fit_reference_energies
from brine.potentials.nequip_models import (
    COMPILED,
    PACKAGED,
    child_environment,
    compile_command,
)
from brine.settings import AllegroSettings, NequIPSettings
from brine.training.families.trainer import Order, Point, overlaid

CONFIG: Final = "config.yaml"
TRAINING: Final = "training.extxyz"
VALIDATION: Final = "validation.extxyz"
BEST: Final = "best.ckpt"
LAST: Final = "last.ckpt"
MODEL: Final = f"model{COMPILED}"
PACKAGE: Final = f"model{PACKAGED}"
_NAME: Final = {"nequip": "NequIP", "allegro": "Allegro"}


class NequIPTrainer:
    """``nequip-train`` and ``nequip-compile``, for both architectures."""

    def __init__(self, kind: str) -> None:
        self.name = _NAME[kind]

    def write_inputs(self, order: Order) -> None:
        """Frames as extended XYZ, and ``config.yaml``."""
        settings = order.settings
        assert isinstance(settings, NequIPSettings | AllegroSettings)
        _write_frames(order.training, order.folder / TRAINING)
        _write_frames(order.validation, order.folder / VALIDATION)
        inputs: dict[str, object] = {
            "run": ["train"],
            "data": _data(order),
            "trainer": _lightning(order),
            "training_module": {
                **_objective(order),
                "model": _model(order, settings),
            },
        }
        # JSON is YAML, and Hydra reads it as such.
        text = json.dumps(overlaid(inputs, settings.extra), indent=1)
        (order.folder / CONFIG).write_text(text)

    def train_command(self, folder: Path) -> list[str]:
        """``nequip-train``, from the last checkpoint where there is one."""
        command = [sys.executable, "-m", "nequip.scripts.train", "-cd", ".", "-cn"]
        command += [CONFIG, "hydra.run.dir=.", "hydra.output_subdir=null"]
        goes_on = (folder / LAST).exists()
        return [*command, f"++ckpt_path={LAST}"] if goes_on else command

    def points(self, folder: Path) -> list[Point]:
        """The rows of Lightning's ``metrics.csv``."""
        try:
            with (folder / "log" / "metrics.csv").open(newline="") as file:
                rows = list(csv.DictReader(file))
        except OSError:
            return []
        found: dict[int, Point] = {}
        for row in rows:
            step = int(row["step"] or 0) + 1
            energy = _number(row.get("val0_epoch/energy"))
            force = _number(row.get("val0_epoch/forces"))
            if step not in found or not math.isnan(force):
                found[step] = Point(step, energy, force)
        return [found[step] for step in sorted(found)]

    def finish_commands(self, order: Order) -> list[list[str]]:
        """Compile the best weights ahead of time, for the device at hand; package them.

        Code of the user's own, through `extra`, may refuse to be packaged.
        """
        weights = BEST if (order.folder / BEST).exists() else LAST
        package = [sys.executable, "-m", "nequip.scripts.package", "build"]
        return [
            compile_command(weights, MODEL, "ase"),
            [*package, weights, PACKAGE],
        ]

    def model(self, folder: Path) -> Path | None:
        """The compiled model."""
        return folder / MODEL if (folder / MODEL).exists() else None

    def source(self, folder: Path) -> Path | None:
        """The packaged model."""
        return folder / PACKAGE if (folder / PACKAGE).exists() else None

    def environment(self, threads: int) -> Mapping[str, str]:
        """Threads of PyTorch."""
        return child_environment(threads)


def _number(text: str | None) -> float:
    return float(text) if text else math.nan


def _write_frames(dataset: Dataset, path: Path) -> None:
    """With NaN for what is missing, which the loss leaves out."""
    frames = []
    stressed = dataset.has_stress.any()
    for k in range(len(dataset)):
        frame = dataset.frame(k)
        atoms = Atoms(frame.numbers, frame.positions, cell=frame.cell, pbc=frame.pbc)
        labels: dict[str, Any] = {
            "energy": float(dataset.energy[k]),
            "forces": dataset.forces[dataset.atoms_of(k)],
        }
        if stressed:
            labels["stress"] = full_3x3_to_voigt_6_stress(dataset.stress[k])
        atoms.calc = SinglePointCalculator(atoms, **labels)
        frames.append(atoms)
    ase.io.write(path, frames, format="extxyz")


def _data(order: Order) -> dict[str, Any]:
    names = [chemical_symbols[z] for z in order.training.elements]
    loader = {"_target_": "torch.utils.data.DataLoader"}
    return {
        "_target_": "nequip.data.datamodule.ASEDataModule",
        "seed": order.seed,
        "train_file_path": TRAINING,
        "val_file_path": VALIDATION,
        "transforms": [
            {
                "_target_": "nequip.data.transforms.ChemicalSpeciesToAtomTypeMapper",
                "model_type_names": names,
                "chemical_species_to_atom_type_map": {name: name for name in names},
            },
            {
                "_target_": "nequip.data.transforms.NeighborListTransform",
                "r_max": order.settings.cutoff_A,
            },
        ],
        "train_dataloader": {
            **loader,
            "batch_size": order.settings.batch_size,
            "shuffle": True,
        },
        "val_dataloader": {**loader, "batch_size": order.settings.batch_size},
        "stats_manager": {
            "_target_": "nequip.data.CommonDataStatisticsManager",
            "type_names": names,
        },
    }


def _lightning(order: Order) -> dict[str, Any]:
    """Steps, checkpoints, and a log that says how far it is."""
    checkpoint = {
        "_target_": "lightning.pytorch.callbacks.ModelCheckpoint",
        "dirpath": ".",
        "enable_version_counter": False,
    }
    return {
        "_target_": "lightning.Trainer",
        "accelerator": "auto",
        "devices": 1,
        "max_steps": order.n_steps,
        "max_epochs": -1,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "log_every_n_steps": 1,
        "logger": {
            "_target_": "lightning.pytorch.loggers.CSVLogger",
            "save_dir": ".",
            "name": "",
            "version": "log",
            "flush_logs_every_n_steps": max(1, order.n_steps // 200),
        },
        "callbacks": [
            {
                **checkpoint,
                "filename": Path(BEST).stem,
                "monitor": "val0_epoch/weighted_sum",
            },
            {
                **checkpoint,
                "filename": "latest",
                "save_last": True,
                "every_n_train_steps": max(1, order.n_steps // 20),
            },
        ],
    }


def _objective(order: Order) -> dict[str, Any]:
    """Loss, optimiser, and the exponential average that becomes the model."""
    settings, dataset = order.settings, order.training
    assert isinstance(settings, NequIPSettings | AllegroSettings)
    weights = {"energy": settings.energy_weight, "forces": settings.force_weight}
    if dataset.has_stress.any():
        # Stress times volume over atoms is the virial per atom.
        volume = float(np.mean(np.abs(np.linalg.det(dataset.cells))))
        per_atom = volume * len(dataset) / len(dataset.numbers)
        weights["stress"] = settings.stress_weight * per_atom**2
    return {
        "_target_": "nequip.train.EMALightningModule",
        "ema_decay": 1 - min(0.1, 20 / order.n_steps),
        "loss": _metrics("MeanSquaredError", dataset, weights),
        "val_metrics": _metrics("RootMeanSquaredError", order.validation, weights),
        "optimizer": {
            "_target_": "torch.optim.Adam",
            "lr": settings.learning_rate,
            "amsgrad": True,
        },
        "lr_scheduler": {
            "scheduler": {
                "_target_": "torch.optim.lr_scheduler.CosineAnnealingLR",
                "T_max": order.n_steps,
            },
            "interval": "step",
            "frequency": 1,
        },
    }


def _metrics(
    measure: str, dataset: Dataset, weights: Mapping[str, float]
) -> dict[str, Any]:
    """The weighted sum of a measure of energies per atom, forces and stresses."""
    per_atom = {"_target_": "nequip.data.PerAtomModifier", "field": "total_energy"}
    labels: dict[str, tuple[object, NDArray[np.bool_]]] = {
        "energy": (per_atom, dataset.has_energy),
        "forces": ("forces", dataset.has_forces),
        "stress": ("stress", dataset.has_stress),
    }
    found = [
        {
            "name": name,
            "field": labels[name][0],
            "coeff": weight,
            "metric": {"_target_": f"nequip.train.{measure}"},
            "ignore_nan": not labels[name][1].all(),
        }
        for name, weight in weights.items()
        if labels[name][1].any()
    ]
    return {"_target_": "nequip.train.MetricsManager", "metrics": found}


def _model(order: Order, settings: NequIPSettings | AllegroSettings) -> dict[str, Any]:
    dataset = order.training
    names = [chemical_symbols[z] for z in dataset.elements]
    known = dataset.select(np.flatnonzero(dataset.has_energy))
    forces = dataset.forces[np.repeat(dataset.has_forces, np.diff(dataset.offsets))]
    found: dict[str, Any] = {
        "seed": order.seed,
        "model_dtype": "float32",
        "type_names": names,
        "r_max": settings.cutoff_A,
        "l_max": settings.angular_momentum,
        "num_layers": settings.layers,
        "parity": False,
        "avg_num_neighbors": "${training_data_stats:num_neighbors_mean}",
        "per_type_energy_shifts": dict(
            zip(names, map(float, fit_reference_energies(known).energies), strict=True)
        ),
        "per_type_energy_scales": float(np.sqrt(np.mean(forces**2))),
    }
    if settings.repulsion == "zbl":
        found["pair_potential"] = {
            "_target_": "nequip.nn.pair_potential.ZBL",
            "units": "metal",
            "chemical_species": names,
        }
    if isinstance(settings, NequIPSettings):
        return found | {
            "_target_": "nequip.model.NequIPGNNModel",
            "num_features": settings.features,
            "num_bessels": settings.bessels,
        }
    width = settings.scalar_features
    return found | {
        "_target_": "allegro.model.AllegroModel",
        "radial_chemical_embed": {
            "_target_": "allegro.nn.TwoBodyBesselScalarEmbed",
            "num_bessels": settings.bessels,
        },
        "num_scalar_features": width,
        "num_tensor_features": settings.tensor_features,
        "scalar_embed_mlp_hidden_layers_width": width,
        "allegro_mlp_hidden_layers_width": width,
        "readout_mlp_hidden_layers_width": max(1, width // 2),
    }
