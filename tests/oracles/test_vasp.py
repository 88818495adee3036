"""VASP as an oracle, by a program that writes what VASP would."""

import stat
import sys

import numpy as np
import pytest
from ase import Atoms
from ase.io import read

from brine.errors import (
    BrineError,
    DataFileError,
    InputError,
    MissingPackageError,
    UnconvergedError,
)
from brine.oracles.vasp import VASP, Potentials, VaspLevel
from brine.oracles.vasp.level import incar, kpoints
from brine.units import BAR

FAKE = '''#!{python}
"""Writes OUTCAR and vasprun.xml of the POSCAR here: force (k, 2k, -k) on atom k."""
from pathlib import Path
from ase.io import read

atoms = read("POSCAR", format="vasp")
for needed in ("INCAR", "KPOINTS", "POTCAR"):
    assert Path(needed).stat().st_size

def rows(array, name):
    lines = [" ".join(f"{{x:.8f}}" for x in row) for row in array]
    body = "".join(f"<v>{{line}}</v>" for line in lines)
    return f'<varray name="{{name}}">{{body}}</varray>'

names = "".join(f"<rc><c>{{s}}</c><c>1</c></rc>" for s in atoms.symbols)
structure = (
    f'<crystal>{{rows(atoms.cell.array, "basis")}}</crystal>'
    + rows(atoms.get_scaled_positions(), "positions")
)
forces = [(k, 2 * k, -k) for k in range(len(atoms))]
stress = [(10, 1, 2), (1, 20, 3), (2, 3, 30)]
Path("vasprun.xml").write_text(
    '<?xml version="1.0"?><modeling><kpoints><varray name="kpointlist"><v>0 0 0</v>'
    '</varray><varray name="weights"><v>1</v></varray></kpoints>'
    "<parameters></parameters><atominfo>"
    f'<array name="atoms"><set>{{names}}</set></array></atominfo>'
    f'<structure name="initialpos">{{structure}}</structure>'
    '<calculation><scstep><energy><i name="e_fr_energy">-14.25</i>'
    '<i name="e_wo_entrp">-14.15</i><i name="e_0_energy">-14.2</i></energy></scstep>'
    f'<structure>{{structure}}</structure>{{rows(forces, "forces")}}'
    f'{{rows(stress, "stress")}}<energy><i name="e_fr_energy">-14.25</i>'
    '<i name="e_wo_entrp">-14.15</i><i name="e_0_energy">-14.2</i></energy>'
    "</calculation></modeling>"
)
Path("OUTCAR").write_text({outcar!r})
'''
GOOD = (
    " vasp.6.4.2 20Jul23 complex\n"
    "------------- aborting loop because EDIFF is reached -----------\n"
    " General timing and accounting informations for this job:\n"
)


@pytest.fixture
def library(tmp_path):
    for name in ("O", "H", "Mn_pv", "Cl"):
        folder = tmp_path / "potcars" / name
        folder.mkdir(parents=True)
        (folder / "POTCAR").write_text(f" TITEL  = PAW_PBE {name} 08Apr2002\n")
    return Potentials(tmp_path / "potcars")


def oracle(library, tmp_path, outcar=GOOD, **options):
    program = tmp_path / "vasp"
    program.write_text(FAKE.format(python=sys.executable, outcar=outcar))
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    return VASP(library, (str(program),), ("O", "H"), **options)


def water():
    """Two waters, atoms of a kind apart."""
    return Atoms("HOHHOH", np.arange(18).reshape(6, 3) / 3, cell=[8, 9, 10], pbc=True)


def test_labels_come_in_the_order_of_the_structure(library, tmp_path):
    """The POSCAR holds H H H H O O: atoms 0 2 3 5 1 4."""
    labels = oracle(library, tmp_path).label(water())

    assert labels.energy == -14.25  # the free energy, which the forces derive from
    place = np.array([0, 4, 1, 2, 5, 3])
    np.testing.assert_allclose(labels.forces, np.outer(place, [1, 2, -1]))
    kilobar = np.array([[10, 1, 2], [1, 20, 3], [2, 3, 30]])
    np.testing.assert_allclose(labels.stress, -kilobar * 1e3 * BAR, rtol=1e-6)


def test_the_fingerprint_names_pseudopotentials_and_version(library, tmp_path):
    found = oracle(library, tmp_path, version="6.4").fingerprint

    assert found.startswith("VASP 6.4 revPBE-D3(BJ) PAW cutoff=650eV kpoints=1x1x1")
    assert "PAW_PBE O 08Apr2002, PAW_PBE H 08Apr2002" in found


@pytest.mark.parametrize(
    ("outcar", "error", "message"),
    [
        (GOOD.replace("EDIFF is reached", "NELM"), UnconvergedError, "reach EDIFF"),
        (GOOD.split(" General")[0], DataFileError, "incomplete"),
        ("", DataFileError, "missing"),
        (GOOD.replace("6.4.2", "5.4.4"), DataFileError, "must be 6.4, .* vasp.5.4.4"),
    ],
)
def test_an_incomplete_or_unconverged_run_is_refused(
    library, tmp_path, outcar, error, message
):
    with pytest.raises(error, match=message):
        oracle(library, tmp_path, outcar, version="6.4").label(water())


def test_the_inputs_are_complete(library, tmp_path):
    ions = Atoms("MnClClOHH", np.eye(6, 3) * 3, cell=[9] * 3, pbc=True)
    level = VaspLevel(kpoints=(2, 1, 1), hubbard=(("Mn", 3.9),))
    vasp = VASP(library, ("vasp",), ("Mn", "Cl", "O", "H"), level)
    vasp.write_input(tmp_path, ions)

    tags = dict(
        line.split(" = ") for line in (tmp_path / "INCAR").read_text().splitlines()
    )
    assert tags["GGA"] == "RE"
    assert tags["IVDW"] == "12"
    assert tags["ENCUT"] == "650"
    assert tags["ISPIN"] == "2"
    assert tags["MAGMOM"] == "5 0 0 0 0 0"
    assert (tags["LDAUL"], tags["LDAUU"]) == ("2 -1 -1 -1", "3.9 0 0 0")
    assert "Gamma\n2 1 1\n" in (tmp_path / "KPOINTS").read_text()
    assert (tmp_path / "POTCAR").read_text().count("TITEL") == 4
    assert "Mn_pv" in (tmp_path / "POTCAR").read_text()
    assert read(tmp_path / "POSCAR", format="vasp").get_chemical_formula() == (
        ions.get_chemical_formula()
    )
    assert "U(Mn)=3.9eV" in vasp.fingerprint


def test_water_needs_no_spin():
    assert "ISPIN" not in incar(VaspLevel(), water())
    assert "METAGGA = R2SCAN" in incar(VaspLevel("r2SCAN", "none"), water())
    assert "1 1 1" in kpoints(VaspLevel())


def test_what_cannot_be_run_is_refused(library, tmp_path):
    lost = Potentials(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"`potcar_library` must hold O/POTCAR"):
        lost.title("O")
    with pytest.raises(InputError, match=r"`elements` must name all .* got Cl"):
        oracle(library, tmp_path).label(Atoms("Cl", cell=[9] * 3, pbc=True))
    with pytest.raises(InputError, match="`functional` must be one of revPBE"):
        VaspLevel("B3LYP")
    with pytest.raises(MissingPackageError, match="must be runnable as `/no/vasp`"):
        VASP(library, ("/no/vasp",), ("O", "H")).label(water())
    with pytest.raises(BrineError, match="periodic in three directions"):
        oracle(library, tmp_path).label(Atoms("O"))
