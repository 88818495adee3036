"""Who gives labels: levels of theory that map structures to energy, forces, stress."""

from brine.oracles.calculator import OracleCalculator
from brine.oracles.cores import side_by_side
from brine.oracles.cp2k import CP2K
from brine.oracles.from_calculator import CalculatorOracle, xtb_oracle
from brine.oracles.labelling import label_frames
from brine.oracles.openmm_field import OpenMMOracle
from brine.oracles.oracle import Conditions, DynamicOracle, Labels, Oracle
from brine.oracles.sampling import SamplingPlan, sample_frames
from brine.oracles.spcfw import SPCFw

__all__ = [
    "CP2K",
    "CalculatorOracle",
    "Conditions",
    "DynamicOracle",
    "Labels",
    "OpenMMOracle",
    "Oracle",
    "OracleCalculator",
    "SPCFw",
    "SamplingPlan",
    "label_frames",
    "sample_frames",
    "side_by_side",
    "xtb_oracle",
]
