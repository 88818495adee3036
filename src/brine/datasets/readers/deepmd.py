"""DeePMD-kit ``npy`` systems: `type.raw`, `type_map.raw` and folders ``set.*``.

The arrays are read here rather than through dpdata because that library refuses
systems in which a label is missing; a test compares the two on complete ones.
"""

from pathlib import Path

import numpy as np
from ase.data import atomic_numbers
from numpy.typing import NDArray

from brine.datasets.assembly import UNSTATED, Frame, Origin, assemble
from brine.datasets.dataset import Dataset, concatenate
from brine.errors import DataFileError

ASSUMPTIONS = (
    "DeePMD npy: positions and box in Å, energies in eV, forces in eV/Å, virial in "
    "eV and equal to −stress·volume"
)


def is_deepmd_system(folder: Path) -> bool:
    """Whether `folder` is one DeePMD ``npy`` system."""
    return any(folder.glob("set.*/coord.npy"))


def read_deepmd(folder: Path, *, name: str) -> Dataset:
    """Every frame of one DeePMD system, which is one group.

    Frames are named by their set, such as ``data_0/set.000``, and by their index
    in it.

    Raises
    ------
    DataFileError
        A file is missing, damaged, or does not fit the number of atoms.
    """
    symbols = _type_map(folder, name)
    types = _integers(folder / "type.raw", name) if _has(folder, "type.raw") else None
    if types is None:
        raise DataFileError(f"{name} must hold a file type.raw; it names the atoms.")
    periodic = not (folder / "nopbc").exists()
    sets = sorted(path.parent for path in folder.glob("set.*/coord.npy"))
    return concatenate(
        [
            _read_set(path, f"{name}/{path.name}", (types, symbols), (name, periodic))
            for path in sets
        ]
    )


def _read_set(
    folder: Path,
    source: str,
    atoms: tuple[NDArray[np.int64], NDArray[np.int64]],
    system: tuple[str, bool],
) -> Dataset:
    types, symbols = atoms
    group, periodic = system
    n_atoms = len(types)
    coordinates = _array(folder, "coord", source)
    if coordinates is None:
        raise DataFileError(f"{source} must hold coord.npy.")
    n_frames = len(coordinates)
    kinds = _frame_types(folder, source, types, n_frames)
    if kinds.min(initial=0) < 0 or kinds.max(initial=0) >= len(symbols):
        raise DataFileError(
            f"{source}: atom types must lie in 0…{len(symbols) - 1} of type_map.raw, "
            f"got {kinds.min()}…{kinds.max()}."
        )
    shapes = {
        "coord": (n_frames, n_atoms, 3),
        "box": (n_frames, 3, 3),
        "energy": (n_frames,),
        "force": (n_frames, n_atoms, 3),
        "virial": (n_frames, 3, 3),
    }
    columns = {
        label: _shaped(_array(folder, label, source), shape, f"{source}/{label}.npy")
        for label, shape in shapes.items()
    }
    box = columns["box"]
    if periodic and box is None:
        raise DataFileError(
            f"{source} must hold box.npy, or the system an empty file nopbc."
        )
    cells = np.zeros((n_frames, 3, 3)) if box is None or not periodic else box
    virial = columns["virial"] if periodic else None
    volumes = np.abs(np.linalg.det(cells))[:, None, None]
    columns["stress"] = None if virial is None else -virial / volumes
    frames = [
        Frame(
            numbers=symbols[kinds[k]],
            positions=coordinates.reshape(n_frames, n_atoms, 3)[k],
            cell=cells[k],
            periodic=np.full(3, periodic),
            energy=_row(columns["energy"], k),  # type: ignore[arg-type]
            forces=_row(columns["force"], k),
            stress=_row(columns["stress"], k),
            group=group,
        )
        for k in range(n_frames)
    ]
    return assemble(frames, Origin(source, UNSTATED, (ASSUMPTIONS,)))


def _row(column: NDArray[np.float64] | None, frame: int) -> NDArray[np.float64] | None:
    return None if column is None else column[frame]


def _has(folder: Path, filename: str) -> bool:
    return (folder / filename).is_file()


def _frame_types(
    folder: Path, source: str, types: NDArray[np.int64], n_frames: int
) -> NDArray[np.int64]:
    """(n_frames, n_atoms) array: types per frame, as the mixed layout stores them."""
    if not _has(folder, "real_atom_types.npy"):
        return np.broadcast_to(types, (n_frames, len(types)))
    found = _array(folder, "real_atom_types", source)
    shaped = _shaped(found, (n_frames, len(types)), f"{source}/real_atom_types.npy")
    assert shaped is not None
    return shaped.astype(np.int64)


def _array(folder: Path, label: str, source: str) -> NDArray[np.float64] | None:
    path = folder / f"{label}.npy"
    if not path.is_file():
        return None
    try:
        return np.asarray(np.load(path, allow_pickle=False), dtype=np.float64)
    except (ValueError, OSError, EOFError) as error:
        raise DataFileError(
            f"{source}/{label}.npy cannot be read ({error}); copy it again."
        ) from error


def _shaped(
    array: NDArray[np.float64] | None, shape: tuple[int, ...], where: str
) -> NDArray[np.float64] | None:
    if array is None:
        return None
    if array.size != np.prod(shape) or (array.ndim and len(array) != shape[0]):
        raise DataFileError(f"{where} must hold shape {shape}, got {array.shape}.")
    return array.reshape(shape)


def _integers(path: Path, name: str) -> NDArray[np.int64]:
    try:
        return np.loadtxt(path, dtype=np.int64, ndmin=1)
    except ValueError as error:
        raise DataFileError(
            f"{name}/{path.name} must hold integers ({error})."
        ) from error


def _type_map(folder: Path, name: str) -> NDArray[np.int64]:
    """(n_types,) array: the atomic number of each type."""
    if not _has(folder, "type_map.raw"):
        raise DataFileError(
            f"{name} must hold a file type_map.raw with one element symbol per type; "
            "without it the elements are unknown."
        )
    symbols = (folder / "type_map.raw").read_text().split()
    unknown = [s for s in symbols if s not in atomic_numbers]
    if unknown:
        raise DataFileError(
            f"{name}/type_map.raw must hold element symbols, got {unknown[0]!r}."
        )
    return np.array([atomic_numbers[s] for s in symbols], dtype=np.int64)
