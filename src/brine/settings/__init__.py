"""Schemas of a protocol: what may be asked for, its unit, its default.

A protocol is one YAML file. Every section is frozen, refuses a key it does not know,
and carries units in its names; a choice is a union on `kind`.

>>> from brine.settings import parse_protocol
>>> protocol = parse_protocol('''
... name: water
... system: {molecules: {H2O: 64}, density_g_per_mL: 0.997}
... labels: {kind: oracle, oracle: {kind: spcfw}}
... reference: {kind: oracle}
... ''')
>>> protocol.dynamics.timestep_fs
0.5
"""

from brine.settings.dynamics import Dynamics, Langevin, Thermostat, VelocityRescaling
from brine.settings.families import (
    AllegroSettings,
    DeePMDSettings,
    NequIPSettings,
)
from brine.settings.labels import (
    CommitteeOracle,
    CP2KOracle,
    FileLabels,
    ForceFieldOracle,
    Labels,
    Oracle,
    OracleLabels,
    PythonOracle,
    Sampling,
    SPCFwOracle,
    VASPOracle,
    XTBOracle,
)
from brine.settings.loading import (
    SweepProtocol,
    dump_protocol,
    load_protocol,
    load_sweep,
    parse_protocol,
    validate_protocol,
)
from brine.settings.potential import (
    ModelPotential,
    NativeSettings,
    PotentialSettings,
    TrainedElsewhere,
)
from brine.settings.problems import did_you_mean
from brine.settings.protocol import Protocol
from brine.settings.reference import (
    ExperimentReference,
    LabelsReference,
    OracleReference,
    Reference,
    TrajectoryReference,
)
from brine.settings.section import Section, choice
from brine.settings.split import (
    CompositionSplit,
    GroupSplit,
    LastPartSplit,
    RandomSplit,
    Split,
    TimeBlockSplit,
)
from brine.settings.sweep import FirstRung, Range, Sweep
from brine.settings.system import (
    CompositionSystem,
    FileSystem,
    LabelledFrameSystem,
    MoleculesSystem,
    PackedSystem,
    SolutionSystem,
    System,
    Template,
)
from brine.settings.validation import ValidationSettings

__all__ = [
    "AllegroSettings",
    "CP2KOracle",
    "CommitteeOracle",
    "CompositionSplit",
    "CompositionSystem",
    "DeePMDSettings",
    "Dynamics",
    "ExperimentReference",
    "FileLabels",
    "FileSystem",
    "FirstRung",
    "ForceFieldOracle",
    "GroupSplit",
    "LabelledFrameSystem",
    "Labels",
    "LabelsReference",
    "Langevin",
    "LastPartSplit",
    "ModelPotential",
    "MoleculesSystem",
    "NativeSettings",
    "NequIPSettings",
    "Oracle",
    "OracleLabels",
    "OracleReference",
    "PackedSystem",
    "PotentialSettings",
    "Protocol",
    "PythonOracle",
    "RandomSplit",
    "Range",
    "Reference",
    "SPCFwOracle",
    "Sampling",
    "Section",
    "SolutionSystem",
    "Split",
    "Sweep",
    "SweepProtocol",
    "System",
    "Template",
    "Thermostat",
    "TimeBlockSplit",
    "TrainedElsewhere",
    "TrajectoryReference",
    "VASPOracle",
    "ValidationSettings",
    "VelocityRescaling",
    "XTBOracle",
    "choice",
    "did_you_mean",
    "dump_protocol",
    "load_protocol",
    "load_sweep",
    "parse_protocol",
    "validate_protocol",
]
