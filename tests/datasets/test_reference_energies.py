"""Compositions determine sums of single-atom energies, and not always each."""

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from brine.datasets import dataset_from_atoms, fit_reference_energies, read_dataset
from brine.errors import MissingLabelError, UnknownElementError

EXACT = {"H": -3.0, "O": -10.0, "Na": -5.0, "Cl": -7.0}


def labelled(formulas):
    frames = []
    for formula in formulas:
        atoms = Atoms(formula)
        energy = sum(EXACT[symbol] for symbol in atoms.symbols)
        atoms.calc = SinglePointCalculator(atoms, energy=energy)
        frames.append(atoms)
    return dataset_from_atoms(frames, groups=["g"] * len(frames), fingerprint="test")


def test_enough_compositions_determine_each_element():
    reference = fit_reference_energies(labelled(["H2O", "H2", "NaCl", "Na2Cl"]))
    assert reference.rank == 4
    assert reference.determined == ("H", "O", "Na", "Cl")
    np.testing.assert_allclose(
        reference.energies, [EXACT[s] for s in ("H", "O", "Na", "Cl")], atol=1e-9
    )


def test_neutral_salts_determine_the_sum_of_their_ions_only():
    reference = fit_reference_energies(labelled(["H4O2NaCl", "H20O10NaCl", "H8O4"]))
    assert reference.rank == 2
    assert reference.determined == ("2 H + O", "Na + Cl")
    assert reference.energies[2] == pytest.approx(reference.energies[3])
    assert reference.residual < 1e-9
    assert reference.of([11, 17]) == pytest.approx(EXACT["Na"] + EXACT["Cl"])
    assert reference.determines([8, 1, 1, 11, 17])
    assert not reference.determines([11])


def test_reference_of_frames_is_the_sum_over_their_atoms():
    dataset = labelled(["H2O", "H4O2NaCl"])
    reference = fit_reference_energies(dataset)
    np.testing.assert_allclose(reference.of_frames(dataset), dataset.energy, atol=1e-9)


def test_an_element_without_data_is_named():
    reference = fit_reference_energies(labelled(["H2O"]))
    with pytest.raises(UnknownElementError, match="not for Zn"):
        reference.of([30])


def test_frames_without_energy_cannot_give_references():
    dataset = dataset_from_atoms([Atoms("H")], groups=["g"], fingerprint="test")
    with pytest.raises(MissingLabelError, match="in memory"):
        fit_reference_energies(dataset)


def test_shared_nacl_determines_water_and_salt(shared_data):
    dataset = read_dataset(shared_data / "nacl-water" / "revPBE0-D3-gen1[ae].extxyz")
    reference = fit_reference_energies(dataset)
    assert reference.determined == ("2 H + O", "Na + Cl")
    assert reference.residual < 0.01
