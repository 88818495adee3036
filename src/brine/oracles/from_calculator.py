"""Any ASE calculator as an oracle, and xTB among them."""

import threading
from collections.abc import Callable
from importlib.metadata import version

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from ase.stress import voigt_6_to_full_3x3_stress

from brine.errors import (
    InputError,
    MissingPackageError,
    UnconvergedError,
    in_one_line,
)
from brine.oracles.oracle import Labels, check_periodic


class CalculatorOracle:
    """An oracle that asks an ASE calculator.

    Parameters
    ----------
    make : callable
        Returns a new calculator, for each thread that labels.
    fingerprint : str
        Everything that decides its labels: model, settings, versions.
    cores : int
        Cores that one label keeps busy.
    """

    def __init__(
        self, make: Callable[[], Calculator], *, fingerprint: str, cores: int = 1
    ) -> None:
        if not fingerprint.strip():
            raise InputError("`fingerprint` must say what decides a label, got none.")
        self._make, self._fingerprint, self._cores = make, fingerprint, cores
        self._local = threading.local()

    @property
    def fingerprint(self) -> str:
        """As it was given."""
        return self._fingerprint

    @property
    def cores(self) -> int:
        """As it was given."""
        return self._cores

    def label(self, atoms: Atoms) -> Labels:
        """Energy, forces and stress.

        Raises
        ------
        UnconvergedError
            The calculator failed on this structure.
        InputError
            The box is not periodic, so that there is no stress.
        """
        check_periodic(atoms, "an oracle")
        if not hasattr(self._local, "calculator"):
            self._local.calculator = self._make()
        calculator: Calculator = self._local.calculator
        bare = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell.array, pbc=True)
        bare.set_initial_magnetic_moments(atoms.get_initial_magnetic_moments())
        try:
            energy = float(calculator.get_property("energy", bare))
            forces = np.array(calculator.get_property("forces", bare), dtype=np.float64)
            stress = np.asarray(calculator.get_property("stress", bare), dtype=float)
            full = stress if stress.ndim == 2 else voigt_6_to_full_3x3_stress(stress)
            labels = Labels(energy, forces.reshape(len(bare), 3), full.reshape(3, 3))
        except Exception as error:  # another's code, which may raise anything
            raise UnconvergedError(
                f"{self.fingerprint} must converge, and says {type(error).__name__}: "
                f"{in_one_line(error)}."
            ) from error
        return labels


def xtb_oracle(method: str = "GFN2-xTB", *, accuracy: float = 0.1) -> CalculatorOracle:
    """Tight binding by tblite: seconds a label, for rehearsals of a protocol.

    Parameters
    ----------
    method : str
        ``GFN1-xTB`` (10.1021/acs.jctc.7b00118) or ``GFN2-xTB``
        (10.1021/acs.jctc.8b01176).
    accuracy : float
        Of the self-consistent charges; smaller is tighter.

    Raises
    ------
    MissingPackageError
        tblite is not installed.
    InputError
        There is no such method.
    """
    if method not in ("GFN1-xTB", "GFN2-xTB"):
        raise InputError(f"`method` must be GFN1-xTB or GFN2-xTB, got {method!r}.")
    try:
        from tblite.ase import TBLite
    except ImportError as error:
        raise MissingPackageError(
            "the oracle `xtb` needs the package tblite, which is not installed; run "
            "`pip install 'brine[xtb]'`."
        ) from error

    def make() -> Calculator:
        return TBLite(method=method, accuracy=accuracy, verbosity=0)

    fingerprint = f"{method} accuracy={accuracy:g} tblite={version('tblite')}"
    return CalculatorOracle(make, fingerprint=fingerprint)
