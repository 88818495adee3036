"""Molecular dynamics: one native loop for every ensemble and every potential.

`run_md` drives a trained potential, any ASE calculator or a native force field
through NVE, NVT or NPT, writes a trajectory that other programs open, can be killed
at any time, and stops with a reason when a guard speaks.
"""

from brine.dynamics.amber_netcdf import AmberNetCDFWriter, read_amber_netcdf
from brine.dynamics.ensembles import NPT, NVE, NVT, Ensemble, Ramp
from brine.dynamics.forces import ForceSource, force_field
from brine.dynamics.friction import langevin_friction, transport_objections
from brine.dynamics.guards import Guards, no_guards
from brine.dynamics.record import read_log
from brine.dynamics.reference_systems import harmonic, ideal_gas, lennard_jones
from brine.dynamics.replicas import Replica, run_replicas
from brine.dynamics.run import run_md
from brine.dynamics.settings import MDSettings
from brine.dynamics.velocities import maxwell_boltzmann
from brine.structures.simulation import Simulation, Stop

__all__ = [
    "NPT",
    "NVE",
    "NVT",
    "AmberNetCDFWriter",
    "Ensemble",
    "ForceSource",
    "Guards",
    "MDSettings",
    "Ramp",
    "Replica",
    "Simulation",
    "Stop",
    "force_field",
    "harmonic",
    "ideal_gas",
    "langevin_friction",
    "lennard_jones",
    "maxwell_boltzmann",
    "no_guards",
    "read_amber_netcdf",
    "read_log",
    "run_md",
    "run_replicas",
    "transport_objections",
]
