"""Trained potentials and their files."""

from brine.potentials.calculator import NativeCalculator
from brine.potentials.descriptor import Descriptor
from brine.potentials.file import load
from brine.potentials.linear import LinearReadout
from brine.potentials.native import NativePotential
from brine.potentials.neural import NetworkLayout, NeuralReadout, bare_network
from brine.potentials.posterior import Calibration, Posterior
from brine.potentials.potential import Evaluation, Potential, Uncertainty

__all__ = [
    "Calibration",
    "Descriptor",
    "Evaluation",
    "LinearReadout",
    "NativeCalculator",
    "NativePotential",
    "NetworkLayout",
    "NeuralReadout",
    "Posterior",
    "Potential",
    "Uncertainty",
    "bare_network",
    "load",
]
