"""Experimental values to compare with, each with its source.

A force field trained on labels of a density functional inherits the functional's
error: judge it against dynamics on the same labels first, and by experiment second.
"""

from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from brine.errors import InputError
from brine.observables import Estimate
from brine.units import BAR, BOLTZMANN
from brine.validation.measurements import Origin, PeakReference, Reference

WATER_O_O_FIRST_MAXIMUM = (2.80, 2.57)
"""Position (Å) and height of the first maximum of g_OO of water at 295 K."""
WATER_O_O_FIRST_MINIMUM = (3.45, 0.84)
"""Position (Å) and depth of the first minimum."""
WATER_O_O_SECOND_MAXIMUM = (4.5, 1.12)
"""Position (Å) and height of the second maximum."""
SKINNER = "X-ray diffraction, Skinner et al. 2013, 10.1063/1.4790861"


def water_density(temperature: float) -> Reference:
    r"""Density of liquid water at 1 atm, in g/mL.

    .. math::
        \rho = \frac{999.83952 + 16.945176 t - 7.9870401\cdot10^{-3} t^2
        - 46.170461\cdot10^{-6} t^3 + 105.56302\cdot10^{-9} t^4
        - 280.54253\cdot10^{-12} t^5}{1 + 16.879850\cdot10^{-3} t}

    in kg/m³, with the temperature :math:`t` in °C (Kell 1975, 10.1021/je60064a005).

    Parameters
    ----------
    temperature : float, K
        Between 273.15 and 423.15.

    Raises
    ------
    InputError
        The temperature is outside.
    """
    _check_range("temperature", temperature, 273.15, 423.15)
    t = temperature - 273.15
    coefficients = (
        *(999.83952, 16.945176, -7.9870401e-3),
        *(-46.170461e-6, 105.56302e-9, -280.54253e-12),
    )
    numerator = sum(c * t**k for k, c in enumerate(coefficients))
    return Reference(
        value=numerator / (1 + 16.879850e-3 * t) / 1000,
        error=1e-5,
        origin=Origin.EXPERIMENT,
        source="experiment at 1 atm, Kell 1975, 10.1021/je60064a005",
    )


def water_diffusion(temperature: float) -> Reference:
    r"""Self-diffusion coefficient of liquid water at 1 atm, in 1e-9 m²/s.

    .. math:: D = 16.35\,(T/215.05 - 1)^{2.063}

    (Holz, Heil and Sacco 2000, 10.1039/b005319h); within 1 %.

    Parameters
    ----------
    temperature : float, K
        Between 273.15 and 373.15.

    Raises
    ------
    InputError
        The temperature is outside.
    """
    _check_range("temperature", temperature, 273.15, 373.15)
    value = 16.35 * (temperature / 215.05 - 1) ** 2.063
    return Reference(
        value=value,
        error=0.01 * value,
        origin=Origin.EXPERIMENT,
        source="experiment at 1 atm, Holz et al. 2000, 10.1039/b005319h",
    )


def water_viscosity(temperature: float) -> Reference:
    r"""Shear viscosity of liquid water at 0.1 MPa, in mPa·s.

    .. math:: \eta = 10^{-3} \sum_k a_k (T / 300)^{b_k}

    (IAPWS SR6-08; Pátek et al. 2009, 10.1063/1.3043575); within 1 %.

    Parameters
    ----------
    temperature : float, K
        Between 253.15 and 383.15.

    Raises
    ------
    InputError
        The temperature is outside.
    """
    _check_range("temperature", temperature, 253.15, 383.15)
    terms = ((280.68, -1.9), (511.45, -7.7), (61.131, -19.6), (0.45903, -40.0))
    value = 1e-3 * sum(a * (temperature / 300) ** b for a, b in terms)
    return Reference(
        value=value,
        error=0.01 * value,
        origin=Origin.EXPERIMENT,
        source="experiment at 0.1 MPa, IAPWS SR6-08, 10.1063/1.3043575",
    )


def water_first_peak() -> PeakReference:
    """First maximum of g_OO of liquid water at 295 K."""
    position, height = WATER_O_O_FIRST_MAXIMUM
    r, g = water_oxygen_distribution()
    return PeakReference(
        r=r,
        g=g,
        position=Reference(position, 0.01, Origin.EXPERIMENT, SKINNER),
        height=Reference(height, 0.05, Origin.EXPERIMENT, SKINNER),
    )


@cache
def water_oxygen_distribution() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """g_OO of liquid water at 295 K by X-ray diffraction.

    Returns
    -------
    r : (n_bins,) array, Å
        From 2 to 10 Å.
    g : (n_bins,) array
    """
    text = files("brine.validation").joinpath("data/skinner2013_goo.dat")
    with text.open(encoding="utf-8") as lines:
        table = np.loadtxt(lines)
    table.flags.writeable = False
    return table[:, 0], table[:, 1]


def labels_density(
    density: Estimate,
    volumes: NDArray[np.float64],
    pressure_error: Estimate,
    *,
    temperature: float,
) -> Reference:
    r"""The density that the labels' own level of theory would have, g/mL.

    .. math:: ρ_\text{labels} = ρ \, (1 + Δp / K), \quad K = k_B T ⟨V⟩ / ⟨δV²⟩

    with the model's density and the mean of its pressure less the labels': where it
    predicts too high a pressure, the model is too thin. Both share the noise of ρ,
    so that the reference's own error is that of Δp alone.

    Parameters
    ----------
    density : Estimate, g/mL
        Of the model at constant pressure.
    volumes : (n_frames,) array, Å³
        Of that run, for the isothermal bulk modulus K.
    pressure_error : Estimate, bar
        Mean of predicted less labelled pressure on held-out frames.
    temperature : float, K

    Raises
    ------
    InputError
        The volume does not fluctuate.
    """
    variance = float(np.var(volumes))
    if not variance > 0:
        raise InputError("the volume must fluctuate to have a bulk modulus, got none.")
    modulus = BOLTZMANN * temperature * float(np.mean(volumes)) / variance / BAR
    return Reference(
        value=density.value * (1 + pressure_error.value / modulus),
        error=density.value * pressure_error.error / modulus,
        origin=Origin.LABELS,
        source="the labels' stress on held-out frames, with the model's bulk modulus "
        f"of {modulus / 1e4:.2f} GPa",
    )


def _check_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InputError(
            f"`{name}` must be between {low} and {high} K, got {value}; the "
            "experimental fit says nothing beyond."
        )
