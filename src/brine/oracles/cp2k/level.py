"""The level of theory of a CP2K calculation, and its input file."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from ase import Atoms

from brine.errors import InputError
from brine.oracles.cp2k.input import Section, periodic_box, single_point
from brine.oracles.moments import magnetic_moments


class Functional(StrEnum):
    """Exchange and correlation, with dispersion."""

    REVPBE_D3 = "revPBE-D3"
    PBE_D3 = "PBE-D3"
    BLYP_D3 = "BLYP-D3"
    R2SCAN = "r2SCAN"
    RSCAN = "rSCAN"


class Damping(StrEnum):
    """Of Grimme's D3."""

    ZERO = "zero"
    BECKE_JOHNSON = "BJ"


_BASES: Final = {
    "DZVP-SR": "DZVP-MOLOPT-SR-GTH",
    "DZVP": "DZVP-MOLOPT-GTH",
    "TZV2P": "TZV2P-MOLOPT-GTH",
}
_ALL_SIZES = frozenset({1, 8, 9, 17})
"""Elements with the larger MOLOPT bases; others have the short-range DZVP alone."""
_ELEMENTS = frozenset({1, 3, 8, 9, 11, 12, 17, 19, 20, 25, 30, 35})


@dataclass(frozen=True)
class LevelOfTheory:
    """Everything that decides a CP2K label but the version of the program.

    Attributes
    ----------
    functional : Functional
    damping : Damping
        Of D3, where the functional has it.
    basis : str
        Of the MOLOPT-GTH family: ``TZV2P``, ``DZVP``, or ``DZVP-SR``, whose short
        range makes it eight times as fast as ``DZVP``.
    cutoff : float, Ry
        Of the finest grid. Forces on O at 400 Ry are 87 meV/Å from converged ones.
    relative_cutoff : float, Ry
        Of the grid that a Gaussian of exponent one is mapped on.
    scf : float
        Convergence of the density matrix.
    """

    functional: Functional = Functional.REVPBE_D3
    damping: Damping = Damping.ZERO
    basis: str = "DZVP-SR"
    cutoff: float = 1000.0
    relative_cutoff: float = 60.0
    scf: float = 1e-6

    def __post_init__(self) -> None:
        """Refuse what CP2K would refuse later."""
        if self.basis not in _BASES:
            raise InputError(
                f"`basis` must be one of {', '.join(_BASES)}, got {self.basis!r}."
            )
        for name, least in (("cutoff", 100.0), ("relative_cutoff", 20.0)):
            value = getattr(self, name)
            if not least <= value <= 5000:
                raise InputError(
                    f"`{name}` must lie between {least:g} and 5000 Ry, got {value}."
                )
        if not 1e-10 <= self.scf <= 1e-4:
            raise InputError(f"`scf` must lie between 1e-10 and 1e-4, got {self.scf}.")

    @property
    def fingerprint(self) -> str:
        """In one line, without the version of the program."""
        dispersion = f"({self.damping})" if "D3" in self.functional else ""
        return (
            f"{self.functional}{dispersion} {_BASES[self.basis]} "
            f"cutoff={self.cutoff:g}Ry relative={self.relative_cutoff:g}Ry "
            f"scf={self.scf:g} gamma-point"
        )

    def input_text(self, atoms: Atoms, *, restart: str | None = None) -> str:
        """The input of a single point with energy, forces and stress.

        Parameters
        ----------
        atoms : ase.Atoms
            Periodic in three directions.
        restart : str or None
            File with a wavefunction to start from.

        Raises
        ------
        InputError
            An element for which no basis is known.
        """
        known = [number in _ELEMENTS for number in atoms.numbers]
        if strange := sorted(set(atoms.symbols[np.logical_not(known)])):
            raise InputError(
                f"CP2K's MOLOPT bases are set up here for water and simple ions, got "
                f"{', '.join(strange)}; label such frames with another oracle."
            )
        method = {"METHOD": "QUICKSTEP", "DFT": _dft(self, atoms, restart)}
        return single_point(method, _subsystem(self, atoms))


