"""The evidence that a verdict on a protocol rests on."""

from pydantic import JsonValue

from brine import __version__
from brine.dynamics import langevin_friction
from brine.validation import (
    DynamicsConditions,
    Evidence,
    label_support,
)
from brine.workflow.gathering import Gathered
from brine.workflow.labelling import (
    MAIN,
)
from brine.workflow.measuring import frame_of
from brine.workflow.references import References
from brine.workflow.simulating import md_settings


def evidence_of(gathered: Gathered) -> Evidence:
    """Everything that a verdict rests on."""
    measured, model = gathered.protocol.dynamics.measure, gathered.model
    references = References(gathered)
    diffusion = model.diffusion
    return Evidence(
        findings=gathered.findings,
        errors=gathered.errors[MAIN],
        leaks=gathered.leaks,
        support=label_support(gathered.dataset),
        dimers=gathered.dimers,
        pressure_volume=gathered.pressure_volume,
        drift=gathered.drift,
        stability=gathered.stability,
        density=model.density,
        density_reference=references.density(),
        rdf=model.rdf,
        rdf_reference=references.rdf(),
        diffusion=references.comparable(diffusion) if diffusion else None,
        diffusion_reference=references.diffusion(),
        conditions=_conditions(gathered),
        skipped={
            name: "`dynamics.measure` leaves it out"
            for name in ("density", "rdf", "diffusion")
            if name not in measured
        },
        info=_info(gathered),
    )


def _conditions(gathered: Gathered) -> DynamicsConditions:
    dynamics = gathered.protocol.dynamics
    atoms = frame_of(gathered.runs["equilibrate"].trajectory)
    ensemble = md_settings(dynamics, atoms, "nvt", dynamics.nvt_ps).ensemble
    diffusion = gathered.model.diffusion
    return DynamicsConditions(
        friction=langevin_friction(ensemble),
        altered_masses=dynamics.hydrogen_mass_amu is not None,
        exponent=diffusion.exponent.value if diffusion else float("nan"),
    )


def _info(gathered: Gathered) -> dict[str, JsonValue]:
    return {
        "name": gathered.protocol.name,
        "brine": __version__,
        "seed": gathered.protocol.seed,
        "fingerprint": gathered.dataset.fingerprint,
        "data_sha256": gathered.dataset.content_hash,
        "split": gathered.splits[MAIN].note,
    }
