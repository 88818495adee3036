"""VASP and CP2K output, through dpdata."""

from pathlib import Path
from typing import Any, Final

import numpy as np
from ase.data import atomic_numbers

from brine.datasets.assembly import UNSTATED, Frame, Origin, assemble
from brine.datasets.dataset import Dataset
from brine.errors import DataFileError, MissingPackageError

ASSUMPTIONS: Final = {
    "vasp/outcar": (
        "VASP OUTCAR: Å, eV, eV/Å; `in kB` is in kbar with compression positive, so "
        "stress = −value; energy without entropy term as dpdata takes it"
    ),
    "vasp/xml": (
        "VASP vasprun.xml: Å, eV, eV/Å; `stress` is in kbar with compression "
        "positive, so stress = −value"
    ),
    "cp2k/output": (
        "CP2K output: hartree and bohr converted; STRESS TENSOR is in GPa with "
        "compression positive and without kinetic term, so stress = −value"
    ),
    "cp2k/aimd_output": (
        "CP2K MD folder (*.log, *-pos*.xyz): hartree and bohr converted; the log's "
        "STRESS TENSOR is in GPa with compression positive and without kinetic term, "
        "so stress = −value"
    ),
}


def read_dpdata(path: Path, *, name: str, kind: str) -> Dataset:
    """Every converged frame that dpdata finds; the file is one group.

    Parameters
    ----------
    path : Path
        A file, or for ``cp2k/aimd_output`` a folder.
    kind : str
        dpdata's name of the format, a key of `ASSUMPTIONS`.

    Raises
    ------
    DataFileError
        dpdata cannot read it.
    MissingPackageError
        dpdata is not installed.
    """
    try:
        import dpdata
    except ImportError as error:
        raise MissingPackageError(
            f"{name} needs the package dpdata: pip install dpdata."
        ) from error
    try:
        data = dpdata.LabeledSystem(str(path), fmt=kind).data
    except Exception as error:
        text = " ".join(str(error).split()) or type(error).__name__
        raise DataFileError(f"{name} cannot be read as {kind}: {text}.") from error
    return assemble(_frames(data, name), Origin(name, UNSTATED, (ASSUMPTIONS[kind],)))


def _frames(data: dict[str, Any], name: str) -> list[Frame]:
    """Frames of dpdata's columns, whose ``virials`` are −stress·volume in eV."""
    symbols = np.array([atomic_numbers[s] for s in data["atom_names"]], dtype=np.int64)
    numbers = symbols[np.asarray(data["atom_types"], dtype=np.int64)]
    cells = np.asarray(data["cells"], dtype=float)
    volumes = np.abs(np.linalg.det(cells))
    periodic = not data.get("nopbc", False)
    forces, virials = data.get("forces"), data.get("virials")
    return [
        Frame(
            numbers=numbers,
            positions=positions,
            cell=cells[k] if periodic else np.zeros((3, 3)),
            periodic=np.full(3, periodic),
            energy=float(data["energies"][k]),
            forces=None if forces is None else forces[k],
            stress=None if virials is None else -np.asarray(virials[k]) / volumes[k],
            group=name,
        )
        for k, positions in enumerate(np.asarray(data["coords"], dtype=float))
    ]