def _dft(level: LevelOfTheory, atoms: Atoms, restart: str | None) -> Section:
    spin = float(magnetic_moments(atoms).sum())
    section: dict[str, object] = {
        "BASIS_SET_FILE_NAME": "BASIS_MOLOPT",
        "POTENTIAL_FILE_NAME": "GTH_POTENTIALS",
        "MGRID": {
            "CUTOFF": level.cutoff,
            "REL_CUTOFF": level.relative_cutoff,
            "NGRIDS": 5,
        },
        "QS": {"EPS_DEFAULT": 1e-12, "EXTRAPOLATION": "USE_GUESS"},
        "SCF": _scf(level, restart),
        "XC": _exchange_correlation(level),
    }
    if restart is not None:
        section["WFN_RESTART_FILE_NAME"] = restart
    if np.any(magnetic_moments(atoms)):
        section |= {"UKS": "TRUE", "MULTIPLICITY": round(abs(spin)) + 1}
    return section


def _scf(level: LevelOfTheory, restart: str | None) -> Section:
    """Diagonalisation with Broyden mixing: several times faster than untuned OT."""
    return {
        "SCF_GUESS": "ATOMIC" if restart is None else "RESTART",
        "EPS_SCF": level.scf,
        "MAX_SCF": 60,
        "DIAGONALIZATION": {"ALGORITHM": "STANDARD"},
        "MIXING": {"METHOD": "BROYDEN_MIXING", "ALPHA": 0.4, "NBROYDEN": 8},
    }


def _exchange_correlation(level: LevelOfTheory) -> Section:
    functional = level.functional
    xc: dict[str, object] = {"XC_FUNCTIONAL": _FUNCTIONALS[functional]}
    name = _DISPERSION.get(functional)
    if name is not None:
        kind = "DFTD3(BJ)" if level.damping is Damping.BECKE_JOHNSON else "DFTD3"
        xc["VDW_POTENTIAL"] = {
            "POTENTIAL_TYPE": "PAIR_POTENTIAL",
            "PAIR_POTENTIAL": {
                "TYPE": kind,
                "REFERENCE_FUNCTIONAL": name,
                "PARAMETER_FILE_NAME": "dftd3.dat",
                "R_CUTOFF": 15.0,
                "LONG_RANGE_CORRECTION": "TRUE",
            },
        }
    return xc


_FUNCTIONALS: Final[dict[Functional, Section]] = {
    Functional.REVPBE_D3: {"PBE": {"PARAMETRIZATION": "REVPBE"}},
    Functional.PBE_D3: {"PBE": {"PARAMETRIZATION": "ORIG"}},
    Functional.BLYP_D3: {"_": "BLYP"},
    Functional.R2SCAN: {"MGGA_X_R2SCAN": {}, "MGGA_C_R2SCAN": {}},
    Functional.RSCAN: {"MGGA_X_RSCAN": {}, "MGGA_C_RSCAN": {}},
}
_PSEUDOPOTENTIALS: Final = {Functional.BLYP_D3: "GTH-BLYP"}
_DISPERSION: Final = {
    Functional.REVPBE_D3: "revPBE",
    Functional.PBE_D3: "PBE",
    Functional.BLYP_D3: "BLYP",
}


def _subsystem(level: LevelOfTheory, atoms: Atoms) -> Section:
    spins = magnetic_moments(atoms)
    labels = [
        symbol
        if not spin
        else f"{symbol}_{spin:+g}".replace("+", "up")
        .replace("-", "down")
        .replace(".", "p")
        for symbol, spin in zip(atoms.symbols, spins, strict=True)
    ]
    kinds = {
        label: (symbol, int(number), float(spin))
        for label, symbol, number, spin in zip(
            labels, atoms.symbols, atoms.numbers, spins, strict=True
        )
    }
    return {
        **periodic_box(atoms, labels),
        "KIND": [_kind(level, label, *kind) for label, kind in kinds.items()],
    }


def _kind(
    level: LevelOfTheory, label: str, symbol: str, number: int, spin: float
) -> Section:
    large = number in _ALL_SIZES
    basis = _BASES[level.basis if large else "DZVP-SR"]
    kind: dict[str, object] = {
        "_": label,
        "ELEMENT": symbol,
        "BASIS_SET": basis,
        "POTENTIAL": "GTH-BLYP"
        if level.functional is Functional.BLYP_D3
        else "GTH-PBE",
    }
    return kind | ({"MAGNETIZATION": spin} if spin else {})
