"""Gates, references and the verdict.

Evidence in, verdict out:

>>> from brine.validation import Evidence, judge
>>> verdict = judge(Evidence())
>>> verdict.accepted
False
>>> verdict.gate("density").reason
'Not run: no run at constant pressure.'
"""

from brine.validation.agreement import Comparison, compare
from brine.validation.diagnosis import diagnose
from brine.validation.dimers import (
    DimerScan,
    dimer_scan,
    dimer_scans,
    short_range_gate,
    shortest_distances,
)
from brine.validation.energy_drift import (
    EnergyDrift,
    energy_drift,
    energy_drift_gate,
    linear_drift,
)
from brine.validation.evidence import Evidence
from brine.validation.held_out_gates import (
    held_out_energy_gate,
    held_out_forces_gate,
    label_audit_gate,
)
from brine.validation.judge import judge
from brine.validation.measurements import (
    DynamicsConditions,
    LabelSupport,
    Origin,
    PeakReference,
    Reference,
    label_support,
)
from brine.validation.observable_gates import density_gate, diffusion_gate, rdf_gate
from brine.validation.pressure_volume import (
    PressureVolumeScan,
    pressure_volume_gate,
    pressure_volume_scan,
)
from brine.validation.references import (
    labels_density,
    water_density,
    water_diffusion,
    water_first_peak,
    water_viscosity,
)
from brine.validation.stability import StabilityRun, stability_gate, stability_run
from brine.validation.verdict import (
    GATE_NAMES,
    SCHEMA_VERSION,
    Gate,
    Status,
    Verdict,
    verdict_schema,
)

__all__ = [
    "GATE_NAMES",
    "SCHEMA_VERSION",
    "Comparison",
    "DimerScan",
    "DynamicsConditions",
    "EnergyDrift",
    "Evidence",
    "Gate",
    "LabelSupport",
    "Origin",
    "PeakReference",
    "PressureVolumeScan",
    "Reference",
    "StabilityRun",
    "Status",
    "Verdict",
    "compare",
    "density_gate",
    "diagnose",
    "diffusion_gate",
    "dimer_scan",
    "dimer_scans",
    "energy_drift",
    "energy_drift_gate",
    "held_out_energy_gate",
    "held_out_forces_gate",
    "judge",
    "label_audit_gate",
    "label_support",
    "labels_density",
    "linear_drift",
    "pressure_volume_gate",
    "pressure_volume_scan",
    "rdf_gate",
    "short_range_gate",
    "shortest_distances",
    "stability_gate",
    "stability_run",
    "verdict_schema",
    "water_density",
    "water_diffusion",
    "water_first_peak",
    "water_viscosity",
]
