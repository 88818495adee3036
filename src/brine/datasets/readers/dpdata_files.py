"""VASP and CP2K output, through dpdata."""

import re
import warnings
from pathlib import Path
from typing import Any, Final

import numpy as np
from ase.data import atomic_numbers
from numpy.typing import NDArray

from brine.datasets.assembly import UNSTATED, Frame, Origin, assemble
from brine.datasets.dataset import Dataset
from brine.errors import DataFileError, MissingPackageError, in_one_line
from brine.units import BAR

PRESSURE_UNITS: Final = {"GPa": 1e4 * BAR, "bar": BAR}
STRESS_TABLE: Final = re.compile(
    r"STRESS\| Analytical stress tensor \[(GPa|bar)\]\s*\n"
    r"\s*STRESS\|\s+x\s+y\s+z\s*\n"
    + r"\s*STRESS\|\s+x\s+(\S+\s+\S+\s+\S+)\s*\n"
    + r"\s*STRESS\|\s+y\s+(\S+\s+\S+\s+\S+)\s*\n"
    + r"\s*STRESS\|\s+z\s+(\S+\s+\S+\s+\S+)"
)
ASSUMPTIONS: Final = {
    "vasp/outcar": (
        "VASP OUTCAR: Å, eV, eV/Å; energy is the free energy TOTEN; `in kB` is in "
        "kbar with compression positive, so stress = −value"
    ),
    "vasp/xml": (
        "VASP vasprun.xml: Å, eV, eV/Å; energy is e_fr_energy; `stress` is in kbar "
        "with compression positive, so stress = −value"
    ),
    "cp2k/output": (
        "CP2K output: hartree and bohr converted; STRESS TENSOR is in GPa or bar with "
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
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            data = dpdata.LabeledSystem(str(path), fmt=kind).data
        except Exception as error:
            raise DataFileError(
                f"{name} cannot be read as {kind}: {in_one_line(error)}."
            ) from error
    if kind == "cp2k/output" and data.get("virials") is None:
        data["virials"] = _recent_virials(path, np.asarray(data["cells"], dtype=float))
    remarks = [f"{name}: {in_one_line(w.message)}" for w in caught if _is_remark(w)]
    assumptions = (ASSUMPTIONS[kind], *remarks)
    return assemble(_frames(data, name), Origin(name, UNSTATED, assumptions))


def _recent_virials(
    path: Path, cells: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """−stress·volume in eV from lines ``STRESS|``, which dpdata does not know."""
    found = STRESS_TABLE.findall(path.read_text(errors="replace"))
    if len(found) != len(cells) or not found:
        return None
    tables = np.array([" ".join(rows).split() for _, *rows in found], dtype=float)
    units = np.array([PRESSURE_UNITS[unit] for unit, *_ in found])
    volumes = np.abs(np.linalg.det(cells))
    return np.asarray(tables.reshape(-1, 3, 3) * (units * volumes)[:, None, None])


def _is_remark(warning: warnings.WarningMessage) -> bool:
    """Whether dpdata speaks of the data, such as frames that did not converge."""
    return issubclass(warning.category, UserWarning)


def _frames(data: dict[str, Any], name: str) -> list[Frame]:
    """Frames of dpdata's columns, whose ``virials`` are −stress·volume in eV."""
    symbols = np.array([atomic_numbers[s] for s in data["atom_names"]], dtype=np.int64)
    numbers = symbols[np.asarray(data["atom_types"], dtype=np.int64)]
    cells = np.asarray(data["cells"], dtype=float)
    volumes = np.abs(np.linalg.det(cells))
    periodic = not data.get("nopbc", False)
    forces, virials = data.get("forces"), data.get("virials")
    # Where only some frames have a virial, nothing says which ones.
    if virials is not None and len(virials) != len(cells):
        virials = None
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
