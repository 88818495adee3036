"""Oracles made from settings, and the frames they label."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from brine.datasets import Dataset
from brine.oracles import CP2K, Oracle, SamplingPlan, SPCFw, sample_frames
from brine.oracles.cp2k import Damping, Functional, LevelOfTheory, find_program
from brine.oracles.from_calculator import xtb_oracle
from brine.settings import MoleculesSystem, OracleLabels, SPCFwOracle, XTBOracle
from brine.settings import Oracle as OracleSettings
from brine.structures import Report, silent
from brine.structures.contents import contents


def make_oracle(settings: OracleSettings) -> Oracle:
    """The oracle that `settings` ask for.

    Raises
    ------
    MissingPackageError
        Its program is not installed.
    """
    if isinstance(settings, SPCFwOracle):
        return make_sampler(settings)
    if isinstance(settings, XTBOracle):
        return xtb_oracle(settings.method, accuracy=settings.accuracy)
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
        labeller=make_oracle(settings.oracle),
        kept=kept,
        workers=workers,
        report=report,
    )
