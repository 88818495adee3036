"""Boxes, molecules, masses and neighbour pairs."""

from brine.structures.boxes import build_box, cubic_length, mass_density
from brine.structures.masses import atomic_masses
from brine.structures.molecules import (
    broken_waters,
    molecular_centres,
    molecule_labels,
    whole_and_labels,
    whole_molecules,
)
from brine.structures.neighbours import NeighbourPairs, neighbour_pairs
from brine.structures.perturbations import rattle, scale_cell, scale_molecules
from brine.structures.progress import Report, silent
from brine.structures.simulation import Simulation, Stop
from brine.structures.species import SPECIES, Species, find_species
from brine.structures.trajectory import Trajectory

__all__ = [
    "SPECIES",
    "NeighbourPairs",
    "Report",
    "Simulation",
    "Species",
    "Stop",
    "Trajectory",
    "atomic_masses",
    "broken_waters",
    "build_box",
    "cubic_length",
    "find_species",
    "mass_density",
    "molecular_centres",
    "molecule_labels",
    "neighbour_pairs",
    "rattle",
    "scale_cell",
    "scale_molecules",
    "silent",
    "whole_and_labels",
    "whole_molecules",
]
