"""``brine converge``."""

from dataclasses import asdict
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from brine.cli.display import reporting
from brine.cli.failures import answered
from brine.errors import InputError

if TYPE_CHECKING:
    from brine.oracles.cp2k.convergence import Trial


@answered
def converge(
    protocol: Annotated[Path, typer.Argument(help="Its `labels.oracle` is `cp2k`.")],
    frame: Annotated[Path, typer.Argument(help="A structure that is to be labelled.")],
    cutoffs: Annotated[
        str, typer.Option("--cutoffs-Ry", help="The last is taken for converged.")
    ] = "400,600,800,1000,1500",
    relative_cutoffs: Annotated[
        str, typer.Option("--relative-cutoffs-Ry")
    ] = "40,60,100",
    scf: Annotated[str, typer.Option(help="Thresholds of the SCF.")] = "1e-5,1e-6,1e-7",
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure how far an oracle's labels are from converged ones.

    Example: `brine converge water.yaml frame.xyz --cutoffs-Ry 400,800,1200`
    """
    from brine.oracles import CP2K
    from brine.oracles.cp2k.convergence import convergence
    from brine.settings import load_protocol
    from brine.structures.files import read_frames
    from brine.workflow.sampling import oracle_of

    try:
        oracle = oracle_of(load_protocol(protocol), protocol.parent)
    except InputError as error:
        raise InputError(f"{protocol}: {error}") from None
    if not isinstance(oracle, CP2K):
        raise InputError(
            f"{protocol} must have `labels.oracle.kind` `cp2k`, for only that has a "
            "grid to converge."
        )
    grid = _numbers("--cutoffs-Ry", cutoffs)
    (atoms,) = read_frames(frame, index=-1, what="structure")
    with reporting("converge", quiet=json) as report:
        trials = convergence(
            oracle,
            atoms,
            cutoffs=grid,
            relative_cutoffs=_numbers("--relative-cutoffs-Ry", relative_cutoffs),
            scf=_numbers("--scf", scf),
            report=report,
        )
    if json:
        typer.echo(dumps([asdict(trial) for trial in trials]))
    else:
        _print(trials, f"{max(grid):g} Ry")


def _numbers(option: str, text: str) -> list[float]:
    try:
        return [float(word) for word in text.split(",")]
    except ValueError:
        raise InputError(
            f"`{option}` must be numbers with commas between them, got {text!r}."
        ) from None


def _print(trials: "tuple[Trial, ...]", tightest: str) -> None:
    from rich.console import Console
    from rich.table import Table

    symbols = list(trials[0].forces)
    table = Table("level", "energy, meV/atom", box=None)
    for symbol in symbols:
        table.add_column(f"forces on {symbol}, meV/Å", justify="right")
    table.add_column("pressure, bar", justify="right")
    table.add_column("s", justify="right")
    for trial in trials:
        forces = [f"{1e3 * trial.forces[symbol]:.2f}" for symbol in symbols]
        table.add_row(
            trial.change,
            f"{1e3 * trial.energy:+.3f}",
            *forces,
            f"{trial.pressure:+.0f}",
            f"{trial.seconds:.1f}",
        )
    Console().print(table)
    noise = 1e3 * trials[-1].force_noise
    typer.echo(
        f"Forces of labels as set are {noise:.1f} meV/Å (all atoms) from those of the "
        f"tightest level,\n{tightest}: a smaller error says nothing about a potential. "
        f"Write\n`force_noise_meV_per_A: {noise:.1f}` into `labels.oracle`, and "
        "reports will show it."
    )
