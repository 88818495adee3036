"""Which reader a path needs, from its content first and its name last."""

from pathlib import Path

from brine.datasets.readers.deepmd import is_deepmd_system

LABELLED_NAMES = ("*.extxyz", "*.xyz", "*.npz", "*.db", "*.traj", "OUTCAR*")
LABELLED_NAMES_BELOW = ("vasprun*.xml", "input.data", "*.data", "*.out", "*.log")


def kind_of(path: Path) -> str | None:
    """One of ``brine``, ``deepmd``, ``n2p2``, a dpdata format, ``ase``, or None.

    None means a folder that is not itself a dataset.
    """
    if path.is_dir():
        return _kind_of_folder(path)
    with path.open("rb") as file:
        head = file.read(65536)
    text = head.decode("utf-8", errors="replace")
    first = text.lstrip().split("\n", 1)[0].strip()
    if head.startswith(b"PK") and path.suffix == ".npz":
        return "brine"
    if first == "begin":
        return "n2p2"
    if first.startswith("<?xml") and "<modeling>" in text:
        return "vasp/xml"
    if first.startswith("vasp.") or (
        path.name.startswith("OUTCAR") and "POTCAR" in text
    ):
        return "vasp/outcar"
    if "CP2K|" in text or "DBCSR|" in text:
        return "cp2k/output"
    return "ase"


def _kind_of_folder(folder: Path) -> str | None:
    if is_deepmd_system(folder):
        return "deepmd"
    if any(folder.glob("*-pos-*.xyz")) and any(folder.glob("*.log")):
        return "cp2k/aimd_output"
    return None


def datasets_in(folder: Path) -> list[Path]:
    """The systems and labelled files in a folder that is not itself a dataset.

    DeePMD systems are found at any depth; files in the folder itself, and only
    when there are neither, files further down. Of a VASP run that left both
    OUTCAR and vasprun.xml the OUTCAR is taken.
    """
    sets = {path.parent.parent for path in folder.rglob("set.*/coord.npy")}
    found = sorted(sets) + _files(folder, "")
    return found or _files(folder, "**/")


def _files(folder: Path, below: str) -> list[Path]:
    files = {
        path
        for pattern in LABELLED_NAMES
        for path in folder.glob(below + pattern)
        if path.is_file()
    }
    runs = {path.parent for path in files if path.name.startswith("OUTCAR")}
    for pattern in LABELLED_NAMES_BELOW:
        files |= {
            path
            for path in folder.glob(below + pattern)
            if path.is_file() and path.parent not in runs and kind_of(path) != "ase"
        }
    return sorted(files)
