"""CP2K as an oracle."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from weakref import finalize

from ase import Atoms
from ase.calculators.calculator import Calculator

from brine.datasets.fingerprint import force_noise_text
from brine.oracles.calculator import OracleCalculator
from brine.oracles.cp2k.committee import Committee
from brine.oracles.cp2k.level import LevelOfTheory
from brine.oracles.cp2k.output import read_output
from brine.oracles.cp2k.program import Program, find_program
from brine.oracles.external import run_program
from brine.oracles.oracle import Labels, check_periodic

WAVEFUNCTION: Final = "label-RESTART.wfn"
PREFIX: Final = "brine-cp2k-"


@dataclass(frozen=True)
class CP2K:
    """Density-functional theory by CP2K (10.1063/5.0007045), at the gamma point.

    Every label starts from atoms, so that it does not depend on the labels before it.

    Attributes
    ----------
    level : LevelOfTheory or Committee
    program : Program
    time_limit : float, s
        Of one label.
    force_noise : float or None, eV/Å
        How far forces are from converged ones, where `convergence` has measured it.
    scratch : Path or None
        Folder for all labels, each of which starts from the wavefunction of the one
        before; None lets no label depend on another.
    """

    level: LevelOfTheory | Committee = field(default_factory=LevelOfTheory)
    program: Program = field(default_factory=find_program)
    time_limit: float = 3600.0
    force_noise: float | None = None
    scratch: Path | None = None

    @property
    def cores(self) -> int:
        """Cores that one label keeps busy."""
        return self.program.ranks * self.program.threads

    @property
    def fingerprint(self) -> str:
        """Level of theory, version of CP2K, and the noise of its forces."""
        text = f"CP2K {self.program.version} {self.level.fingerprint}"
        if self.force_noise is None:
            return text
        return f"{text} {force_noise_text(self.force_noise)}"

    def label(self, atoms: Atoms) -> Labels:
        """Energy, forces and stress of a periodic box.

        Raises
        ------
        InputError
            The box is not periodic, or has an element without a basis here.
        UnconvergedError
            The SCF did not converge, or not in time.
        BrineError
            CP2K failed; the message says what it said.
        """
        check_periodic(atoms, "the oracle `cp2k`")
        if self.scratch is not None:
            return self._label(atoms, self.scratch)
        with TemporaryDirectory(prefix=PREFIX) as name:
            return self._label(atoms, Path(name))

    def calculator(self) -> Calculator:
        """An ASE calculator of it whose steps start from the wavefunction before."""
        folder = TemporaryDirectory(prefix=PREFIX)
        calculator = OracleCalculator(replace(self, scratch=Path(folder.name)))
        finalize(calculator, folder.cleanup)
        return calculator

    def _label(self, atoms: Atoms, folder: Path) -> Labels:
        earlier = (folder / WAVEFUNCTION).exists()
        restart = WAVEFUNCTION if earlier else None
        text = self.level.input_text(atoms, restart=restart)
        (folder / "label.inp").write_text(text)
        printed = run_program(
            self.program.command,
            folder,
            name="CP2K",
            time_limit=self.time_limit,
            environment=self.program.environment,
        )
        return read_output(printed, len(atoms), name="CP2K's output")
