"""Anything that gives energy and forces, as a force field for the loop."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from ase.stress import voigt_6_to_full_3x3_stress
from numpy.typing import NDArray

from brine.errors import InputError
from brine.native import _native
from brine.potentials.potential import Potential

ForceSource: TypeAlias = Potential | Calculator | _native.ForceField
"""A potential, an ASE calculator, or a force field of the native module"""

Answer = tuple[float, NDArray[np.float64], NDArray[np.float64]]


def force_field(
    source: ForceSource, atoms: Atoms, *, threads: int = 0
) -> _native.ForceField:
    """The force field that drives `atoms` with `source`.

    A potential with a method ``force_field(atoms, threads=…)`` gives a native one,
    which runs without Python; every other source is asked through a function call
    each step.

    Raises
    ------
    InputError
        `source` gives no forces.
    """
    if isinstance(source, _native.ForceField):
        return source
    native = getattr(source, "force_field", None)
    if native is not None:
        field: _native.ForceField = native(atoms, threads=threads)
        return field
    if isinstance(source, Calculator) or hasattr(source, "get_property"):
        return _native.PythonForceField(_calculator_function(source, atoms))
    if hasattr(source, "evaluate"):
        return _native.PythonForceField(_potential_function(source, atoms))
    raise InputError(
        "`potential` must be a potential or an ASE calculator, got "
        f"{type(source).__name__}."
    )


def _potential_function(
    potential: Potential, atoms: Atoms
) -> Callable[[NDArray[np.float64], NDArray[np.float64]], Answer]:
    moving = _bare(atoms)

    def evaluate(
        positions: NDArray[np.float64], cell: NDArray[np.float64]
    ) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        moving.positions = positions
        moving.cell[:] = cell
        found = potential.evaluate(moving)
        return _answer(found.energy, found.forces, found.stress)

    return evaluate


def _calculator_function(
    calculator: Calculator, atoms: Atoms
) -> Callable[[NDArray[np.float64], NDArray[np.float64]], Answer]:
    moving = _bare(atoms)
    gives_stress = atoms.pbc.all() and "stress" in calculator.implemented_properties
    unknown = np.full((3, 3), np.nan)

    def evaluate(
        positions: NDArray[np.float64], cell: NDArray[np.float64]
    ) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        moving.positions = positions
        moving.cell[:] = cell
        energy = calculator.get_property("energy", moving)
        forces = calculator.get_property("forces", moving)
        if not gives_stress:
            return _answer(energy, forces, unknown)
        stress = np.asarray(calculator.get_property("stress", moving))
        if stress.shape == (6,):
            stress = voigt_6_to_full_3x3_stress(stress)
        return _answer(energy, forces, stress)

    return evaluate


def _bare(atoms: Atoms) -> Atoms:
    copy = atoms.copy()
    copy.calc = None
    copy.set_constraint()
    return copy


def _answer(
    energy: float, forces: NDArray[np.float64], stress: NDArray[np.float64]
) -> Answer:
    return (
        float(energy),
        np.ascontiguousarray(forces, dtype=np.float64),
        np.ascontiguousarray(stress, dtype=np.float64),
    )
