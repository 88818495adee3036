import sys
from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase.io import write
from walks import random_walk

from brine.dynamics.amber_netcdf import AmberNetCDFWriter
from brine.errors import DataFileError, InputError, MissingPackageError
from brine.observables import read_trajectory


@pytest.fixture
def walk():
    return random_walk(np.random.default_rng(0), n_atoms=6, n_frames=25)


def frames_of(trajectory, **info):
    return [
        Atoms(trajectory.numbers, r, cell=c, pbc=True, info={"time": t, **info})
        for r, c, t in zip(
            trajectory.positions, trajectory.cells, trajectory.times, strict=True
        )
    ]


def test_own_format_keeps_everything(walk, tmp_path):
    """Coordinates are stored in single precision: 1e-5 Å at 100 Å."""
    deuterium = replace(walk, numbers=np.ones(6, int), masses=np.full(6, 2.014))
    with AmberNetCDFWriter(
        tmp_path / "run.nc",
        numbers=deuterium.numbers,
        masses=deuterium.masses,
        cell=walk.cells[0],
    ) as file:
        for r, c, t in zip(walk.positions, walk.cells, walk.times, strict=True):
            file.append(t, r, c)

    found = read_trajectory(tmp_path / "run.nc")

    assert found.unwrapped
    np.testing.assert_array_equal(found.masses, deuterium.masses)
    np.testing.assert_allclose(found.positions, walk.positions, rtol=0, atol=1e-5)
    np.testing.assert_allclose(found.times, walk.times)


@pytest.mark.parametrize("name", ["run.xyz", "run.extxyz", "run.traj"])
def test_formats_of_ase_give_positions_and_cells(walk, tmp_path, name):
    """Extended XYZ is written with eight decimals."""
    kind = "traj" if name.endswith("traj") else "extxyz"
    write(tmp_path / name, frames_of(walk), format=kind)

    found = read_trajectory(tmp_path / name)

    np.testing.assert_allclose(found.positions, walk.positions, rtol=0, atol=1e-7)
    np.testing.assert_allclose(found.cells, walk.cells)
    assert not found.unwrapped
    if name != "run.traj":
        np.testing.assert_allclose(found.times, walk.times)


def test_xdatcar_has_no_times_until_they_are_given(walk, tmp_path):
    write(tmp_path / "XDATCAR", frames_of(walk), format="vasp-xdatcar")

    assert np.isnan(read_trajectory(tmp_path / "XDATCAR").times).all()
    found = read_trajectory(tmp_path / "XDATCAR", interval_fs=2.0)
    np.testing.assert_array_equal(found.times, 2.0 * np.arange(25))


@pytest.mark.parametrize("kind", ["DCD", "XTC", "TRR"])
@pytest.mark.filterwarnings("ignore")
def test_binary_formats_need_a_topology(walk, tmp_path, kind):
    """XTC keeps 0.01 Å; MDAnalysis writes the reference."""
    mda = pytest.importorskip("MDAnalysis")
    write(tmp_path / "top.pdb", frames_of(walk)[0])
    universe = mda.Universe(str(tmp_path / "top.pdb"))
    path = tmp_path / f"run.{kind.lower()}"
    with mda.Writer(str(path), n_atoms=6, dt=0.1) as writer:
        for k, r in enumerate(walk.positions):
            universe.atoms.positions = r
            universe.dimensions = [20, 20, 20, 90, 90, 90]
            universe.trajectory.ts.time = 0.1 * k
            universe.trajectory.ts.frame = k
            writer.write(universe.atoms)

    found = read_trajectory(path, tmp_path / "top.pdb")

    np.testing.assert_array_equal(found.numbers, 8)
    np.testing.assert_allclose(found.positions, walk.positions, rtol=0, atol=0.006)
    np.testing.assert_allclose(found.cells, walk.cells, rtol=0, atol=1e-4)
    np.testing.assert_allclose(found.times, walk.times, rtol=0, atol=1e-2)
    with pytest.raises(InputError, match="positions only; give a `topology`"):
        read_trajectory(path)


def test_topology_without_mdanalysis_names_the_package(tmp_path, monkeypatch):
    (tmp_path / "run.dcd").write_bytes(b"x")
    (tmp_path / "top.pdb").write_text("x")
    monkeypatch.setitem(sys.modules, "MDAnalysis", None)
    with pytest.raises(MissingPackageError, match=r"brine\[analysis\]"):
        read_trajectory(tmp_path / "run.dcd", tmp_path / "top.pdb")


def test_damaged_files_are_named(walk, tmp_path):
    path = tmp_path / "cut.extxyz"
    write(path, frames_of(walk))
    path.write_text(path.read_text()[:-40])
    with pytest.raises(DataFileError, match=r"cut\.extxyz"):
        read_trajectory(path)
    with pytest.raises(DataFileError, match="must be a file that exists"):
        read_trajectory(tmp_path / "absent.xyz")
    (tmp_path / "bad.nc").write_bytes(b"CDF\x02 nothing")
    with pytest.raises(DataFileError, match=r"bad\.nc"):
        read_trajectory(tmp_path / "bad.nc")


def test_frames_of_other_atoms_are_refused(walk, tmp_path):
    frames = frames_of(walk)
    frames[3] = Atoms("H2", positions=[[0, 0, 0], [0, 0, 1]])
    write(tmp_path / "mixed.extxyz", frames)
    with pytest.raises(DataFileError, match=r"frame 3 \(H2\) differs"):
        read_trajectory(tmp_path / "mixed.extxyz")


def test_lammps_dump_without_elements_is_not_read_as_hydrogen(tmp_path):
    path = tmp_path / "run.lammpstrj"
    path.write_text(
        "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n1\nITEM: BOX BOUNDS pp pp pp\n"
        "0 9\n0 9\n0 9\nITEM: ATOMS id type x y z\n1 1 0 0 0\n"
    )
    with pytest.raises(DataFileError, match="`element` column"):
        read_trajectory(path)


def test_interval_must_be_positive(walk, tmp_path):
    write(tmp_path / "a.extxyz", frames_of(walk))
    with pytest.raises(InputError, match="`interval_fs` must be positive, got 0"):
        read_trajectory(tmp_path / "a.extxyz", interval_fs=0)
