"""Every reader gives Å, eV, eV/Å and tension-positive stress, and says so."""

from functools import partial

import dpdata
import numpy as np
import pytest
from ase import Atoms
from ase.io import write

from brine.datasets import audit, read_dataset
from brine.errors import BrineError, DataFileError, InputError

from .conftest import labelled, water_frame
from .texts import ENERGY, FORCES, POSITIONS, STRESS, cp2k, outcar, vasprun


@pytest.fixture
def deepmd(tmp_path):
    """Two sets of two and one frames under compression."""
    folder = tmp_path / "systems" / "water"
    for name, n_frames in (("set.000", 2), ("set.001", 1)):
        (folder / name).mkdir(parents=True)
        np.save(folder / name / "coord.npy", np.tile(POSITIONS.ravel(), (n_frames, 1)))
        np.save(
            folder / name / "box.npy", np.tile(5 * np.eye(3).ravel(), (n_frames, 1))
        )
        np.save(folder / name / "energy.npy", np.full(n_frames, ENERGY))
        np.save(folder / name / "force.npy", np.tile(FORCES.ravel(), (n_frames, 1)))
        virial = -STRESS * 125
        np.save(folder / name / "virial.npy", np.tile(virial.ravel(), (n_frames, 1)))
    (folder / "type.raw").write_text("0\n1\n1\n")
    (folder / "type_map.raw").write_text("O\nH\n")
    return folder


def three_waters(tmp_path, name="run.extxyz"):
    rng = np.random.default_rng(0)
    frames = [water_frame(rng) for _ in range(3)]
    write(tmp_path / name, frames)
    return frames, tmp_path / name


@pytest.mark.parametrize(
    ("filename", "text", "said"),
    [
        ("OUTCAR", outcar, "`in kB` is in kbar with compression positive"),
        ("vasprun.xml", vasprun, "`stress` is in kbar with compression positive"),
        ("water.out", cp2k, "STRESS TENSOR is in GPa or bar with compression positive"),
        ("bar.out", partial(cp2k, unit="bar"), "in GPa or bar with compression"),
        ("gpa.out", partial(cp2k, unit="GPa"), "in GPa or bar with compression"),
    ],
)
def test_compression_in_other_programs_becomes_negative_stress(
    tmp_path, filename, text, said
):
    """The file says a positive pressure; the dataset must hold a negative stress."""
    (tmp_path / filename).write_text(text())
    dataset = read_dataset(tmp_path / filename)
    np.testing.assert_array_equal(dataset.numbers, [8, 1, 1])
    np.testing.assert_allclose(dataset.positions, POSITIONS, rtol=0, atol=1e-6)
    np.testing.assert_allclose(dataset.energy, [ENERGY], rtol=0, atol=1e-5)
    np.testing.assert_allclose(dataset.forces, FORCES, rtol=0, atol=1e-6)
    assert np.trace(dataset.stress[0]) < 0
    np.testing.assert_allclose(dataset.stress, [STRESS], rtol=0, atol=1e-7)
    assert said in dataset.assumptions[0]


def test_files_are_recognised_by_content_whatever_their_name(tmp_path):
    for name, text in (("a.txt", outcar), ("b.txt", vasprun), ("c.txt", cp2k)):
        (tmp_path / name).write_text(text())
    dataset = read_dataset(tmp_path / "*.txt")
    assert len(dataset) == 3
    assert len(set(dataset.assumptions)) == 3


def test_a_deepmd_virial_is_minus_stress_times_volume(deepmd):
    dataset = read_dataset(deepmd)
    assert dataset.has_stress.all()
    np.testing.assert_allclose(dataset.stress[0], STRESS, rtol=0, atol=1e-12)
    assert "−stress·volume" in dataset.assumptions[0]


def test_deepmd_frames_are_what_dpdata_reads(deepmd):
    dataset = read_dataset(deepmd)
    other = dpdata.LabeledSystem(str(deepmd), fmt="deepmd/npy").data
    assert len(dataset) == len(other["energies"]) == 3
    np.testing.assert_array_equal(dataset.energy, other["energies"])
    np.testing.assert_array_equal(dataset.positions, other["coords"].reshape(-1, 3))
    np.testing.assert_array_equal(dataset.forces, other["forces"].reshape(-1, 3))
    virial = -dataset.stress * 125
    np.testing.assert_allclose(virial, other["virials"], rtol=0, atol=1e-12)


def test_deepmd_frames_are_named_by_set_and_grouped_by_system(deepmd):
    dataset = read_dataset(deepmd.parent)
    assert dataset.group_names == (str(deepmd),)
    assert dataset.source_names == (f"{deepmd}/set.000", f"{deepmd}/set.001")
    assert dataset.source_frame.tolist() == [0, 1, 0]


