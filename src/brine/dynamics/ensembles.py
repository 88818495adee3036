"""Ensembles: what molecular dynamics keeps constant, and how."""

import math
from dataclasses import dataclass
from typing import Literal

from brine.errors import InputError


@dataclass(frozen=True)
class Ramp:
    """A temperature that changes linearly from the first step to the last.

    Attributes
    ----------
    start, end : float, K
    """

    start: float
    end: float

    def __post_init__(self) -> None:
        """Refuse temperatures below zero."""
        for name, value in (("start", self.start), ("end", self.end)):
            if not (math.isfinite(value) and value >= 0):
                raise InputError(
                    f"`temperature` must be finite and not negative, got {value} K "
                    f"at the {name}."
                )


Temperature = float | Ramp | tuple[float, float]
"""K; a pair or a `Ramp` changes linearly from the first step to the last"""


@dataclass(frozen=True)
class NVE:
    """Constant energy: velocity Verlet.

    Attributes
    ----------
    temperature : float, K, or None
        Of the velocities drawn for atoms that carry no momenta; None: they start
        at rest.
    """

    temperature: float | None = None

    def __post_init__(self) -> None:
        """Refuse a temperature below zero."""
        if self.temperature is not None:
            Ramp(self.temperature, self.temperature)


@dataclass(frozen=True)
class NVT:
    """Constant volume and temperature.

    Attributes
    ----------
    temperature : float, Ramp or pair of float, K
    thermostat : {"svr", "langevin"}
        Stochastic velocity rescaling (Bussi, Donadio, Parrinello 2007,
        10.1063/1.2408420) leaves the dynamics alone; Langevin dynamics (BAOAB,
        Leimkuhler and Matthews 2013, 10.1093/amrx/abs010) equilibrates everything
        and slows diffusion.
    time_constant : float, fs
        Of the relaxation; for Langevin dynamics the inverse of the friction.
    bond_time_constant : float, fs, or None
        Of a bath for the stretching of every covalent bond. Nearly harmonic bonds
        hardly talk to the liquid, and rescaling, which sees the kinetic energy as a
        whole, would leave them cold or hot for 100 ps, and the liquid the other way.
        Its impulses leave the momenta of molecules, and diffusion, alone.
    """

    temperature: Temperature
    thermostat: Literal["svr", "langevin"] = "svr"
    time_constant: float = 200.0
    bond_time_constant: float | None = None

    def __post_init__(self) -> None:
        """Check the thermostat and its time constant."""
        temperature_ramp(self.temperature)
        if self.thermostat not in ("svr", "langevin"):
            raise InputError(
                f"`thermostat` must be 'svr' or 'langevin', got {self.thermostat!r}."
            )
        _require_positive("time_constant", self.time_constant, "fs")
        if self.bond_time_constant is not None:
            _require_positive("bond_time_constant", self.bond_time_constant, "fs")


@dataclass(frozen=True)
class NPT:
    """Constant temperature and pressure; the cell breathes, its shape stays.

    Stochastic cell rescaling (Bernetti and Bussi 2020, 10.1063/5.0020514), isotropic,
    with stochastic velocity rescaling on the particles. Atoms move with the cell, so
    the pressure is the atomic one: the virial and N kT/V, where a centre of mass held
    at rest counts like any other particle.

    Attributes
    ----------
    temperature : float, Ramp or pair of float, K
    pressure : float, bar
    time_constant : float, fs
        Of the thermostat.
    pressure_time_constant : float, fs
    compressibility : float, 1/bar
        An estimate is enough: it changes how fast the volume relaxes, not where to.
    barostat_interval : int, steps
        Between two changes of the cell; each costs one more force evaluation.
    bond_time_constant : float, fs, or None
        As for `NVT`.
    """

    temperature: Temperature
    pressure: float = 1.0
    time_constant: float = 200.0
    pressure_time_constant: float = 500.0
    compressibility: float = 4.5e-5
    barostat_interval: int = 10
    bond_time_constant: float | None = None

    def __post_init__(self) -> None:
        """Check every constant."""
        temperature_ramp(self.temperature)
        if not math.isfinite(self.pressure):
            raise InputError(f"`pressure` must be finite, got {self.pressure} bar.")
        _require_positive("time_constant", self.time_constant, "fs")
        if self.bond_time_constant is not None:
            _require_positive("bond_time_constant", self.bond_time_constant, "fs")
        _require_positive("pressure_time_constant", self.pressure_time_constant, "fs")
        _require_positive("compressibility", self.compressibility, "1/bar")
        if self.barostat_interval < 1:
            raise InputError(
                "`barostat_interval` must be at least one step, got "
                f"{self.barostat_interval}."
            )


Ensemble = NVE | NVT | NPT


def temperature_ramp(temperature: Temperature) -> Ramp:
    """`temperature` as a ramp; a constant one starts and ends at the same value."""
    if isinstance(temperature, Ramp):
        return temperature
    if isinstance(temperature, tuple):
        return Ramp(*temperature)
    return Ramp(temperature, temperature)


def ensemble_ramp(ensemble: Ensemble) -> Ramp | None:
    """The ramp that `ensemble` asks for; None where it asks for no temperature."""
    if ensemble.temperature is None:
        return None
    return temperature_ramp(ensemble.temperature)


def _require_positive(name: str, value: float, unit: str) -> None:
    if not (math.isfinite(value) and value > 0):
        raise InputError(f"`{name}` must be positive, got {value} {unit}.")
