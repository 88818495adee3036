"""Everything a verdict may rest on; each part may be missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from brine.datasets import Finding
from brine.training.held_out import HeldOutErrors
from brine.validation.dimers import DimerScan
from brine.validation.energy_drift import EnergyDrift
from brine.validation.measurements import (
    DynamicsConditions,
    LabelSupport,
    Measured,
    PairDistribution,
    PeakReference,
    Reference,
)
from brine.validation.pressure_volume import PressureVolumeScan
from brine.validation.stability import StabilityRun

SKIPPABLE = frozenset({"pressure_volume", "density", "rdf", "diffusion"})
"""Gates that a protocol may leave out; the others are asked of every force field."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """What is known of a force field. A missing part leaves its gate undetermined.

    Attributes
    ----------
    findings : sequence of Finding or None
        Of the label audit.
    errors : HeldOutErrors or None
    leaks : bool
        Whether held-out frames are near copies of training frames.
    support : LabelSupport or None
        What the labels can say of pressure and density.
    dimers : sequence of DimerScan or None
    pressure_volume : PressureVolumeScan or None
    drift : EnergyDrift or None
    stability : sequence of StabilityRun or None
        Runs at the target temperature and above.
    density : Measured or None, g/mL
    density_reference : Reference or None, g/mL
    rdf : PairDistribution or None
    rdf_reference : PeakReference or None
    diffusion : Measured or None, 1e-9 m²/s
    diffusion_reference : Reference or None, 1e-9 m²/s
    conditions : DynamicsConditions or None
        Of the run that gave `diffusion`.
    skipped : mapping of str to str
        Gates of `SKIPPABLE` that the protocol leaves out, and why.
    info : mapping of str to JSON value
        What it takes to reproduce the verdict; goes into it unchanged.
    """

    findings: Sequence[Finding] | None = None
    errors: HeldOutErrors | None = None
    leaks: bool = False
    support: LabelSupport | None = None
    dimers: Sequence[DimerScan] | None = None
    pressure_volume: PressureVolumeScan | None = None
    drift: EnergyDrift | None = None
    stability: Sequence[StabilityRun] | None = None
    density: Measured | None = None
    density_reference: Reference | None = None
    rdf: PairDistribution | None = None
    rdf_reference: PeakReference | None = None
    diffusion: Measured | None = None
    diffusion_reference: Reference | None = None
    conditions: DynamicsConditions | None = None
    skipped: Mapping[str, str] = field(default_factory=dict)
    info: Mapping[str, JsonValue] = field(default_factory=dict)
