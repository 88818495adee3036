"""Planted faults of labels, each named against the oracle that made them."""

from dataclasses import replace

import numpy as np
import pytest

from brine.oracles import SPCFw, label_frames
from brine.oracles.second_opinion import GPA, second_opinion
from brine.structures import build_box, rattle
from brine.units import BOHR, BOLTZMANN, HARTREE


@pytest.fixture(scope="module")
def labelled():
    rng = np.random.default_rng(0)
    frames = [
        rattle(
            build_box({"H2O": 32}, density=density, rng=rng), deviation=0.05, rng=rng
        )
        for density in (0.9, 1.0, 1.1)
    ]
    return label_frames(SPCFw(), frames, groups=["a"] * 3)


def with_kinetic_term(dataset, temperature):
    volume = np.abs(np.linalg.det(dataset.cells))
    pressure = dataset.n_atoms * BOLTZMANN * temperature / volume
    return replace(dataset, stress=dataset.stress - pressure[:, None, None] * np.eye(3))


def test_sound_labels_are_confirmed(labelled):
    (found,) = second_opinion(labelled, SPCFw())

    assert (found.severity, found.code) == ("note", "oracle_agrees")
    assert "3 frames" in found.message


def test_a_neighbouring_level_of_theory_confirms_units_only(labelled):
    (found,) = second_opinion(labelled, SPCFw(cutoff=4.9))

    assert (found.severity, found.code) == ("warning", "oracle_is_another")
    assert "theirs is called SPC/Fw cutoff=5.5A" in found.message


PLANTED = {
    "energy in hartree": (
        lambda d: replace(d, energy=d.energy / HARTREE),
        "energy_unit",
        "they are in hartree",
    ),
    "another zero of energy": (
        lambda d: replace(d, energy=d.energy + 5.0 * d.n_atoms),
        "energy_differs",
        "another level of theory",
    ),
    "forces in hartree/bohr": (
        lambda d: replace(d, forces=d.forces * BOHR / HARTREE),
        "force_unit",
        "they are in hartree/bohr",
    ),
    "gradients": (
        lambda d: replace(d, forces=-d.forces),
        "force_sign",
        "they are gradients",
    ),
    "stress in kbar": (
        lambda d: replace(d, stress=d.stress * 10 / GPA),
        "stress_unit",
        "they are in kbar;",
    ),
    "VASP's kbar": (
        lambda d: replace(d, stress=-d.stress * 10 / GPA),
        "stress_unit",
        "they are in kbar, compressive positive",
    ),
    "reversed stress": (
        lambda d: replace(d, stress=-d.stress),
        "stress_sign",
        "their sign is reversed",
    ),
    "kinetic term": (
        lambda d: with_kinetic_term(d, 330.0),
        "stress_kinetic",
        "the kinetic term of about 330 K",
    ),
    "a virial": (
        lambda d: replace(d, stress=d.stress * 965.0),
        "stress_unit",
        "a virial in eV, not divided by the volume",
    ),
    "a stress taken for a virial": (
        lambda d: replace(d, stress=-d.stress / 965.0),
        "stress_unit",
        "divided by the volume once more, compressive positive",
    ),
    "stress components in another order": (
        lambda d: replace(d, stress=d.stress[:, [1, 2, 0]]),
        "stress_differs",
        "order of their components",
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_named_alone(labelled, name):
    plant, code, sentence = PLANTED[name]

    (found,) = second_opinion(plant(labelled), SPCFw())

    assert found.code == code
    assert sentence in found.message
    assert found.frames == (0, 1, 2)


def test_frames_without_labels_are_passed_over(labelled):
    partial = replace(labelled, has_forces=np.array([True, False, True]))

    (found,) = second_opinion(partial, SPCFw())

    assert found.frames == (0, 2)


def test_labels_that_cannot_be_compared_stop_nothing(labelled):
    """No forces; forces that are zero or no numbers; a frame the oracle refuses."""
    nothing = replace(labelled, has_forces=np.zeros(3, dtype=bool))
    (found,) = second_opinion(nothing, SPCFw())
    assert found.code == "oracle_not_asked"

    (found,) = second_opinion(replace(labelled, forces=0 * labelled.forces), SPCFw())
    assert found.code == "forces_differ"

    odd = labelled.forces.copy()
    odd[0] = np.nan
    (found,) = second_opinion(replace(labelled, forces=odd), SPCFw())
    assert found.frames == (1, 2)

    argon = np.where(labelled.numbers == 8, 18, labelled.numbers)
    (found,) = second_opinion(replace(labelled, numbers=argon), SPCFw())
    assert (found.code, found.source, found.frames) == ("oracle_refuses", "a", (0,))