def test_a_missing_deepmd_label_is_missing_and_not_zero(deepmd):
    (deepmd / "set.001" / "force.npy").unlink()
    dataset = read_dataset(deepmd)
    assert dataset.has_forces.tolist() == [True, True, False]
    assert np.isnan(dataset.forces[dataset.atoms_of(2)]).all()


def test_a_deepmd_system_without_periodicity_has_no_cell(deepmd):
    (deepmd / "nopbc").touch()
    dataset = read_dataset(deepmd)
    assert not dataset.periodic.any()
    assert not dataset.cells.any()
    assert not dataset.has_stress.any()


def test_mixed_deepmd_types_follow_each_frame(deepmd):
    types = np.array([[0, 1, 1], [1, 0, 1]])
    np.save(deepmd / "set.000" / "real_atom_types.npy", types)
    dataset = read_dataset(deepmd)
    assert dataset.numbers[dataset.atoms_of(1)].tolist() == [1, 8, 1]


def test_a_deepmd_array_of_the_wrong_shape_is_named(deepmd):
    np.save(deepmd / "set.001" / "force.npy", np.zeros((1, 6)))
    with pytest.raises(DataFileError, match=r"set\.001/force\.npy must hold shape"):
        read_dataset(deepmd)


def test_deepmd_elements_are_not_guessed(deepmd):
    (deepmd / "type_map.raw").unlink()
    with pytest.raises(DataFileError, match=r"type_map\.raw"):
        read_dataset(deepmd)


def test_extended_xyz_keeps_labels_and_groups_by_file(tmp_path):
    frames, path = three_waters(tmp_path)
    dataset = read_dataset(path)
    assert dataset.group_names == (str(path),)
    assert dataset.source_frame.tolist() == [0, 1, 2]
    for k, atoms in enumerate(frames):
        again = dataset.frame(k)
        np.testing.assert_allclose(again.positions, atoms.positions, atol=1e-7)
        np.testing.assert_allclose(again.get_forces(), atoms.get_forces(), atol=1e-7)
        np.testing.assert_allclose(again.get_stress(), atoms.get_stress(), atol=1e-9)
        assert again.get_potential_energy() == pytest.approx(
            atoms.get_potential_energy(), abs=1e-6
        )


def test_a_file_may_name_its_groups(tmp_path):
    frames, path = three_waters(tmp_path)
    for atoms, name in zip(frames, ("a", "b", "a"), strict=True):
        atoms.info["set"] = name
    write(path, frames)
    dataset = read_dataset(path)
    assert dataset.group_names == ("a", "b")
    assert dataset.group.tolist() == [0, 1, 0]


def test_labels_under_other_names_are_found(tmp_path):
    atoms = Atoms("OHH", positions=POSITIONS, cell=[5] * 3, pbc=True)
    atoms.info["REF_energy"] = ENERGY
    atoms.info["REF_virial"] = -STRESS * 125
    atoms.arrays["REF_forces"] = FORCES
    write(tmp_path / "run.xyz", atoms, format="extxyz")
    dataset = read_dataset(tmp_path / "run.xyz")
    np.testing.assert_allclose(dataset.energy, [ENERGY])
    np.testing.assert_allclose(dataset.forces, FORCES)
    np.testing.assert_allclose(dataset.stress, [STRESS])
    assert any("−stress·volume" in line for line in dataset.assumptions)


def test_unlabelled_frames_are_missing_labels(tmp_path):
    write(tmp_path / "run.xyz", Atoms("OHH", positions=POSITIONS))
    dataset = read_dataset(tmp_path / "run.xyz")
    assert not dataset.has_energy.any()
    assert not dataset.has_forces.any()


def test_a_truncated_file_is_named_with_its_frame(tmp_path):
    _, path = three_waters(tmp_path)
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:-40]))
    with pytest.raises(DataFileError, match=r"run\.extxyz cannot be read at frame 2"):
        read_dataset(path)


def test_a_line_cut_in_the_middle_is_named_with_its_frame(tmp_path):
    _, path = three_waters(tmp_path)
    path.write_text(path.read_text()[:-60])
    with pytest.raises(DataFileError, match="at frame 2"):
        read_dataset(path)


def test_nan_forces_are_kept_for_the_audit_and_refused_for_training(tmp_path):
    frames, path = three_waters(tmp_path)
    forces = frames[1].get_forces().copy()
    forces[4, 0] = np.nan
    frames[1] = labelled(frames[1], energy=-1.0, forces=forces)
    write(path, frames)
    dataset = read_dataset(path)
    assert dataset.has_forces.all()
    (finding,) = audit(dataset).of_code("forces_not_finite")
    assert finding.frames == (1,)
    with pytest.raises(InputError, match=r"run\.extxyz, frame 1: `forces` must be"):
        dataset.require_finite()
    assert len(dataset.select([0, 2]).require_finite()) == 2


