"""What is wrong with a protocol before it costs anything.

`lint` raises for what cannot run or would give a wrong answer (friction while
diffusion is measured, a charged box, mixed levels of theory, an oracle's cutoff beyond
half the box) and gives advice on what runs and then says less than it seems to.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from brine.datasets import Dataset, Finding, audit
from brine.observables.diffusion import finite_size_correction
from brine.settings import (
    ExperimentReference,
    FileLabels,
    FileSystem,
    NativeSettings,
    PackedSystem,
    Protocol,
    RandomSplit,
)
from brine.structures.contents import contents
from brine.structures.files import read_frames
from brine.structures.molecules import molecule_labels
from brine.validation import water_diffusion
from brine.validation.measurements import label_support
from brine.workflow.labelling import read_files
from brine.workflow.plan import plan
from brine.workflow.simulating import labelled_frame

ERROR_OF_DIFFUSION: Final = 6.1
"""Relative error of D times √(molecules × ps), of water at 298 K: 64 molecules of
SPC/Fw for 120 ps give 7 %."""
ROOM_TEMPERATURE: Final = 298.15
WATER_VISCOSITY: Final = 0.890
"""mPa·s, at 298.15 K (IAPWS)"""
LARGEST_CORRECTION: Final = 0.3
"""Share of water's D beyond which the box, not the liquid, is measured."""
LONGEST_STEP_OF_HYDROGEN: Final = 1.0
"""fs; an O–H stretch takes 9 fs."""


@dataclass(frozen=True)
class Advice:
    """Something in a protocol that a newcomer would regret.

    Attributes
    ----------
    key : str
        Path of the setting.
    message : str
        What happens and what to do.
    """

    key: str
    message: str


@dataclass(frozen=True)
class _Box:
    """What is simulated: molecules, and a cube's edge in Å; infinite without one."""

    n_molecules: int
    edge: float


def lint(protocol: Protocol, base: Path) -> tuple[Advice, ...]:
    """Advice on `protocol`; reads its labels, runs nothing.

    Parameters
    ----------
    protocol : Protocol
    base : Path
        Folder that its paths are relative to.

    Raises
    ------
    BrineError
        It cannot run, or would give a wrong answer.
    """
    plan(protocol, base)
    labels = protocol.labels
    dataset = read_files(labels, base) if isinstance(labels, FileLabels) else None
    return (
        *_of_splits(protocol),
        *_of_masses(protocol),
        *_of_diffusion(protocol, _box(protocol, base, dataset)),
        *(_of_labels(protocol, dataset) if dataset is not None else ()),
    )


def _of_splits(protocol: Protocol) -> Iterator[Advice]:
    if isinstance(protocol.split, RandomSplit):
        yield Advice(
            "split.kind",
            "a random split flatters: neighbouring frames are nearly the same frame, "
            "so held-out errors come out too low; use `last-part`, `time-block`, "
            "`group` or `composition`, and `compare_splits` to show the difference.",
        )


def _of_masses(protocol: Protocol) -> Iterator[Advice]:
    dynamics = protocol.dynamics
    mass = dynamics.hydrogen_mass_amu
    if mass is not None and "diffusion" in dynamics.measure:
        yield Advice(
            "dynamics.hydrogen_mass_amu",
            f"hydrogen of {mass:g} amu changes diffusion (not density or g(r)); leave "
            "it out where `diffusion` is in `measure`.",
        )
    if mass is None and dynamics.timestep_fs > LONGEST_STEP_OF_HYDROGEN:
        yield Advice(
            "dynamics.timestep_fs",
            f"{dynamics.timestep_fs:g} fs is too long for hydrogen, whose stretch "
            "takes 9 fs: take 0.5, or 1 with `hydrogen_mass_amu: 3`.",
        )


def _of_diffusion(protocol: Protocol, box: _Box) -> Iterator[Advice]:
    dynamics = protocol.dynamics
    if "diffusion" not in dynamics.measure:
        return
    error = ERROR_OF_DIFFUSION / np.sqrt(box.n_molecules * dynamics.nvt_ps)
    largest = protocol.validation.diffusion.largest_error
    if error > largest:
        needed = (ERROR_OF_DIFFUSION / largest) ** 2 / box.n_molecules
        yield Advice(
            "dynamics.nvt_ps",
            f"{dynamics.nvt_ps:g} ps of {box.n_molecules} molecules give the diffusion "
            f"of water to about {error:.1%}, beyond the {largest:.1%} at which it can "
            f"be judged; run {np.ceil(needed):.0f} ps or more, or leave it out of "
            "`measure`.",
        )
    true = water_diffusion(ROOM_TEMPERATURE).value
    shift = finite_size_correction(ROOM_TEMPERATURE, WATER_VISCOSITY, length=box.edge)
    to_experiment = isinstance(protocol.reference, ExperimentReference)
    if to_experiment and shift > LARGEST_CORRECTION * true:
        yield Advice(
            "system",
            f"in a box of {box.edge:.1f} Å water diffuses {shift / true:.0%} too "
            "slowly, for the images of the box hold it back (10.1021/jp0477147): too "
            "much to be corrected for; take a larger box.",
        )


def _of_labels(protocol: Protocol, dataset: Dataset) -> Iterator[Advice]:
    dynamics = protocol.dynamics
    findings = audit(dataset).findings
    support = label_support(dataset)
    span = protocol.validation.density_span
    if dynamics.npt_ps and support is not None and not support.fixes_density(span):
        wanted = "a density is asked" if "density" in dynamics.measure else "NPT is run"
        yield Advice(
            "dynamics.npt_ps",
            f"{wanted} of labels whose volumes span {support.volume_span:.1%}: no "
            "P(V) scan of such a potential can be relied on, and the box may swell or "
            f"collapse; label frames within ±10 % in density (at least {span:.0%}), or "
            "set `npt_ps: 0`.",
        )
    potential = protocol.potential
    unproved = any(finding.code == "stress_sign_unproved" for finding in findings)
    if unproved and isinstance(potential, NativeSettings):
        yield Advice(
            "potential.stress_weight",
            "the labels have stress, but nothing in them proves its sign, and the "
            f"potential will be fitted to it with a weight of "
            f"{potential.stress_weight:g}; a wrong sign drives the barostat "
            "the wrong way. Add frames at several volumes, or scaled copies of one.",
        )
    for finding in findings:
        if finding.severity == "error":
            yield _of_finding(finding)


def _of_finding(finding: Finding) -> Advice:
    where = f"{finding.source}: " if finding.source else ""
    return Advice("labels", where + finding.message)


def _box(protocol: Protocol, base: Path, dataset: Dataset | None) -> _Box:
    system = protocol.system
    if isinstance(system, PackedSystem):
        found = contents(system, base=base)
        return _Box(sum(found.molecules.values()), found.edge)
    if isinstance(system, FileSystem):
        path = base / system.path
        (atoms,) = read_frames(path, index=system.frame, what="structure")
    else:
        assert dataset is not None, "the settings tie it to labels from files"
        atoms = labelled_frame(system, dataset)
    n_molecules = len(np.unique(molecule_labels(atoms)))
    volume = abs(float(np.linalg.det(atoms.cell.array)))
    return _Box(n_molecules, volume ** (1 / 3) if volume else np.inf)
