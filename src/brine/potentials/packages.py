"""Packages whose trained models brine runs, each through its own ASE calculator."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ase.calculators.calculator import Calculator
from ase.data import atomic_numbers

from brine.errors import MissingPackageError, PotentialFileError, in_one_line
from brine.potentials.nequip_models import COMPILED, PACKAGED, device

Opened = tuple[Calculator, tuple[str, ...]]
"""A calculator, and the names of the types that its model knows"""


@dataclass(frozen=True)
class Package:
    """A package of machine-learned force fields.

    Attributes
    ----------
    name : str
    suffixes : tuple of str
        Of the files of its models.
    install : str
        What ``pip install`` is told to get it.
    opened : callable
        Path to a calculator and the names of its types.
    """

    name: str
    suffixes: tuple[str, ...]
    install: str
    opened: Callable[[Path], Opened]


def _open_deepmd(path: Path) -> Opened:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from deepmd.calculator import DP

    calculator = DP(model=str(path))
    return calculator, tuple(calculator.dp.get_type_map())


def _open_nequip(path: Path) -> Opened:
    from nequip.integrations.ase import NequIPCalculator
    from nequip.model.inference_models import load_compiled_model

    _, metadata = load_compiled_model(str(path), device())
    calculator = NequIPCalculator.from_compiled_model(
        path, device=device(), chemical_species_to_atom_type_map=True
    )
    return calculator, tuple(metadata["type_names"])


PACKAGES: Final[Mapping[str, Package]] = {
    package.name: package
    for package in (
        Package("deepmd", (".pb", ".pth", ".dp"), "deepmd-kit[cpu]", _open_deepmd),
        Package(
            "nequip",
            (COMPILED, ".nequip.pth", PACKAGED),
            "nequip nequip-allegro",
            _open_nequip,
        ),
    )
}


def package_of(path: Path) -> Package:
    """The package that a file's name speaks of.

    Raises
    ------
    PotentialFileError
        None that brine knows.
    """
    suffix = suffix_of(path)
    return next(p for p in PACKAGES.values() if suffix in p.suffixes)


def suffix_of(path: Path) -> str:
    """The longest suffix of a file's name that says a package.

    Raises
    ------
    PotentialFileError
        There is none that brine knows.
    """
    known = [suffix for package in PACKAGES.values() for suffix in package.suffixes]
    found = [suffix for suffix in known if path.name.endswith(suffix)]
    if not found:
        raise PotentialFileError(
            f"{path} must be a model that brine can run (.brine, {', '.join(known)}), "
            "got another suffix; freeze or compile it with its own package first."
        )
    return max(found, key=len)


def open_model(
    package: Package, path: Path, name: str
) -> tuple[Calculator, tuple[int, ...]]:
    """A calculator of the model at `path`, and the atomic numbers that it knows.

    Parameters
    ----------
    package : Package
    path : Path
    name : str
        Of the model, for errors.

    Raises
    ------
    MissingPackageError
        The package is not installed.
    PotentialFileError
        The package cannot read the file, or its types are no elements.
    """
    try:
        calculator, names = package.opened(path)
    except ImportError as error:
        raise MissingPackageError(
            f"{name} needs the package {package.name}, which cannot be imported "
            f"({in_one_line(error)}); run `pip install {package.install}`."
        ) from None
    except Exception as error:
        raise PotentialFileError(
            f"{name} cannot be read by {package.name}, which says: "
            f"{in_one_line(error)}; make the file again with the installed version."
        ) from None
    unknown: list[Any] = [name for name in names if name not in atomic_numbers]
    if unknown:
        raise PotentialFileError(
            f"{name}: types of atoms must be named by elements, got {unknown[0]!r}; "
            "train the model with elements as type names."
        )
    return calculator, tuple(sorted({atomic_numbers[name] for name in names}))
