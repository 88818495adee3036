"""Trained potentials and their files."""

from brine.potentials.calculator import NativeCalculator
from brine.potentials.descriptor import Descriptor
from brine.potentials.file import load
from brine.potentials.native import NativePotential
from brine.potentials.posterior import Calibration, Posterior
from brine.potentials.potential import Evaluation, Potential, Uncertainty

__all__ = [
    "Calibration",
    "Descriptor",
    "Evaluation",
    "NativeCalculator",
    "NativePotential",
    "Posterior",
    "Potential",
    "Uncertainty",
    "load",
]
