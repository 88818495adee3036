"""The level of theory of a VASP calculation, as its INCAR and KPOINTS."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from ase import Atoms

from brine.errors import InputError
from brine.oracles.moments import magnetic_moments

FUNCTIONALS: Final = {
    "revPBE": {"GGA": "RE"},
    "PBE": {"GGA": "PE"},
    "RPBE": {"GGA": "RP"},
    "r2SCAN": {"METAGGA": "R2SCAN"},
}
DISPERSIONS: Final = {"none": 0, "D3(zero)": 11, "D3(BJ)": 12, "D4": 13}


@dataclass(frozen=True)
class VaspLevel:
    """Everything that decides a VASP label but pseudopotentials and the version.

    Attributes
    ----------
    functional : str
        A key of `FUNCTIONALS`.
    dispersion : str
        A key of `DISPERSIONS`.
    cutoff : float, eV
        Of the plane waves. Labels of several volumes need 30 % more than those of one:
        the Pulay stress of an unconverged cutoff shifts the density.
    kpoints : 3 int
        Of a gamma-centred mesh.
    scf : float, eV
    smearing : float, eV
        Gaussian.
    hubbard : mapping of str to float, eV, as pairs
        Effective U of the d electrons of elements (Dudarev).
    """

    functional: str = "revPBE"
    dispersion: str = "D3(BJ)"
    cutoff: float = 650.0
    kpoints: tuple[int, int, int] = (1, 1, 1)
    scf: float = 1e-6
    smearing: float = 0.05
    hubbard: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        """Refuse what VASP would refuse later, or not at all."""
        for name, known in (("functional", FUNCTIONALS), ("dispersion", DISPERSIONS)):
            if getattr(self, name) not in known:
                raise InputError(
                    f"`{name}` must be one of {', '.join(known)}, got "
                    f"{getattr(self, name)!r}."
                )
        if not 200 <= self.cutoff <= 2000:
            raise InputError(
                f"`cutoff` must lie between 200 and 2000 eV, got {self.cutoff}."
            )
        if min(self.kpoints) < 1:
            raise InputError(f"`kpoints` must be positive, got {self.kpoints}.")

    @property
    def fingerprint(self) -> str:
        """In one line, without pseudopotentials and version."""
        mesh = "x".join(map(str, self.kpoints))
        text = (
            f"{self.functional}-{self.dispersion} PAW cutoff={self.cutoff:g}eV "
            f"kpoints={mesh} scf={self.scf:g}eV smearing={self.smearing:g}eV"
        )
        return text + "".join(f" U({e})={u:g}eV" for e, u in self.hubbard)


def incar(level: VaspLevel, atoms: Atoms) -> str:
    """The INCAR of a single point with forces and stress.

    Parameters
    ----------
    level : VaspLevel
    atoms : ase.Atoms
        In the order of the POSCAR.
    """
    tags: dict[str, object] = {
        "SYSTEM": "label",
        "PREC": "Accurate",
        "ENCUT": f"{level.cutoff:g}",
        **FUNCTIONALS[level.functional],
        "IVDW": DISPERSIONS[level.dispersion],
        "LASPH": ".TRUE.",
        "EDIFF": f"{level.scf:g}",
        "NELM": 120,
        "ISMEAR": 0,
        "SIGMA": f"{level.smearing:g}",
        "ALGO": "Normal",
        "LREAL": ".FALSE.",
        "ISYM": 0,
        "NSW": 0,
        "IBRION": -1,
        "ISIF": 2,
        "LWAVE": ".FALSE.",
        "LCHARG": ".FALSE.",
    }
    moments = magnetic_moments(atoms)
    if np.any(moments):
        tags |= {"ISPIN": 2, "MAGMOM": " ".join(f"{m:g}" for m in moments)}
    if level.hubbard:
        tags |= _hubbard(dict(level.hubbard), list(dict.fromkeys(atoms.symbols)))
    return "".join(f"{key} = {value}\n" for key, value in tags.items())


def kpoints(level: VaspLevel) -> str:
    """The KPOINTS of a gamma-centred mesh."""
    mesh = " ".join(map(str, level.kpoints))
    return f"gamma-centred\n0\nGamma\n{mesh}\n0 0 0\n"


def _hubbard(values: dict[str, float], symbols: list[str]) -> dict[str, object]:
    return {
        "LDAU": ".TRUE.",
        "LDAUTYPE": 2,
        "LDAUL": " ".join("2" if symbol in values else "-1" for symbol in symbols),
        "LDAUU": " ".join(f"{values.get(symbol, 0.0):g}" for symbol in symbols),
        "LDAUJ": " ".join("0" for _ in symbols),
        "LMAXMIX": 4,
    }
