import numpy as np
import pytest
from ase import Atoms

from brine.settings.validation import ValidationSettings
from brine.validation import (
    DimerScan,
    Status,
    dimer_scan,
    dimer_scans,
    short_range_gate,
    shortest_distances,
)

SETTINGS = ValidationSettings()


def test_a_repulsive_pair_passes(lennard_jones):
    gate = short_range_gate(dimer_scans(lennard_jones), SETTINGS)
    assert gate.status is Status.PASS
    assert gate.value == pytest.approx(0, abs=1e-12)


def test_a_well_inside_the_data_fails_and_names_the_pair(lennard_jones):
    scan = dimer_scan(lennard_jones, ("Ar", "Ar"), supported=3.0)
    well = -300 * np.exp(-(((scan.distances - 1.5) / 0.3) ** 2))
    sick = DimerScan(scan.pair, scan.distances, scan.energies + well, scan.supported)
    gate = short_range_gate([scan, sick], SETTINGS)

    assert gate.status is Status.FAIL
    assert "Ar–Ar" in gate.reason
    assert gate.value > 30


def test_the_well_of_a_bond_outside_the_closest_data_is_no_fault(lennard_jones):
    """The Lennard-Jones minimum is at 3.8 Å, outside the shortest distance 3.2 Å."""
    scan = dimer_scan(lennard_jones, ("Ar", "Ar"), supported=3.2)
    assert scan.energies.min() < 0
    assert scan.well == pytest.approx(0, abs=1e-12)


def test_two_atoms_without_any_wall_fail():
    r = np.arange(0.5, 4, 0.1)
    scan = DimerScan(("Na", "Cl"), r, np.zeros_like(r), 2.3)
    gate = short_range_gate([scan], SETTINGS)
    assert gate.status is Status.FAIL
    assert "no repulsive wall" in gate.reason


def test_an_energy_that_is_not_finite_fails():
    r = np.arange(0.5, 4, 0.1)
    energies = np.where(r < 1, np.nan, 1 / r)
    gate = short_range_gate([DimerScan(("O", "O"), r, energies, 2.3)], SETTINGS)
    assert gate.status is Status.FAIL


def test_every_pair_of_elements_is_scanned_from_half_an_angstrom(lennard_jones):
    lennard_jones.elements = (1, 8, 17)
    scans = dimer_scans(lennard_jones, supported={("O", "H"): 0.85})
    pairs = [scan.pair for scan in scans]
    assert len(pairs) == 6
    assert ("H", "Cl") in pairs
    assert all(scan.distances[0] == pytest.approx(0.5, abs=1e-12) for scan in scans)
    assert scans[pairs.index(("H", "O"))].supported == 0.85


def test_shortest_distances_look_through_the_periodic_boundary(dataset_of):
    atoms = Atoms("OH", [(0.1, 5, 5), (9.3, 5, 5)], cell=[10] * 3, pbc=True)
    shortest = shortest_distances(dataset_of([atoms]))
    assert shortest == {("H", "O"): pytest.approx(0.8, abs=1e-12)}
