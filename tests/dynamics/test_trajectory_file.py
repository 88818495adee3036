from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.geometry import cell_to_cellpar
from ase.io.netcdftrajectory import NetCDFTrajectory
from MDAnalysis.coordinates.TRJ import NCDFReader

from brine.dynamics import (
    NPT,
    NVE,
    AmberNetCDFWriter,
    MDSettings,
    ideal_gas,
    lennard_jones,
    no_guards,
    read_amber_netcdf,
    read_log,
    run_md,
)
from brine.errors import DataFileError


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A breathing triclinic box, not in standard orientation."""
    folder = tmp_path_factory.mktemp("run")
    atoms = bulk("Ar", "fcc", a=5.3).repeat(4)
    masses = np.full(len(atoms), 40.0)
    field = lennard_jones(0.0104, 3.4, cutoff=7.0)
    settings = MDSettings(NPT(90.0, 500.0), 200, 4.0, 20, masses=masses)
    return folder, run_md(atoms, field, settings, out=folder), atoms


def test_mdanalysis_reads_what_was_simulated(run):
    folder, simulation, _ = run
    trajectory = simulation.trajectory
    reader = NCDFReader(str(folder / "trajectory.nc"))
    assert reader.n_frames == len(trajectory) == 11
    for k in range(11):
        frame = reader[k]
        np.testing.assert_allclose(frame.time, 0.080 * k, rtol=0, atol=1e-6)
        np.testing.assert_allclose(frame.positions, trajectory.positions[k], atol=1e-6)
        expected = cell_to_cellpar(trajectory.cells[k])
        np.testing.assert_allclose(frame.dimensions, expected, rtol=1e-6)


def test_ase_reads_what_was_simulated(run):
    folder, simulation, _ = run
    frames = NetCDFTrajectory(str(folder / "trajectory.nc"))
    assert len(frames) == 11
    last = frames[10]
    assert last.get_chemical_symbols() == ["Ar"] * 64
    assert last.pbc.all()
    np.testing.assert_allclose(last.cell, simulation.trajectory.cells[10], atol=1e-6)
    np.testing.assert_allclose(
        last.positions, simulation.trajectory.positions[10], atol=1e-6
    )


def test_a_cell_is_turned_to_standard_orientation_and_nothing_else(run):
    _, simulation, atoms = run
    cell = simulation.trajectory.cells[0]
    assert not np.allclose(atoms.cell.array, np.tril(atoms.cell.array))
    np.testing.assert_array_equal(cell, np.tril(cell))
    turned = Atoms(atoms.numbers, simulation.trajectory.positions[0], cell=cell, pbc=1)
    np.testing.assert_allclose(
        turned.get_all_distances(mic=True), atoms.get_all_distances(mic=True), atol=1e-5
    )


def test_masses_and_elements_are_in_the_file(run):
    folder, _, _ = run
    trajectory = read_amber_netcdf(folder / "trajectory.nc")
    assert (trajectory.masses == 40.0).all()
    assert (trajectory.numbers == 18).all()
    assert trajectory.unwrapped


def test_the_log_names_its_units_and_agrees_with_the_trajectory(run):
    folder, simulation, _ = run
    log = read_log(folder / "log.csv")
    volumes = np.linalg.det(simulation.trajectory.cells)
    assert np.ptp(volumes) > 1
    np.testing.assert_allclose(log["volume_A3"], volumes, rtol=1e-12)
    density = 64 * 40.0 / 0.602214076 / volumes
    np.testing.assert_allclose(log["density_g_per_mL"], density, rtol=1e-12)
    np.testing.assert_array_equal(log["time_fs"], 80.0 * np.arange(11))
    np.testing.assert_allclose(
        simulation.trajectory.times, log["time_fs"], rtol=0, atol=1e-9
    )


def test_an_atom_that_leaves_the_box_goes_on(tmp_path):
    atoms = Atoms("Ar2", [[1, 1, 1], [3, 3, 3]], cell=[4] * 3, pbc=True)
    atoms.set_momenta([[40.0, 0, 0], [-40.0, 0, 0]])
    settings = MDSettings(NVE(), 1000, guards=no_guards())
    trajectory = run_md(atoms, ideal_gas(2), settings, out=tmp_path).trajectory
    steps = np.diff(trajectory.positions[:, 0, 0])
    assert trajectory.positions[-1, 0, 0] > 40
    np.testing.assert_allclose(steps, steps[0], rtol=0, atol=1e-5)


def test_an_isolated_molecule_has_no_cell_and_no_pressure(tmp_path):
    atoms = Atoms("Ar2", [[0, 0, 0], [4, 0, 0]])
    field = lennard_jones(0.0104, 3.4, cutoff=7.0)
    simulation = run_md(atoms, field, MDSettings(NVE(50.0), 100), out=tmp_path)
    assert not simulation.trajectory.cells.any()
    assert np.isnan(simulation.log["pressure_bar"]).all()
    reader = NCDFReader(str(tmp_path / "trajectory.nc"))
    assert reader.n_frames == 6
    assert reader.ts.dimensions is None


def test_a_file_that_is_no_trajectory_is_named(tmp_path):
    path = tmp_path / "trajectory.nc"
    path.write_text("not a trajectory")
    with pytest.raises(DataFileError, match=r"trajectory\.nc cannot be read"):
        read_amber_netcdf(path)


def test_a_file_that_ends_too_early_is_named(run, tmp_path):
    folder, _, _ = run
    whole = (folder / "trajectory.nc").read_bytes()
    (tmp_path / "cut.nc").write_bytes(whole[:-1000])
    with pytest.raises(DataFileError, match=r"cut\.nc is truncated"):
        read_amber_netcdf(tmp_path / "cut.nc")


def _write_and_read(path: Path) -> int:
    """How many frames come back after several sessions with one file."""
    numbers, masses, cell = np.full(30, 8), np.full(30, 15.999), 9 * np.eye(3)
    for _ in range(10):
        with AmberNetCDFWriter(path, numbers=numbers, masses=masses, cell=cell) as file:
            file.append(0.0, np.zeros((30, 3)), cell)
            file.flush()
        n_frames = len(read_amber_netcdf(path).times)
    return n_frames


def test_many_threads_write_and_read_at_once(tmp_path):
    paths = [tmp_path / f"{k}.nc" for k in range(16)]
    with ThreadPoolExecutor(8) as executor:
        assert list(executor.map(_write_and_read, paths)) == 16 * [10]
