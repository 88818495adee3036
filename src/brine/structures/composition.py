"""Chemical formulae and concentrations to numbers of molecules and ions.

A composition is written as in the literature, ``Li2MnCl4·9H2O``: terms joined by
``·`` or ``*``, each with its amount in front. A term is water or a salt of the ions
in `brine.structures.species.SPECIES`, which come apart: Li2MnCl4 is two Li+, one Mn+2
and four Cl-.
"""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from ase.data import atomic_masses as standard_masses
from ase.data import atomic_numbers

from brine.errors import InputError
from brine.structures.species import SPECIES, check_neutral

WATER: Final = "H2O"
WATER_KG_PER_MOL: Final = 0.0180153

LARGEST_ROUNDING: Final = 0.2
"""Share of a concentration that whole molecules may shift."""
MOST_UNITS: Final = 1_000_000
"""Of anything in a box."""

_SEPARATOR = re.compile(r"\s*[·*•∙⋅]\s*")
_AMOUNT = re.compile(r"\d+(?:\.\d+)?")
_FORMULA = re.compile(r"(?:[A-Z][a-z]?\d*)+")
_ELEMENT = re.compile(r"([A-Z][a-z]?)(\d*)")
_IONS: Final = {
    species.symbols[0]: name
    for name, species in SPECIES.items()
    if len(species.symbols) == 1
}


def molecules_of(composition: str, *, formula_units: int = 1) -> dict[str, int]:
    """Molecules and ions in `formula_units` of `composition`.

    ``molecules_of("Li2MnCl4·9H2O", formula_units=10)`` is ``{"Li+": 20, "Mn+2": 10,
    "Cl-": 40, "H2O": 90}``.

    Raises
    ------
    InputError
        `composition` cannot be read, has an element of which no ion is known, is
        charged, or `formula_units` of it are not whole molecules.
    """
    if not 1 <= formula_units <= MOST_UNITS:
        raise InputError(
            f"`formula_units` must lie between 1 and {MOST_UNITS}, got {formula_units}."
        )
    amounts: dict[str, Fraction] = {}
    for term in _SEPARATOR.split(composition.strip()):
        for name, amount in _term(term, composition).items():
            total = amounts.get(name, Fraction(0)) + amount * formula_units
            amounts[name] = total
    for name, amount in amounts.items():
        if amount == 0:
            raise InputError(
                f"a composition must hold more than none of {name}, got "
                f"{composition!r}; leave it out."
            )
        if amount.denominator != 1:
            raise InputError(
                f"`formula_units` must make whole molecules of {composition}, got "
                f"{float(amount):g} {name} from {formula_units}; take another number."
            )
    molecules = {name: int(amount) for name, amount in amounts.items()}
    check_neutral(molecules)
    return molecules


def molecules_at_molality(
    molalities: Mapping[str, float], *, waters: int
) -> dict[str, int]:
    """Nearest whole numbers of ions to `molalities` (mol/kg of water) of salts.

    ``molecules_at_molality({"LiCl": 5.0}, waters=100)`` is ``{"Li+": 9, "Cl-": 9,
    "H2O": 100}``, which is 4.996 mol/kg.

    Raises
    ------
    InputError
        A salt cannot be read, or whole units of it miss its molality by more than a
        fifth.
    """
    if waters < 1:
        raise InputError(f"`waters` must be 1 or more, got {waters}.")
    amounts: dict[str, int] = {}
    for salt, molality in molalities.items():
        ions = _ions(salt)
        units = molality * waters * WATER_KG_PER_MOL
        if not 0.5 < units < MOST_UNITS:
            limits = (x / (waters * WATER_KG_PER_MOL) for x in (0.5, MOST_UNITS))
            raise InputError(
                "the molality of {} must lie between {:.3g} and {:.3g} mol/kg to give "
                "whole formula units among {} waters, got {:g}; take another number "
                "of waters.".format(salt, *limits, waters, molality)
            )
        whole = max(1, round(units))
        if abs(whole / units - 1) > LARGEST_ROUNDING:
            better = round(whole / molality / WATER_KG_PER_MOL)
            raise InputError(
                f"whole formula units of {salt} among {waters} waters must give its "
                f"molality to {LARGEST_ROUNDING:.0%}, got "
                f"{whole / waters / WATER_KG_PER_MOL:.3g} mol/kg for {molality:g}; "
                f"take {better} waters, or more."
            )
        for name, count in ions.items():
            amounts[name] = amounts.get(name, 0) + count * whole
    check_neutral(amounts)
    return amounts | {WATER: waters}


