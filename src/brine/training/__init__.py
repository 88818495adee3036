"""Fitting and error metrics."""

from brine.training.calibration import calibrate
from brine.training.errors import (
    ElementErrors,
    EnergyErrors,
    ForceErrors,
    LearningCurve,
    StressErrors,
    energy_errors,
    force_errors,
    stress_errors,
)
from brine.training.fit import fit
from brine.training.held_out import HeldOutErrors, held_out_errors
from brine.training.molecular_errors import (
    MolecularErrors,
    MotionErrors,
    molecular_errors,
    split_forces,
)
from brine.training.predictions import Predictions, predict

__all__ = [
    "ElementErrors",
    "EnergyErrors",
    "ForceErrors",
    "HeldOutErrors",
    "LearningCurve",
    "MolecularErrors",
    "MotionErrors",
    "Predictions",
    "StressErrors",
    "calibrate",
    "energy_errors",
    "fit",
    "force_errors",
    "held_out_errors",
    "molecular_errors",
    "predict",
    "split_forces",
    "stress_errors",
]
