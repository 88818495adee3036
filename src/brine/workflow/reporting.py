"""What the report of a protocol shows."""

import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from brine import __version__
from brine.datasets import Dataset
from brine.observables import Diffusion, RadialDistribution
from brine.reports import (
    Calibration,
    DisplacementFigure,
    LeakFigure,
    Parity,
    RdfFigure,
    ReportContent,
    Reproduction,
    TimeSeries,
    displacement,
    energy_parity,
    force_parity,
    last_frame,
    rdf_figures,
    time_series,
)
from brine.settings import dump_protocol
from brine.training import LearningCurve, Predictions
from brine.validation import Verdict
from brine.workflow.fitting import (
    PREDICTIONS,
    read_learning_curve,
    read_predictions,
)
from brine.workflow.gathering import Gathered
from brine.workflow.labelling import MAIN, fit_step, held_out_step, read_leak
from brine.workflow.measuring import Measured, is_pure_water

PACKAGES = ("numpy", "scipy", "ase", "openmm", "pymbar")
RDF_FIGURES = 6


def report_content(gathered: Gathered, verdict: Verdict) -> ReportContent:
    """Everything that the report shows."""
    scan = gathered.pressure_volume
    held_out, predicted = _held_out(gathered)
    return ReportContent(
        title=gathered.protocol.name,
        verdict=verdict,
        summary=_summary(gathered),
        errors=gathered.errors[MAIN],
        other_errors={k: v for k, v in gathered.errors.items() if k != MAIN},
        learning_curve=_learning_curve(gathered),
        parities=_parities(held_out, predicted),
        calibration=_calibration(gathered, held_out, predicted),
        dimers=gathered.dimers,
        pressure_volume=(scan,) if scan else (),
        series=_series(gathered),
        rdfs=_rdf_figures(gathered),
        displacements=_displacements(gathered.model, gathered.reference),
        box=last_frame(gathered.runs["nvt"]),
        leak=_leak(gathered),
        findings=gathered.findings,
        reproduction=_reproduction(gathered),
    )


def _summary(gathered: Gathered) -> dict[str, str]:
    split = gathered.splits[MAIN]
    atoms = len(gathered.runs["equilibrate"].trajectory.numbers)
    return {
        "labels": f"{len(gathered.dataset)} frames, {gathered.dataset.fingerprint}",
        "training": f"{len(split.train)} frames",
        "held out": f"{len(split.test)} frames ({split.note})",
        "dynamics": f"{atoms} atoms at {gathered.protocol.dynamics.temperature_K:g} K",
    }


def _learning_curve(gathered: Gathered) -> LearningCurve | None:
    folder = gathered.task.needs[fit_step(MAIN)]
    return read_learning_curve(folder, gathered.errors[MAIN])


def _held_out(gathered: Gathered) -> tuple[Dataset, Predictions]:
    folder = gathered.task.needs[held_out_step(MAIN)]
    held_out = gathered.dataset.select(gathered.splits[MAIN].test)
    return held_out, read_predictions(folder)


def _parities(held_out: Dataset, predicted: Predictions) -> list[Parity]:
    both = [energy_parity(held_out, predicted), force_parity(held_out, predicted)]
    return [parity for parity in both if parity.series]


def _calibration(
    gathered: Gathered, held_out: Dataset, predicted: Predictions
) -> Calibration | None:
    """Predicted deviations of force components beside the errors made."""
    folder = gathered.task.needs[held_out_step(MAIN)]
    with np.load(folder / PREDICTIONS) as arrays:
        frames, deviations = arrays["uncertain_frames"], arrays["force_deviations"]
    if not len(deviations):
        return None
    rows = np.concatenate([np.r_[held_out.atoms_of(int(k))] for k in frames])
    errors = (predicted.forces - held_out.forces)[rows]
    known = np.isfinite(errors)
    return Calibration(1e3 * deviations[known], 1e3 * errors[known])


def _series(gathered: Gathered) -> list[TimeSeries]:
    dynamics = gathered.protocol.dynamics
    target, nowhere = dynamics.temperature_K, float("nan")
    titles = {
        "nvt": ("Model, constant volume", target),
        "npt": ("Model, constant pressure", target),
        "oracle-npt": ("Oracle, constant pressure", target),
        "hot": ("Model, hotter", target + dynamics.hot_above_K),
        "nve": ("Model, constant energy", nowhere),
    }
    found = gathered.reference.density if gathered.reference else None
    return [
        time_series(
            gathered.runs[name],
            title,
            target_temperature=temperature,
            reference_density=found.value if found and "npt" in name else nowhere,
        )
        for name, (title, temperature) in titles.items()
        if name in gathered.runs
    ]


def _rdf_figures(gathered: Gathered) -> tuple[RdfFigure, ...]:
    """Pairs without H first, the reference's beside the model's."""
    mine, known = _radial(gathered.model), _radial(gathered.reference)
    order = sorted(mine, key=lambda pair: ("H" in pair, pair != ("O", "O")))
    return rdf_figures(
        {pair: mine[pair] for pair in order[:RDF_FIGURES]},
        reference=known,
        reference_name=gathered.protocol.reference.kind,
        water=is_pure_water(gathered.runs["equilibrate"].trajectory),
    )


def _radial(measured: Measured | None) -> dict[tuple[str, str], RadialDistribution]:
    """All g(r), between molecules where that is another curve."""
    if measured is None or measured.observables is None:
        return {}
    found = {**measured.observables.radial, **measured.observables.intermolecular}
    return {rdf.pair: rdf for rdf in found.values()}


def _displacements(
    model: Measured, reference: Measured | None
) -> list[DisplacementFigure]:
    """Molecules and ions; the atoms of molecules move with them."""
    mine, known = _diffusion(model), _diffusion(reference)
    shown = [name for name in mine if "H2O" not in mine or name not in ("H", "O")]
    return [displacement(mine[name], reference=known.get(name)) for name in shown]


def _diffusion(measured: Measured | None) -> Mapping[str, Diffusion]:
    if measured is None or measured.observables is None:
        return {}
    return measured.observables.diffusion


def _leak(gathered: Gathered) -> LeakFigure:
    split = gathered.splits[MAIN]
    found = read_leak(gathered.task.needs["splits"], MAIN)
    independent = found["independent"]
    return LeakFigure(
        split=split.note,
        is_random=split.random,
        nearest=np.empty(0),
        independent=float("nan") if independent is None else independent,
        leaks=found["leaks"],
    )


def _reproduction(gathered: Gathered) -> Reproduction:
    protocol = gathered.protocol
    return Reproduction(
        protocol=dump_protocol(protocol),
        command="brine run protocol.resolved.yaml --out DIR",
        seed=protocol.seed,
        versions={"python": sys.version.split()[0], **package_versions()},
        data_hashes={"labels": gathered.dataset.content_hash},
        fingerprint=gathered.dataset.fingerprint,
    )


def package_versions() -> dict[str, str]:
    """Versions of everything that decides a number."""
    found = {"brine": __version__}
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found