def molality_of(salt: str, molecules: Mapping[str, int]) -> float:
    """Moles of `salt` for each kg of water, of the ion of which there is least."""
    units = min(molecules.get(ion, 0) / count for ion, count in _ions(salt).items())
    return units / (molecules[WATER] * WATER_KG_PER_MOL)


def molecules_at_mole_fraction(
    mole_fractions: Mapping[str, float], *, waters: int
) -> dict[str, int]:
    """Nearest whole numbers of ions to `mole_fractions` of salts in water.

    A fraction counts formula units: x = n(salt) / (n(all salts) + n(water)).

    Raises
    ------
    InputError
        The fractions leave no water, a salt cannot be read, or there would be none
        of it.
    """
    rest = 1.0 - sum(mole_fractions.values())
    if not 0 < rest < 1:
        raise InputError(
            "the mole fractions of salts must sum to more than 0 and less than 1, got "
            f"{1 - rest:g}."
        )
    for salt, fraction in mole_fractions.items():
        if not 0.5 < fraction / rest * waters < MOST_UNITS:
            raise InputError(
                f"the mole fraction of {salt} must give between 1 and {MOST_UNITS} "
                f"formula units beside {waters} waters, got {fraction:g}; take another "
                "number of waters."
            )
    molalities = {
        salt: fraction / rest / WATER_KG_PER_MOL
        for salt, fraction in mole_fractions.items()
    }
    return molecules_at_molality(molalities, waters=waters)


def formula_mass(formula: str) -> float:
    """Molar mass of a formula such as ``MnCl2``, g/mol."""
    return float(
        sum(
            standard_masses[atomic_numbers[symbol]] * int(count or 1)
            for symbol, count in _ELEMENT.findall(formula)
        )
    )


def _ions(salt: str) -> dict[str, int]:
    """Ions of one formula unit of a salt."""
    if not _FORMULA.fullmatch(salt) or salt == WATER:
        raise InputError(
            f"a salt must be a formula such as LiCl or ZnCl2, without an amount or "
            f"water, got {salt!r}."
        )
    return {name: int(amount) for name, amount in _term(salt, salt).items()}


def _term(term: str, composition: str) -> dict[str, Fraction]:
    """Molecules and ions of one term, ``9H2O`` or ``Li2MnCl4``."""
    found = _AMOUNT.match(term)
    amount = Fraction(found.group()) if found else Fraction(1)
    formula = term[found.end() :].strip() if found else term
    if formula == WATER:
        return {WATER: amount}
    if not _FORMULA.fullmatch(formula):
        raise InputError(
            f"a composition must be salts and H2O joined by `·` or `*`, such as "
            f"Li2MnCl4·9H2O, got {composition!r} with the term {term!r}."
        )
    ions: dict[str, Fraction] = {}
    for symbol, count in _ELEMENT.findall(formula):
        if symbol not in _IONS:
            raise InputError(
                f"a salt must be made of known ions ({', '.join(_IONS.values())}), got "
                f"{symbol!r} in {composition!r}; give a molecule of your own as a "
                "template."
            )
        name = _IONS[symbol]
        ions[name] = ions.get(name, Fraction(0)) + amount * int(count or 1)
    return ions