def test_every_nth_frame_of_each_file_is_kept(tmp_path):
    three_waters(tmp_path, "a.extxyz")
    three_waters(tmp_path, "b.extxyz")
    dataset = read_dataset(tmp_path / "*.extxyz", every=2)
    assert dataset.source.tolist() == [0, 0, 1, 1]
    assert dataset.source_frame.tolist() == [0, 2, 0, 2]


def test_a_folder_gives_all_it_holds(tmp_path, deepmd):
    three_waters(tmp_path, "a.extxyz")
    (tmp_path / "README.txt").write_text("notes")
    assert len(read_dataset(tmp_path)) == 6


def test_a_run_that_left_outcar_and_xml_counts_once(tmp_path):
    for run in ("one", "two"):
        (tmp_path / run).mkdir()
        (tmp_path / run / "OUTCAR").write_text(outcar())
        (tmp_path / run / "vasprun.xml").write_text(vasprun())
    dataset = read_dataset(tmp_path)
    assert len(dataset) == 2
    assert len(dataset.group_names) == 2


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(DataFileError, match="nothing is there"):
        read_dataset(tmp_path / "absent*.xyz")
    with pytest.raises(DataFileError, match="holds no labelled frames"):
        read_dataset(tmp_path)


def test_every_broken_file_gives_one_sentence(tmp_path):
    for name, content in (
        ("OUTCAR", " vasp.6.3.0\n nothing else"),
        ("vasprun.xml", '<?xml version="1.0"?><modeling><par'),
        ("x.data", "begin\natom 1 2 3 O 0 0 1 2\nend\n"),
        ("y.data", "begin\nlattice 1 0 0\n"),
        ("z.extxyz", "not a number\n"),
        ("z.npz", "PK broken"),
        ("empty.xyz", ""),
    ):
        (tmp_path / name).write_text(content)
        with pytest.raises(BrineError, match=name) as caught:
            read_dataset(tmp_path / name)
        assert "\n" not in str(caught.value)


def test_levels_of_theory_do_not_mix(tmp_path):
    frames, path = three_waters(tmp_path)
    for atoms in frames:
        atoms.info["fingerprint"] = "revPBE-D3"
    write(path, frames)
    _, other = three_waters(tmp_path, "other.extxyz")
    assert read_dataset(path).fingerprint == "revPBE-D3"
    with pytest.raises(InputError, match="different levels of theory"):
        read_dataset(path, other)
    assert read_dataset(path, other, fingerprint="revPBE-D3").fingerprint == "revPBE-D3"
    with pytest.raises(InputError, match="different levels of theory"):
        read_dataset(path, fingerprint="SCAN")


def test_n2p2_frames_may_differ_in_composition(tmp_path):
    (tmp_path / "input.data").write_text(
        "begin\ncomment one\natom 0 0 1 O 0 0 0 0 0.1\nenergy -1\ncharge 0\nend\n"
        "begin\nlattice 9 0 0\nlattice 0 9 0\nlattice 0 0 9\n"
        "atom 0 0 0 H 0 0 0 0 0\natom 0 0 1.4 H 0 0 0 0 0\nenergy -1.1\nend\n"
    )
    dataset = read_dataset(tmp_path / "input.data")
    assert dataset.n_atoms.tolist() == [1, 2]
    assert dataset.periodic.all(axis=1).tolist() == [False, True]
    assert dataset.positions[0, 2] == pytest.approx(0.529177210903)
    assert dataset.energy[0] == pytest.approx(-27.211386245988)
    assert dataset.forces[0, 2] == pytest.approx(0.1 * 51.42206748, rel=1e-8)


def test_shared_n2p2_frames_are_their_extended_xyz(shared_data):
    folder = shared_data / "nacl-water"
    raw = read_dataset(folder / "raw-n2p2" / "gen1a-first4.data")
    published = read_dataset(folder / "revPBE0-D3-gen1a.extxyz").select(range(4))
    np.testing.assert_array_equal(raw.numbers, published.numbers)
    # The published frames are wrapped into the box, the raw ones are not.
    side = np.repeat(published.cells[:, 0, 0], published.n_atoms)[:, None]
    cells = (raw.positions - published.positions) / side
    np.testing.assert_allclose(cells, np.rint(cells), rtol=0, atol=2e-6)
    # Published with an older hartree: eight digits of 36,000 eV agree.
    np.testing.assert_allclose(raw.energy, published.energy, rtol=0, atol=1e-3)
    np.testing.assert_allclose(raw.forces, published.forces, rtol=0, atol=5e-5)


def test_shared_n2p2_frames_are_what_dpdata_reads(shared_data):
    path = shared_data / "nacl-water" / "raw-n2p2" / "gen1a-first4.data"
    other = dpdata.LabeledSystem(str(path), fmt="n2p2").data
    raw = read_dataset(path)
    np.testing.assert_allclose(raw.energy, other["energies"], rtol=1e-8)
    np.testing.assert_allclose(
        raw.positions, other["coords"].reshape(-1, 3), rtol=0, atol=1e-5
    )
