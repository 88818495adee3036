"""n2p2 ``input.data`` files: blocks from ``begin`` to ``end`` in bohr and hartree.

Read here rather than through dpdata because that library refuses a file whose
frames differ in composition; a test compares the two where they overlap.
"""

from pathlib import Path

import numpy as np
from ase.data import atomic_numbers

from brine.datasets.assembly import UNSTATED, Frame, Origin, assemble
from brine.datasets.dataset import Dataset
from brine.errors import DataFileError
from brine.units import BOHR, HARTREE

ASSUMPTIONS = (
    "n2p2: positions and lattice in bohr, energies in hartree, forces in "
    "hartree/bohr; no stress"
)
IGNORED = frozenset({"comment", "charge"})


def read_n2p2(path: Path, *, name: str) -> Dataset:
    """Every frame of an n2p2 file, which is one group.

    Raises
    ------
    DataFileError
        A block does not end, or a line cannot be understood.
    """
    frames: list[Frame] = []
    block: list[list[str]] | None = None
    with path.open(errors="replace") as lines:
        for line in lines:
            words = line.split()
            if not words:
                continue
            if words[0] == "begin":
                block = []
            elif words[0] == "end" and block is not None:
                frames.append(_frame(block, name, len(frames)))
                block = None
            elif block is not None:
                block.append(words)
    if block is not None:
        raise DataFileError(
            f"{name}, frame {len(frames)} has no line `end`: the file is truncated; "
            "remove that frame or copy the file again."
        )
    return assemble(frames, Origin(name, UNSTATED, (ASSUMPTIONS,)))


def _frame(block: list[list[str]], name: str, index: int) -> Frame:
    where = f"{name}, frame {index}"
    atoms = [words for words in block if words[0] == "atom"]
    lattice = [words[1:4] for words in block if words[0] == "lattice"]
    energies = [words[1] for words in block if words[0] == "energy"]
    unknown = {w[0] for w in block} - {"atom", "lattice", "energy"} - IGNORED
    if unknown:
        raise DataFileError(f"{where}: line `{unknown.pop()}` is not known in n2p2.")
    if len(lattice) not in (0, 3):
        raise DataFileError(f"{where}: must have 0 or 3 lines `lattice`.")
    bad = [
        words for words in atoms if len(words) != 10 or words[4] not in atomic_numbers
    ]
    if bad:
        raise DataFileError(
            f"{where}: an atom line must hold 3 positions, an element, 2 charges and "
            f"3 forces, got {' '.join(bad[0])!r}."
        )
    try:
        positions = np.array([words[1:4] for words in atoms], dtype=float).reshape(
            -1, 3
        )
        forces = np.array([words[7:10] for words in atoms], dtype=float).reshape(-1, 3)
        cell = np.array(lattice or np.zeros((3, 3)), dtype=float)
        energy = float(energies[0]) * HARTREE if energies else None
    except ValueError as error:
        raise DataFileError(f"{where}: {error}.") from error
    return Frame(
        numbers=np.array([atomic_numbers[words[4]] for words in atoms], dtype=np.int64),
        positions=positions * BOHR,
        cell=cell * BOHR,
        periodic=np.full(3, bool(lattice)),
        energy=energy,
        forces=forces * (HARTREE / BOHR),
        stress=None,
        group=name,
    )
