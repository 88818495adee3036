"""CP2K as an oracle: what it is told, what it answers, and a real label."""

import re
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms

from brine.datasets.fingerprint import force_noise
from brine.errors import (
    DataFileError,
    InputError,
    MissingPackageError,
    UnconvergedError,
)
from brine.oracles import CP2K, Labels, label_frames
from brine.oracles.cp2k import (
    Functional,
    LevelOfTheory,
    Program,
    find_program,
)
from brine.oracles.cp2k.convergence import convergence
from brine.oracles.cp2k.output import read_output
from brine.structures import build_box, rattle
from brine.units import BAR, BOHR, HARTREE

ENERGY = " ENERGY| Total FORCE_EVAL ( QS ) energy [a.u.]:     -34.466743\n"
OLD = (
    ENERGY
    + """
 ATOMIC FORCES in [a.u.]

 # Atom   Kind   Element          X              Y              Z
      1      1      O           0.01000000    -0.02000000     0.03000000
      2      2      H          -0.01000000     0.02000000    -0.03000000
 SUM OF ATOMIC FORCES           0.00000000     0.00000000     0.00000000     0.00000000

 STRESS| Analytical stress tensor [GPa]
 STRESS|                        x                   y                   z
 STRESS|      x       1.00000000000       0.10000000000       0.20000000000
 STRESS|      y       0.10000000000       2.00000000000       0.30000000000
 STRESS|      z       0.20000000000       0.30000000000       3.00000000000
 STRESS| 1/3 Trace                                                2.00000000000
"""
)
NEW = (
    ENERGY.replace("( QS ) energy [a.u.]", "( QS ) energy [hartree]")
    + """
 FORCES| Atomic forces [hartree/bohr]
 FORCES| Atom x y z |f|
 FORCES|      1  1.00000000E-02 -2.00000000E-02  3.00000000E-02  3.74165739E-02
 FORCES|      2 -1.00000000E-02  2.00000000E-02 -3.00000000E-02  3.74165739E-02
 FORCES| Sum     0.00000000E+00  0.00000000E+00  0.00000000E+00  0.00000000E+00

 STRESS| Analytical stress tensor [bar]
 STRESS|                        x                   y                   z
 STRESS|      x   1.00000000000E+04   1.00000000000E+03   2.00000000000E+03
 STRESS|      y   1.00000000000E+03   2.00000000000E+04   3.00000000000E+03
 STRESS|      z   2.00000000000E+03   3.00000000000E+03   3.00000000000E+04
"""
)

ABORTED = r"""
 *******************************************************************************
 *   ___                                                                       *
 *  /   \                                                                      *
 * [ABORT]                                                                     *
 *  \___/            found an unknown keyword                                  *
 *    |                    CUTOF in MGRID                                       *
 *  O/|                                                                        *
 * /| |                                                                        *
 * / \                                               input/input_parsing.F:246 *
 *******************************************************************************
"""


@pytest.mark.parametrize("text", [OLD, NEW], ids=["2023.1", "2024.1"])
def test_output_is_converted_to_ev_and_tension_positive(text):
    labels = read_output(text, 2, name="label.out")

    assert labels.energy == pytest.approx(-34.466743 * HARTREE)
    np.testing.assert_allclose(
        labels.forces[0], np.array([0.01, -0.02, 0.03]) * HARTREE / BOHR
    )
    np.testing.assert_allclose(labels.forces.sum(axis=0), 0, atol=1e-12)
    expected = -np.array([[1, 0.1, 0.2], [0.1, 2, 0.3], [0.2, 0.3, 3]]) * 1e4 * BAR
    np.testing.assert_allclose(labels.stress, expected)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (
            "    60 Broy./Diag. 0.4 1.0 0.1 -1.0 0.1\n *** SCF run NOT converged ***\n"
            + OLD,
            UnconvergedError,
            "after 60 steps",
        ),
        (OLD.split("STRESS|", 1)[0], DataFileError, "stress tensor"),
        (OLD.replace("      2      2", "      x      2"), DataFileError, "got 1"),
        ("", DataFileError, "total energy, got none"),
        (ABORTED, DataFileError, "CP2K says 'found an unknown keyword CUTOF in MGRID'"),
    ],
)
def test_an_incomplete_or_unconverged_output_gives_no_label(text, error, message):
    with pytest.raises(error, match=message):
        read_output(text, 2, name="label.out")


def box(symbols="OHH", **options):
    positions = [[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]][: len(Atoms(symbols))]
    return Atoms(symbols, positions, cell=[5, 6, 7], pbc=True, **options)


def test_the_input_says_what_the_level_says():
    text = LevelOfTheory(cutoff=800.0, basis="TZV2P").input_text(box())

    assert re.search(r"CUTOFF 800\.0\n", text)
    assert text.count("BASIS_SET TZV2P-MOLOPT-GTH") == 2  # kinds, not atoms
    assert "PARAMETRIZATION REVPBE" in text
    assert "REFERENCE_FUNCTIONAL revPBE\n" in text
    assert "UKS" not in text
    assert re.search(r"&CELL\n\s+A 5\.0+ 0\.0+ 0\.0+\n", text)
    assert text.count("&") == 2 * text.count("&END")


