"""Packaged models of NequIP and Allegro, and what is compiled from them.

A package holds weights and code, a compiled model runs in one program on one kind of
device: brine carries the first beside the second, for LAMMPS and other machines.
"""

import sys
from collections.abc import Mapping
from importlib.util import find_spec
from io import BytesIO
from typing import Final, Literal
from zipfile import BadZipFile, ZipFile

from brine.errors import BrineError, MissingPackageError, PotentialFileError
from brine.processes import run_child, workplace
from brine.threads import thread_count

PACKAGED: Final = ".nequip.zip"
COMPILED: Final = ".nequip.pt2"
Target = Literal["ase", "batch", "pair_nequip", "pair_allegro"]


def compile_command(source: str, model: str, target: Target) -> list[str]:
    """``nequip-compile`` of a package or checkpoint, for the device at hand."""
    command = [sys.executable, "-m", "nequip.scripts.compile", source, model]
    command += ["--mode", "aotinductor", "--target", target]
    return [*command, "--device", device()]


def device() -> str:
    """``cuda`` where PyTorch sees one, else ``cpu``."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def child_environment(threads: int) -> Mapping[str, str]:
    """Of the programs of `nequip`, which may keep `threads` busy."""
    return {"OMP_NUM_THREADS": str(threads), "PYTHONUNBUFFERED": "1"}


def architecture(package: bytes, name: str) -> Literal["nequip", "allegro"]:
    """Which of the two the packaged model `package` is.

    Raises
    ------
    PotentialFileError
        It is no packaged model; the message calls it `name`.
    """
    try:
        with ZipFile(BytesIO(package)) as archive:
            parts = [path.split("/") for path in archive.namelist()]
    except BadZipFile:
        parts = []
    modules = {part[1] for part in parts if len(part) > 2}
    if "nequip" not in modules:
        raise PotentialFileError(
            f"{name} must hold a model and its code, got none; make the file with "
            "`nequip-package build`."
        )
    return "allegro" if "allegro" in modules else "nequip"


def compiled(package: bytes, target: Target, name: str) -> bytes:
    """The model `package`, compiled for a program; takes up to a minute or two.

    Parameters
    ----------
    package : bytes
    target : str
        ``ase`` for Python, ``batch`` for many structures at once, else LAMMPS's pair
        style.
    name : str
        Of the model, for errors.

    Raises
    ------
    MissingPackageError
        There is no `nequip` to compile with.
    PotentialFileError
        It cannot be compiled.
    """
    architecture(package, name)
    if find_spec("nequip") is None:
        raise MissingPackageError(
            f"{name} needs the package nequip, got none; run "
            "`pip install 'brine[nequip]'`."
        )
    with workplace("brine-compile-") as folder:
        (folder / f"model{PACKAGED}").write_bytes(package)
        try:
            run_child(
                compile_command(f"model{PACKAGED}", f"model{COMPILED}", target),
                folder,
                name="nequip-compile",
                log=folder / "log.txt",
                environment=child_environment(thread_count()),
            )
        except BrineError as error:
            raise PotentialFileError(f"{name} cannot be compiled: {error}") from None
        return (folder / f"model{COMPILED}").read_bytes()
