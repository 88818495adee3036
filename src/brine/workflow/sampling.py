"""Oracles made from settings, and the frames they label."""

from collections.abc import Mapping
from typing import Any

from brine.datasets import Dataset
from brine.oracles import SamplingPlan, SPCFw, sample_frames
from brine.settings import MoleculesSystem, Oracle, OracleLabels
from brine.structures import Report, silent
from brine.structures.contents import contents


def make_oracle(settings: Oracle) -> SPCFw:
    """The oracle that `settings` ask for."""
    return SPCFw(cutoff=settings.cutoff_A)


def labelled_by_oracle(
    settings: OracleLabels,
    inputs: Mapping[str, Any],
    *,
    workers: int = 1,
    report: Report = silent,
) -> Dataset:
    """Frames sampled and labelled for ``inputs["system"]`` from ``inputs["seed"]``."""
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
        make_oracle(settings.oracle),
        box.molecules,
        plan=plan,
        seed=inputs["seed"],
        workers=workers,
        report=report,
    )