@pytest.mark.parametrize("functional", list(Functional))
def test_every_functional_has_an_input(functional):
    text = LevelOfTheory(functional=functional).input_text(box())

    assert "&XC_FUNCTIONAL" in text
    assert ("&VDW_POTENTIAL" in text) is ("D3" in functional)


def test_manganese_is_high_spin_unless_the_structure_says_otherwise():
    ions = Atoms(
        "MnClCl", [[0, 0, 0], [2.4, 0, 0], [0, 2.4, 0]], cell=[9] * 3, pbc=True
    )
    text = LevelOfTheory().input_text(ions)
    assert "MULTIPLICITY 6" in text
    assert "MAGNETIZATION 5.0" in text
    assert text.count("BASIS_SET DZVP-MOLOPT-SR-GTH") == 2

    pair = ions + ions
    pair.set_initial_magnetic_moments([5, 0, 0, -5, 0, 0])
    text = LevelOfTheory().input_text(pair)
    assert "MULTIPLICITY 1\n" in text
    assert "MAGNETIZATION -5.0" in text


def test_what_cannot_be_calculated_is_refused_before_cp2k_starts():
    oracle = CP2K(program=Program("/no/such/program"))
    with pytest.raises(InputError, match="Xe"):
        LevelOfTheory().input_text(Atoms("Xe", cell=[9] * 3, pbc=True))
    with pytest.raises(InputError, match="periodic in three directions"):
        oracle.label(Atoms("OHH", np.eye(3)))
    with pytest.raises(InputError, match="`basis` must be one of DZVP-SR, DZVP, TZV2P"):
        LevelOfTheory(basis="SZV")
    with pytest.raises(InputError, match="`cutoff` must lie between 100"):
        LevelOfTheory(cutoff=10.0)


def test_a_missing_program_is_one_clear_sentence(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingPackageError, match="apt install cp2k"):
        find_program()


def test_a_label_that_takes_too_long_is_kept_apart_and_says_what_to_do(tmp_path):
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    oracle = CP2K(program=Program(str(slow)), time_limit=0.2)
    with pytest.raises(UnconvergedError, match=r"`time_limit`.*0\.2 s"):
        oracle.label(box())


class Stubborn:
    """Labels that converge for small boxes only, and are counted."""

    fingerprint, cores = "stubborn", 1

    def __init__(self):
        self.calls = 0

    def label(self, atoms):
        self.calls += 1
        if atoms.get_volume() > 100:
            raise UnconvergedError("the SCF must converge, and did not.")
        return Labels(-1.0, np.zeros((len(atoms), 3)), np.zeros((3, 3)))


def test_an_unconverged_label_is_kept_apart_with_its_reason():
    small, large = box("OHH"), box("OHH")
    small.set_cell([4, 4, 4])
    dataset = label_frames(Stubborn(), [small, large], groups=["a", "a"])

    assert dataset.has_energy.tolist() == [True, False]
    assert dataset.has_stress.tolist() == [True, False]
    assert np.isnan(dataset.energy[1])
    assert "frame 1 of a has no labels: the SCF must converge" in dataset.assumptions[1]
    with pytest.raises(InputError, match="no label converged"):
        label_frames(Stubborn(), [large], groups=["a"])


def test_labels_made_before_an_interruption_are_found_again(tmp_path):
    small = box("OHH")
    small.set_cell([4, 4, 4])
    oracle = Stubborn()
    for _ in range(2):
        dataset = label_frames(oracle, [small], groups=["a"], kept=tmp_path)

    assert oracle.calls == 1
    assert dataset.energy[0] == -1.0
    moved = small.copy()
    moved.positions += 0.1
    label_frames(oracle, [moved], groups=["a"], kept=tmp_path)
    assert oracle.calls == 2


needs_cp2k = pytest.mark.skipif(
    shutil.which("cp2k.psmp") is None, reason="CP2K is not installed"
)


