import pytest

from brine.errors import InputError
from brine.structures.composition import (
    formula_mass,
    molality_of,
    molecules_at_molality,
    molecules_at_mole_fraction,
    molecules_of,
)


@pytest.mark.parametrize(
    "written", ["Li2MnCl4·9H2O", "Li2MnCl4*9H2O", "Li2MnCl4 • 9 H2O"]
)
def test_a_salt_comes_apart_into_its_ions(written):
    assert molecules_of(written, formula_units=10) == {
        "Li+": 20,
        "Mn+2": 10,
        "Cl-": 40,
        "H2O": 90,
    }


def test_amounts_of_the_same_ion_add_up_and_may_be_fractions():
    assert molecules_of("2LiCl·ZnCl2·5.5H2O", formula_units=2) == {
        "Li+": 4,
        "Cl-": 8,
        "Zn+2": 2,
        "H2O": 11,
    }


@pytest.mark.parametrize(
    ("composition", "formula_units", "message"),
    [
        ("LiMnCl4·9H2O", 1, "charge of -1 e from 1 Li+, 1 Mn+2, 4 Cl-, 9 H2O"),
        ("LiCl·5.5H2O", 3, "16.5 H2O from 3"),
        ("FeCl2·9H2O", 1, "'Fe' in 'FeCl2·9H2O'"),
        ("LiCl, H2O", 1, "joined by `·` or `*`"),
        ("", 1, "joined by `·` or `*`"),
        ("LiCl·0H2O", 1, "more than none of H2O"),
        ("LiCl·H2O", 0, "between 1 and 1000000, got 0"),
    ],
)
def test_what_cannot_be_built_is_named(composition, formula_units, message):
    with pytest.raises(InputError) as caught:
        molecules_of(composition, formula_units=formula_units)
    assert message in str(caught.value)


def test_a_molality_counts_salt_per_kilogram_of_water():
    """5 mol/kg × 100 × 0.0180153 kg/mol = 9.008."""
    assert molecules_at_molality({"LiCl": 5.0}, waters=100) == {
        "Li+": 9,
        "Cl-": 9,
        "H2O": 100,
    }
    with pytest.raises(InputError, match=r"between 0\.278 and .*got 0\.1"):
        molecules_at_molality({"LiCl": 0.1}, waters=100)


def test_a_mole_fraction_counts_formula_units():
    molecules = molecules_at_mole_fraction({"ZnCl2": 0.1, "LiCl": 0.2}, waters=70)

    assert molecules == {"Zn+2": 10, "Cl-": 40, "Li+": 20, "H2O": 70}
    with pytest.raises(InputError, match=r"less than 1, got 1\.1"):
        molecules_at_mole_fraction({"ZnCl2": 1.1}, waters=70)


def test_formula_masses():
    assert formula_mass("MnCl2") == pytest.approx(125.84, abs=0.01)


@pytest.mark.parametrize("salt", ["2LiCl", "0.5LiCl", "LiCl·2NaCl", "LiCl·9H2O", "H2O"])
def test_a_concentration_is_of_a_bare_salt(salt):
    with pytest.raises(InputError, match="a salt must be a formula such as LiCl"):
        molecules_at_molality({salt: 1.0}, waters=100)


@pytest.mark.parametrize("molality", [float("nan"), float("inf"), 1e30, -1.0, 0.0])
def test_a_molality_that_gives_no_number_of_ions_is_refused(molality):
    with pytest.raises(InputError, match=r"between 0\.278 and .* among 100 waters"):
        molecules_at_molality({"LiCl": molality}, waters=100)
    with pytest.raises(InputError, match="mole fraction of LiCl must give between 1"):
        molecules_at_mole_fraction({"LiCl": 1e-9}, waters=100)


def test_nothing_is_built_a_million_times():
    with pytest.raises(InputError, match="between 1 and 1000000, got 99999999999"):
        molecules_of("H2O", formula_units=99999999999)


def test_a_molality_that_no_whole_number_meets_is_refused():
    with pytest.raises(InputError, match=r"got 2\.78 mol/kg for 1\.4; take 40 waters"):
        molecules_at_molality({"NaCl": 1.4}, waters=20)
    found = molecules_at_molality({"LiCl": 5.0}, waters=100)
    assert molality_of("LiCl", found) == pytest.approx(4.996, abs=1e-3)
