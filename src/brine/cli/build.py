"""``brine build``."""

import re
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from brine.cli.display import reporting
from brine.cli.failures import answered
from brine.errors import InputError

if TYPE_CHECKING:
    from brine.structures.contents import Contents


@answered
def build(
    composition: Annotated[
        str,
        typer.Argument(help="Salts and H2O, such as `Li2MnCl4*9H2O`, `LiCl` or `H2O`."),
    ],
    formula_units: Annotated[
        int | None, typer.Option(min=1, help="How many of the composition.")
    ] = None,
    molality: Annotated[
        float | None,
        typer.Option("--molality-mol-per-kg", help="Of the salt, in --waters."),
    ] = None,
    waters: Annotated[
        int | None, typer.Option(min=1, help="With --molality-mol-per-kg.")
    ] = None,
    density: Annotated[
        float | None,
        typer.Option(
            "--density-g-per-mL",
            help="Laliberté's model of water and chlorides by default.",
        ),
    ] = None,
    temperature: Annotated[
        float, typer.Option("--temperature-K", min=0.0, help="Of that model.")
    ] = 298.15,
    biased: Annotated[
        str | None,
        typer.Option(
            metavar="CATION",
            help="Five replicas after dynamics, this cation's shell rich in chloride "
            "or in water.",
        ),
    ] = None,
    model: Annotated[
        Literal["spcfw", "amoeba"],
        typer.Option(help="Of --biased: AMOEBA is polarizable and dear."),
    ] = "spcfw",
    duration: Annotated[
        float,
        typer.Option("--duration-ps", min=0.1, help="Of --biased, at 600 K."),
    ] = 20.0,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    out: Annotated[
        Path | None,
        typer.Option(help="A file that ASE can write; COMPOSITION.extxyz by default."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Pack a periodic box of a liquid.

    Example: `brine build "Li2MnCl4*9H2O" --formula-units 10`
    """
    import numpy as np

    from brine.structures.contents import with_density
    from brine.structures.files import write_structure

    molecules = _molecules(composition, formula_units, molality, waters)
    found = with_density(molecules, density, temperature=temperature)
    target = out or Path(f"{re.sub('[^A-Za-z0-9.+-]+', '-', composition)}.extxyz")
    if biased is not None:
        options: dict[str, Any] = {
            "model": model,
            "duration": 1e3 * duration,
            "seed": seed,
        }
        options |= {"cation": biased, "temperature": temperature}
        _write_biased(found, options, target, json=json)
        return
    atoms = found.build(np.random.default_rng(seed))
    write_structure(target, atoms)
    if molality is not None and not json:
        from brine.structures.composition import molality_of

        real = molality_of(composition, molecules)
        typer.echo(f"{real:.3g} mol/kg of {composition}, asked for {molality:g}")
    _tell(found, len(atoms), target, json=json)


def _molecules(
    composition: str,
    formula_units: int | None,
    molality: float | None,
    waters: int | None,
) -> dict[str, int]:
    from brine.structures.composition import molecules_at_molality, molecules_of

    if molality is None and waters is None and formula_units is not None:
        return molecules_of(composition, formula_units=formula_units)
    if molality is not None and waters is not None and formula_units is None:
        return molecules_at_molality({composition: molality}, waters=waters)
    options = {
        "--formula-units": formula_units,
        "--molality-mol-per-kg": molality,
        "--waters": waters,
    }
    given = [f"`{name}`" for name, value in options.items() if value is not None]
    raise InputError(
        "how much of it must be said by `--formula-units`, or by "
        f"`--molality-mol-per-kg` and `--waters`, got {' and '.join(given) or 'none'}."
    )


def _write_biased(
    found: "Contents", options: dict[str, Any], target: Path, *, json: bool
) -> None:
    """Run `biased_replicas` with `options` and write what it makes."""
    from brine.structures.files import write_structure
    from brine.workflow.replicas import SCALES, biased_replicas

    paths = [target.with_stem(f"{target.stem}-s{scale:g}") for scale in SCALES]
    for path in paths:
        if path.exists():
            raise InputError(f"{path} exists and is not overwritten; give another.")
    with reporting("replicas", quiet=json) as report:
        replicas = biased_replicas(found, **options, report=report)
    shells = []
    for path, replica in zip(paths, replicas, strict=True):
        write_structure(path, replica.atoms)
        anions, oxygens = replica.anions.value, replica.oxygens.value
        shells.append(
            {
                "path": str(path),
                "scale": replica.scale,
                "first_shell_Cl": anions,
                "first_shell_O": oxygens,
            }
        )
        if not json:
            shell = f"{anions:.2f} Cl and {oxygens:.2f} O"
            typer.echo(f"{path}: {shell} around {options['cation']}")
    if json:
        typer.echo(dumps(shells))


def _tell(found: "Contents", n_atoms: int, target: Path, *, json: bool) -> None:
    if json:
        content = {
            "path": str(target),
            "n_atoms": n_atoms,
            "molecules": found.molecules,
            "density_g_per_mL": found.density,
            "edge_A": found.edge,
            "extrapolations": list(found.extrapolations),
        }
        typer.echo(dumps(content))
        return
    listed = ", ".join(f"{count} {name}" for name, count in found.molecules.items())
    typer.echo(f"{n_atoms} atoms: {listed}")
    typer.echo(
        f"{found.density:.4f} g/mL, a cube of {found.edge:.2f} Å, packed: no force "
        "field has seen it"
    )
    for sentence in found.extrapolations:
        typer.echo(f"extrapolated: {sentence}.")
    typer.echo(f"{target} written")
