"""``brine observe``."""

from pathlib import Path
from typing import Annotated

import typer

from brine.cli.display import reporting
from brine.cli.failures import answered


@answered
def observe(
    trajectory: Annotated[
        Path, typer.Argument(help="A trajectory that ASE or MDAnalysis reads.")
    ],
    topology: Annotated[
        Path | None, typer.Option(help="What names the atoms, where it does not.")
    ] = None,
    interval: Annotated[
        float | None,
        typer.Option("--interval-fs", help="Time between frames, where unknown."),
    ] = None,
    viscosity: Annotated[
        float | None,
        typer.Option("--viscosity-mPas", help="For the finite-size correction of D."),
    ] = None,
    temperature: Annotated[float | None, typer.Option("--temperature-K")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print all curves too.")] = False,
) -> None:
    """Density, g(r), coordination and diffusion of a trajectory, with error bars.

    Example: `brine observe run/trajectory.nc --json > observables.json`
    """
    from brine.observables import observe as observe_run
    from brine.observables import read_trajectory

    with reporting("observe", quiet=json) as report:
        frames = read_trajectory(trajectory, topology, interval_fs=interval)
        found = observe_run(
            frames, viscosity=viscosity, temperature=temperature, report=report
        )
    if json:
        from json import dumps

        typer.echo(dumps(found.to_json()))
        return
    from brine.cli.tables import print_observables

    print_observables(found)
