r"""Density of water and of chloride solutions, by Laliberté's model.

.. math:: \frac{1}{\rho} = \frac{w_w}{\rho_w(t)} + \sum_i w_i v_i, \qquad
          v_i = \frac{(1 - w_w) + c_2 + c_3 t}
                {(c_0 (1 - w_w) + c_1)\, e^{10^{-6} (t + c_4)^2}}

with mass fractions w, temperatures t in °C and apparent volumes v in m³/kg (Laliberté
and Cooper 2004, 10.1021/je0498659; coefficients of 2009, 10.1021/je8008123). Salts
share the water of a mixture and nothing else. Beyond the mass fractions and
temperatures of the data that the coefficients were fitted to, the model extrapolates,
and says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from brine.errors import InputError
from brine.structures.composition import WATER, formula_mass
from brine.structures.species import SPECIES, Species, check_neutral

CELSIUS: Final = 273.15
ANION: Final = "Cl-"
WATER_RANGE: Final = (-10.0, 150.0)
"""°C, of the density of pure water."""


@dataclass(frozen=True)
class _Salt:
    """Coefficients of one salt, and the data that they were fitted to."""

    formula: str
    coefficients: tuple[float, float, float, float, float]
    coldest: float
    hottest: float
    strongest: float


_SALTS: Final = {
    "Li+": _Salt(
        "LiCl",
        (1777.711689, 208.0956759, 0.09240328974, -9.651381946e-05, -303.2121222),
        -5.0,
        127.05,
        0.4539,
    ),
    "Na+": _Salt(
        "NaCl",
        (-0.003241122237, 0.06363543359, 1.013713995, 0.01459510152, 3317.348544),
        0.0,
        140.0,
        0.2659,
    ),
    "K+": _Salt(
        "KCl",
        (-0.8559289459, 6.040735713, 2.817874172, 0.02539246459, 2681.617235),
        5.0,
        125.0,
        0.2643,
    ),
    "Mg+2": _Salt(
        "MgCl2",
        (-0.02150014233, 0.04412020839, 1.532275868, -0.009807850606, -3478.364969),
        0.0,
        98.67,
        0.3238,
    ),
    "Ca+2": _Salt(
        "CaCl2",
        (-9.728937471, 14.7005353, 4.190333415, 0.03974036243, 2708.127789),
        15.0,
        126.7,
        0.5132,
    ),
    "Mn+2": _Salt(
        "MnCl2",
        (1.868649022e-06, 4.545259192e-05, 1.575825841, -0.01077564469, -4369.863964),
        15.0,
        75.0,
        0.4347,
    ),
    "Zn+2": _Salt(
        "ZnCl2",
        (2048.256171, 367.8993052, -0.006870804897, 0.00118355512, 505.0316629),
        15.0,
        75.0,
        0.5195,
    ),
}
"""The chloride of each cation."""


@dataclass(frozen=True)
class SolutionDensity:
    """What Laliberté's model says of a composition.

    Attributes
    ----------
    value : float, g/mL
    extrapolations : tuple of str
        One sentence for each way in which the model goes beyond its data.
    """

    value: float
    extrapolations: tuple[str, ...]


def solution_density(
    molecules: Mapping[str, int],
    *,
    temperature: float,
    templates: Mapping[str, Species] = SPECIES,
) -> SolutionDensity:
    """Density of chlorides in water at atmospheric pressure.

    Parameters
    ----------
    molecules : mapping of str to int
        As for `build_box`: water, chloride, and cations.
    temperature : float, K
    templates : mapping of str to Species
        What the names mean.

    Raises
    ------
    InputError
        There is no water, or something that the model does not know.
    """
    cations = _cations(molecules, templates)
    masses = {
        name: count * formula_mass(_SALTS[name].formula)
        for name, count in cations.items()
    }
    water = molecules[WATER] * formula_mass(WATER)
    total = water + sum(masses.values())
    dry, celsius = 1.0 - water / total, temperature - CELSIUS
    if not WATER_RANGE[0] <= celsius <= WATER_RANGE[1]:
        low, high = (limit + CELSIUS for limit in WATER_RANGE)
        raise InputError(
            f"Laliberté's model knows water from {low:g} to {high:g} K, got "
            f"{temperature:g} K; give the density."
        )
    volume = (1.0 - dry) / _water_density(celsius)
    for name, mass in masses.items():
        volume += mass / total * _apparent_volume(_SALTS[name], dry, celsius)
    notes = _extrapolations([_SALTS[name] for name in cations], dry, celsius)
    return SolutionDensity(float(1e-3 / volume), notes)


def _cations(
    molecules: Mapping[str, int], templates: Mapping[str, Species]
) -> dict[str, int]:
    cations = {
        name: count for name, count in molecules.items() if name not in (WATER, ANION)
    }
    check_neutral(molecules, templates)
    unknown = [name for name in cations if name not in _SALTS]
    if not molecules.get(WATER):
        unknown = ["no H2O"]
    if unknown:
        known = ", ".join(salt.formula for salt in _SALTS.values())
        raise InputError(
            f"Laliberté's model knows the density of water with {known}, got "
            f"{', '.join(unknown)}; give the density."
        )
    return cations


def _water_density(celsius: float) -> float:
    """Of pure water, kg/m³."""
    powers = (
        -2.8054253e-10,
        1.0556302e-7,
        -4.6170461e-5,
        -0.0079870401,
        16.945176,
        999.83952,
    )
    return float(np.polyval(powers, celsius) / (1.0 + 0.01687985 * celsius))


def _apparent_volume(salt: _Salt, dry: float, celsius: float) -> float:
    """m³/kg."""
    c0, c1, c2, c3, c4 = salt.coefficients
    scale = (c0 * dry + c1) * np.exp(1e-6 * (celsius + c4) ** 2)
    return float((dry + c2 + c3 * celsius) / scale)


def _extrapolations(salts: list[_Salt], dry: float, celsius: float) -> tuple[str, ...]:
    notes = [
        f"the density of {salt.formula} was measured up to a mass fraction of "
        f"{salt.strongest:.3g} of salt, this box has {dry:.3f}"
        for salt in salts
        if dry > salt.strongest
    ]
    notes += [
        f"the density of {salt.formula} was measured from {salt.coldest:g} to "
        f"{salt.hottest:g} °C, this box is at {celsius:.1f} °C"
        for salt in salts
        if not salt.coldest <= celsius <= salt.hottest
    ]
    return tuple(notes)