@needs_cp2k
@pytest.mark.parametrize("functional", list(Functional))
def test_cp2k_understands_the_input_of_every_functional(functional, tmp_path):
    level = LevelOfTheory(functional=functional)
    (tmp_path / "label.inp").write_text(level.input_text(box("OHH")))
    program = find_program()
    run = subprocess.run(
        [program.executable, "-c", "label.inp"],
        cwd=tmp_path,
        env=program.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "SUCCESS" in run.stdout, run.stdout[-2000:]


@needs_cp2k
def test_a_real_label_is_a_derivative_and_repeats_itself():
    """Two waters at 600 Ry: what is left of the grid is 3 % of the pressure.

    The energy at other volumes is taken with the same cutoff, hence with another
    number of plane waves.
    """
    water = build_box({"H2O": 2}, density=0.7, rng=np.random.default_rng(0))
    oracle = CP2K(LevelOfTheory(cutoff=600.0, scf=1e-7))
    first, second = oracle.label(water), oracle.label(water)
    energies = []
    for strain in (0.01, -0.01):
        strained = water.copy()
        strained.set_cell(water.cell.array * (1 + strain), scale_atoms=True)
        energies.append(oracle.label(strained).energy)
    expected = (energies[0] - energies[1]) / 0.02 / water.get_volume() / 3
    found = np.trace(first.stress) / 3

    assert second.energy == pytest.approx(first.energy, abs=1e-6)
    assert abs(found) > 1e4 * BAR
    assert found == pytest.approx(expected, abs=max(0.03 * abs(found), 500 * BAR))
    assert "revPBE-D3(zero)" in oracle.fingerprint
    assert re.match(r"CP2K 20\d\d\.\d", oracle.fingerprint)


@needs_cp2k
def test_a_real_step_starts_from_the_wavefunction_before(tmp_path):
    water = build_box({"H2O": 1}, density=0.5, rng=np.random.default_rng(0))
    oracle = CP2K(LevelOfTheory(cutoff=200.0), scratch=tmp_path)
    steps = []
    for _ in range(2):
        water.positions[1] += [0.003, 0.0, 0.0]
        forces = oracle.label(water).forces
        printed = (tmp_path / "printed.out").read_text()
        steps.append(len(re.findall(r"^ +\d+ \S+/Diag", printed, re.MULTILINE)))
    alone = replace(oracle, scratch=None).label(water).forces

    assert 2 < steps[1] < steps[0]
    np.testing.assert_allclose(forces, alone, atol=1e-4)


class Gridded(CP2K):
    """Forces and energies whose errors fall with the square of the cutoff."""

    def label(self, atoms):
        error = (100 / self.level.cutoff) ** 2 + self.level.scf
        forces = np.full((len(atoms), 3), error)
        forces[atoms.numbers == 1] /= 10
        return Labels(-1.0 + error, forces, -error * BAR * np.eye(3))


def test_convergence_loosens_one_setting_at_a_time():
    level = LevelOfTheory(cutoff=500.0, relative_cutoff=60.0, scf=1e-6)
    oracle = Gridded(level, Program("none"))
    trials = convergence(
        oracle, box(), cutoffs=[1000, 400], relative_cutoffs=[60], scf=[1e-6, 1e-5]
    )

    assert [t.change for t in trials] == ["cutoff 400 Ry", "scf 1e-05", "as set"]
    expected = 1 / 16 - 1 / 100
    assert trials[0].forces["O"] == pytest.approx(expected)
    assert trials[0].forces["H"] == pytest.approx(expected / 10)
    assert trials[0].energy == pytest.approx(expected / 3)
    assert trials[0].pressure == pytest.approx(expected)
    # Of one O and two H, whose errors are a tenth.
    overall = np.sqrt((1 + 2 / 100) / 3)
    assert trials[1].force_noise == pytest.approx(9e-6 * overall)
    assert trials[2].force_noise == pytest.approx((1 / 25 - 1 / 100) * overall)


def test_the_noise_of_forces_is_part_of_the_fingerprint():
    quiet = CP2K(program=Program("none"))
    noisy = CP2K(program=Program("none"), force_noise=0.0102)

    assert force_noise(quiet.fingerprint) is None
    assert force_noise(noisy.fingerprint) == pytest.approx(0.0102)


@needs_cp2k
def test_a_real_label_of_sixteen_waters_on_two_ranks():
    """17.2 hartree a molecule, as GTH pseudopotentials have it; forces that cancel.

    The grid of 300 Ry leaves a net force of 1 eV/Å.
    """
    rng = np.random.default_rng(2)
    water = rattle(
        build_box({"H2O": 16}, density=1.0, rng=rng), deviation=0.03, rng=rng
    )
    oracle = CP2K(
        LevelOfTheory(cutoff=300.0, relative_cutoff=40.0), find_program(ranks=2)
    )
    labels = oracle.label(water)

    assert labels.energy / 16 == pytest.approx(-17.24 * HARTREE, abs=0.5)
    assert np.sqrt(np.square(labels.forces).mean()) > 0.5
    assert np.abs(labels.forces.sum(axis=0)).max() < 2.0
    np.testing.assert_allclose(labels.stress, labels.stress.T)


@needs_cp2k
@pytest.mark.slow
@pytest.mark.parametrize("functional", list(Functional))
def test_the_stress_of_every_functional_is_a_derivative(functional):
    """One water in 4.5 Å at 600 Ry; -0.04 to -0.7 GPa, found within 0.01."""
    places = [[0, 0, 0], [0.98, 0, 0], [-0.25, 0.95, 0]]
    water = Atoms("OHH", places, cell=[4.5] * 3, pbc=True)
    oracle = CP2K(LevelOfTheory(functional=functional, cutoff=600.0))
    energies = []
    for strain in (0.01, -0.01):
        strained = water.copy()
        strained.set_cell(water.cell.array * (1 + strain), scale_atoms=True)
        energies.append(oracle.label(strained).energy)
    expected = (energies[0] - energies[1]) / 0.02 / water.get_volume() / 3

    assert abs(expected) > 300 * BAR
    found = np.trace(oracle.label(water).stress) / 3
    assert found == pytest.approx(expected, abs=100 * BAR)
