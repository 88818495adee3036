"""How LAMMPS comes to the forces of a potential."""

from pathlib import Path
from typing import Final, Literal

from ase.data import chemical_symbols

from brine.dynamics.engine import StartState
from brine.dynamics.lammps import library
from brine.errors import InputError
from brine.potentials import NativePotential, Potential
from brine.potentials.foreign import ForeignPotential
from brine.potentials.nequip_models import architecture, compiled

NATIVE: Final = "potential.brine"
Style = Literal["native", "deepmd", "nequip", "allegro"]
"""``fix external``, or the name of a pair style."""


def style_of(potential: Potential) -> Style:
    """What answers for `potential` in LAMMPS.

    Raises
    ------
    InputError
        Nothing does, or the model cannot be compiled for its pair style.
    """
    if isinstance(potential, NativePotential):
        return "native"
    if not isinstance(potential, ForeignPotential):
        raise InputError(
            "`engine: lammps` runs native potentials and models of DeePMD-kit, NequIP "
            "and Allegro, got another; use `engine: brine`."
        )
    if potential.package.name == "deepmd":
        return "deepmd"
    if not potential.source:
        raise InputError(
            f"`engine: lammps` needs a packaged model (.nequip.zip) to compile for its "
            f"pair style, got {potential.name}, compiled for Python alone; name the "
            "file of `nequip-package build`, or use `engine: brine`."
        )
    return architecture(potential.source, potential.name)


def interactions(potential: Potential, state: StartState, folder: Path) -> list[str]:
    """The commands of a potential, whose file is written to `folder`.

    Raises
    ------
    InputError
        LAMMPS has nothing for it.
    """
    elements = sorted(set(state.numbers.tolist()))
    if isinstance(potential, NativePotential):
        potential.save(folder / NATIVE)
        return library.commands(NATIVE, elements, potential.reach)
    style = style_of(potential)
    assert isinstance(potential, ForeignPotential)
    model, names = potential.file_name, " ".join(chemical_symbols[z] for z in elements)
    if style == "deepmd":
        (folder / model).write_bytes(potential.content)
        return [
            "neighbor 1.0 bin",
            f"pair_style deepmd {model}",
            f"pair_coeff * * {names}",
        ]
    target: Literal["pair_nequip", "pair_allegro"] = (
        "pair_nequip" if style == "nequip" else "pair_allegro"
    )
    content = compiled(potential.source, target, potential.name)
    (folder / model).write_bytes(content)
    return [
        "neighbor 1.0 bin",
        f"pair_style {style}",
        f"pair_coeff * * {model} {names}",
    ]
