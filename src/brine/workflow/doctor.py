"""Whether every family, oracle and engine that is installed works."""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from shutil import which
from typing import Final, Literal

import numpy as np
from ase import Atoms

import brine
from brine.datasets import Dataset
from brine.dynamics import NVE, MDSettings, run_md
from brine.dynamics.engine import start_state
from brine.dynamics.forces import ForceSource
from brine.dynamics.lammps import check_agreement, find_lammps
from brine.errors import BrineError, MissingPackageError, in_one_line
from brine.oracles import CP2K, OpenMMOracle, Oracle, SPCFw, label_frames, xtb_oracle
from brine.oracles.cp2k import LevelOfTheory
from brine.potentials import Potential
from brine.processes import workplace
from brine.settings import (
    AllegroSettings,
    DeePMDSettings,
    NativeSettings,
    NequIPSettings,
    TrainedElsewhere,
)
from brine.structures import build_box, rattle
from brine.training import fit
from brine.training.families import fit_elsewhere

State = Literal["works", "absent", "fails"]
N_FRAMES: Final = 6


@dataclass(frozen=True)
class Finding:
    """Of one family, oracle or engine.

    Attributes
    ----------
    kind : str
        ``family``, ``oracle``, ``engine`` or ``machine``.
    name : str
    state : str
        ``works``, ``absent`` or ``fails``.
    version : str
    remedy : str
        What to do about it; empty where it works.
    """

    kind: str
    name: str
    state: State
    version: str = ""
    remedy: str = ""


def examine() -> Iterator[Finding]:
    """One finding after the other; each check runs in a process of its own."""
    context = multiprocessing.get_context("spawn")
    for kind, name in CHECKS:
        with ProcessPoolExecutor(1, mp_context=context) as executor:
            try:
                yield executor.submit(_finding, kind, name).result()
            except BrokenProcessPool:
                remedy = "its process was killed; run the same by hand to see more."
                yield Finding(kind, name, "fails", remedy=remedy)
    yield from two_mpis(os.environ.get("PATH", ""))


def two_mpis(path: str) -> Iterator[Finding]:
    """A finding where the first `mpirun` on `path` shadows the system's."""
    folders = [Path(folder) for folder in path.split(os.pathsep) if folder]
    found = {f.resolve(): f for f in folders if (f / "mpirun").exists()}
    places = list(found.values())
    cp2k = which("cp2k.psmp", path=path)
    if len(places) < 2 or cp2k is None:
        return
    own = which("mpirun", path=str(Path(cp2k).resolve().parent))
    if own is None or places[0].resolve() == Path(own).parent.resolve():
        return
    yield Finding(
        "machine",
        "mpirun",
        "works",
        remedy=f"{places[0] / 'mpirun'} shadows {own}; brine starts CP2K with the "
        "latter, and so must you.",
    )


def _finding(kind: str, name: str) -> Finding:
    try:
        return Finding(kind, name, "works", CHECKS[kind, name]())
    except MissingPackageError as error:
        return Finding(kind, name, "absent", remedy=str(error))
    except BrineError as error:
        return Finding(kind, name, "fails", remedy=str(error))
    except Exception as error:
        return Finding(kind, name, "fails", remedy=in_one_line(error))


def _frames() -> Dataset:
    """Shaken water, labelled by SPC/Fw."""
    rng = np.random.default_rng(1)
    box = build_box({"H2O": 16}, density=1.0, rng=rng)
    shaken = [rattle(box, deviation=0.05, rng=rng) for _ in range(N_FRAMES)]
    groups = ["water"] * N_FRAMES
    return label_frames(SPCFw(cutoff=3.6), shaken, groups=groups, workers=1)


def _one_step(potential: ForceSource, atoms: Atoms) -> None:
    run_md(atoms, potential, MDSettings(NVE(300.0), n_steps=1))


def _native(readout: Literal["linear", "neural"]) -> str:
    frames = _frames()
    small = NativeSettings.model_validate(
        {"readout": readout, "three_body_channels": 2, "two_body_channels": 4}
        | ({"epochs": 1} if readout == "neural" else {})
    )
    _one_step(fit(frames, small), frames.frame(0))
    return f"brine {brine.__version__}"


def _elsewhere(settings: TrainedElsewhere, packages: tuple[str, ...]) -> str:
    frames = _frames()
    with workplace("brine-doctor-") as folder:
        found = fit_elsewhere(frames, settings, folder)
    _one_step(found.potential, frames.frame(0))
    return versions(*packages)


def _deepmd() -> DeePMDSettings:
    return DeePMDSettings(
        kind="deepmd",
        cutoff_A=3.5,
        embedding=[4, 8],
        axis_neurons=4,
        fitting=[8],
        steps=2,
    )


def _lammps(kind: Literal["native", "deepmd"]) -> str:
    program, frames = find_lammps(kind), _frames()
    potential: Potential
    with workplace("brine-doctor-") as folder:
        if kind == "native":
            potential = fit(frames, NativeSettings(readout="linear"))
        else:
            potential = fit_elsewhere(frames, _deepmd(), folder / "fit").potential
        state = start_state(frames.frame(0), MDSettings(NVE(300.0), n_steps=1))
        check_agreement(state, potential, program, folder / "run").check()
    return versions("lammps") or program.version


def _label(oracle: Oracle, molecules: int = 16) -> str:
    rng = np.random.default_rng(1)
    box = build_box({"H2O": molecules}, density=1.0, rng=rng)
    oracle.label(box)
    return oracle.fingerprint.split(",")[0]


def _cp2k() -> str:
    _label(CP2K(level=LevelOfTheory(cutoff=200.0)), molecules=4)
    return f"CP2K {CP2K().program.version}"


def versions(*packages: str) -> str:
    """Names and versions of installed packages."""
    found = []
    for name in packages:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


CHECKS: Final[dict[tuple[str, str], Callable[[], str]]] = {
    ("family", "linear"): lambda: _native("linear"),
    ("family", "neural"): lambda: _native("neural"),
    ("family", "nequip"): lambda: _elsewhere(
        NequIPSettings(kind="nequip", cutoff_A=3.5, layers=1, features=2, steps=2),
        ("nequip", "torch"),
    ),
    ("family", "allegro"): lambda: _elsewhere(
        AllegroSettings(
            kind="allegro",
            cutoff_A=3.5,
            layers=1,
            scalar_features=4,
            tensor_features=2,
            steps=2,
        ),
        ("nequip-allegro", "nequip", "torch"),
    ),
    ("family", "deepmd"): lambda: _elsewhere(
        _deepmd(), ("deepmd-kit", "tensorflow-cpu", "tensorflow")
    ),
    ("oracle", "spcfw"): lambda: _label(SPCFw(cutoff=3.6)) and versions("openmm"),
    ("oracle", "openmm"): lambda: (
        _label(OpenMMOracle(cutoff=3.6)) and versions("openmm")
    ),
    ("oracle", "xtb"): lambda: _label(xtb_oracle(), 4) and versions("tblite"),
    ("oracle", "cp2k"): _cp2k,
    ("engine", "lammps"): lambda: _lammps("native"),
    ("engine", "lammps with deepmd"): lambda: _lammps("deepmd"),
}
"""What gives the version of each thing that works, and raises where it does not."""
