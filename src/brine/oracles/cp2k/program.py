"""The CP2K program: where it is, how it is started, what its version is."""

import os
import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from shutil import which
from typing import Final

from brine.errors import MissingPackageError

NAMES: Final = ("cp2k.psmp", "cp2k.popt", "cp2k.ssmp", "cp2k")


@dataclass(frozen=True)
class Program:
    """A CP2K executable and the cores that one calculation uses.

    Attributes
    ----------
    executable : str
    launcher : tuple of str
        What stands in front of it; empty for one rank.
    ranks : int
    threads : int
        OpenMP threads of each rank.
    """

    executable: str
    launcher: tuple[str, ...] = ()
    ranks: int = 1
    threads: int = 1

    @property
    def command(self) -> list[str]:
        """What is run in the folder of the input ``label.inp``."""
        return [*self.launcher, self.executable, "-i", "label.inp"]

    @property
    def environment(self) -> dict[str, str]:
        """Of the process: Open MPI may run as root, threads do not multiply."""
        return {
            **os.environ,
            "OMP_NUM_THREADS": str(self.threads),
            "OPENBLAS_NUM_THREADS": "1",
            "OMPI_ALLOW_RUN_AS_ROOT": "1",
            "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
            "OMPI_MCA_rmaps_base_oversubscribe": "1",
        }

    @property
    def version(self) -> str:
        """Such as ``2023.1``."""
        return _version(self.executable)


def find_program(*, ranks: int = 1, threads: int = 1) -> Program:
    """CP2K on PATH, and the MPI launcher that belongs to it.

    The launcher is looked for beside the executable first: the `mpich` wheel puts an
    `mpirun` of another MPI on the path of a virtual environment, under which every
    rank would do the whole calculation.

    Raises
    ------
    MissingPackageError
        There is no CP2K, or no launcher for more than one rank.
    """
    executable = next(filter(None, map(which, NAMES)), None)
    if executable is None:
        raise MissingPackageError(
            "the oracle `cp2k` needs the program CP2K, got none on PATH; install it "
            "(`apt install cp2k` on Debian and Ubuntu)."
        )
    if ranks == 1:
        return Program(executable, (), 1, threads)
    beside = Path(executable).resolve().parent
    launcher = which("mpirun", path=str(beside)) or which("mpirun")
    if launcher is None:
        raise MissingPackageError(
            f"CP2K on {ranks} ranks needs `mpirun`, got none beside {executable} or on "
            "PATH; set `ranks: 1` or install the MPI that CP2K was built with."
        )
    return Program(executable, (launcher, "-n", str(ranks)), ranks, threads)


@cache
def _version(executable: str) -> str:
    try:
        run = subprocess.run(
            [executable, "--version"], capture_output=True, text=True, check=False
        )
    except OSError:
        return "unknown"
    found = re.search(r"CP2K version (\S+)", run.stdout)
    return found.group(1) if found else "unknown"
