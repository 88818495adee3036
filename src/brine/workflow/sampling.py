"""Oracles made from settings, and the frames they label."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from brine.datasets import Dataset
from brine.errors import InputError
from brine.oracles import CP2K, Oracle, SamplingPlan, SPCFw, sample_frames
from brine.oracles.cp2k import Damping, Functional, LevelOfTheory, find_program
from brine.oracles.from_calculator import xtb_oracle
from brine.oracles.vasp import VASP, Potentials, VaspLevel
from brine.settings import (
    CP2KOracle,
    MoleculesSystem,
    OracleLabels,
    PackedSystem,
    Protocol,
    SPCFwOracle,
    VASPOracle,
    XTBOracle,
)
from brine.settings import Oracle as OracleSettings
from brine.structures import Report, silent
from brine.structures.contents import contents


def oracle_of(protocol: Protocol, base: Path) -> Oracle:
    """The oracle that labels the system of `protocol`, whose paths begin in `base`.

    Raises
    ------
    InputError
        Its labels come from files.
    MissingPackageError
        The oracle's program is not installed.
    """
    labels, system = protocol.labels, protocol.system
    if not (isinstance(labels, OracleLabels) and isinstance(system, PackedSystem)):
        raise InputError(
            f"the protocol must have `labels.kind` `oracle`, got `{labels.kind}`; "
            "give one whose labels an oracle makes."
        )
    return make_oracle(labels.oracle, contents(system, base=base).elements)


def make_oracle(settings: OracleSettings, elements: tuple[str, ...]) -> Oracle:
    """The oracle that `settings` ask for, of structures with `elements`.

    Raises
    ------
    MissingPackageError
        Its program is not installed.
    """
    if isinstance(settings, SPCFwOracle):
        return make_sampler(settings)
    if isinstance(settings, XTBOracle):
        return xtb_oracle(settings.method, accuracy=settings.accuracy)
    if isinstance(settings, VASPOracle):
        return _vasp(settings, elements)
    return _cp2k(settings)


def _vasp(settings: VASPOracle, elements: tuple[str, ...]) -> VASP:
    level = VaspLevel(
        functional=settings.functional,
        dispersion=settings.dispersion,
        cutoff=settings.cutoff_eV,
        kpoints=settings.kpoints,
        scf=settings.scf_eV,
        smearing=settings.smearing_eV,
        hubbard=tuple(settings.hubbard_eV.items()),
    )
    library = Path(settings.potcar_library).expanduser()
    oracle = VASP(
        Potentials(library, settings.potcars),
        tuple(shlex.split(settings.command)),
        elements,
        level,
        version=settings.version,
        cores=settings.cores,
        time_limit=settings.time_limit_s,
    )
    _ = oracle.fingerprint  # a pseudopotential that is missing is named now
    return oracle


def _cp2k(settings: CP2KOracle) -> CP2K:
    level = LevelOfTheory(
        functional=Functional(settings.functional),
        damping=Damping(settings.damping),
        basis=settings.basis,
        cutoff=settings.cutoff_Ry,
        relative_cutoff=settings.relative_cutoff_Ry,
        scf=settings.scf,
    )
    program = find_program(ranks=settings.ranks, threads=settings.threads)
    noise = settings.force_noise_meV_per_A
    return CP2K(
        level,
        program,
        settings.time_limit_s,
        force_noise=None if noise is None else 1e-3 * noise,
    )


def make_sampler(settings: SPCFwOracle) -> SPCFw:
    """The oracle that runs dynamics."""
    return SPCFw(cutoff=settings.cutoff_A)


def sampler_settings(labels: OracleLabels) -> SPCFwOracle:
    """Who runs the dynamics of `labels`."""
    if labels.sampler is not None:
        return labels.sampler
    return labels.oracle if isinstance(labels.oracle, SPCFwOracle) else SPCFwOracle()


def labelled_by_oracle(
    settings: OracleLabels,
    inputs: Mapping[str, Any],
    *,
    workers: int = 1,
    kept: Path | None = None,
    report: Report = silent,
) -> Dataset:
    """Frames sampled and labelled for ``inputs["system"]`` from ``inputs["seed"]``.

    Labels are kept in the folder `kept` as soon as they are made.
    """
    box = contents(MoleculesSystem.model_validate(inputs["system"]))
    sampling = settings.sampling
    plan = SamplingPlan(
        density=box.density,
        density_factors=sampling.density_factors,
        temperatures=sampling.temperatures_K,
        frames_per_run=sampling.frames_per_run,
        interval=sampling.interval_fs,
        equilibration=1e3 * sampling.equilibration_ps,
        timestep=sampling.timestep_fs,
        molecule_factors=sampling.molecule_factors,
        cell_factors=sampling.cell_factors,
        scaled_frames=sampling.scaled_frames,
    )
    return sample_frames(
        make_sampler(sampler_settings(settings)),
        box.molecules,
        plan=plan,
        seed=inputs["seed"],
        labeller=make_oracle(settings.oracle, box.elements),
        kept=kept,
        workers=workers,
        report=report,
    )
