"""What a packed box holds: molecules, their templates, and a density."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np
from ase import Atoms

from brine.errors import InputError
from brine.settings import (
    CompositionSystem,
    MoleculesSystem,
    PackedSystem,
    SolutionSystem,
)
from brine.structures.boxes import box_length, build_box
from brine.structures.composition import (
    molecules_at_molality,
    molecules_at_mole_fraction,
    molecules_of,
)
from brine.structures.solution_density import solution_density
from brine.structures.species import SPECIES, Species, read_species

ROOM_TEMPERATURE: Final = 298.15


@dataclass(frozen=True)
class Contents:
    """Molecules and density of a box.

    Attributes
    ----------
    molecules : dict of str to int
    density : float, g/mL
    templates : mapping of str to Species
        What the names mean.
    extrapolations : tuple of str
        Ways in which the model that gave the density goes beyond its data.
    """

    molecules: dict[str, int]
    density: float
    templates: Mapping[str, Species]
    extrapolations: tuple[str, ...] = ()

    @property
    def elements(self) -> tuple[str, ...]:
        """Symbols, in the order in which they come first."""
        symbols = (self.templates[name].symbols for name in self.molecules)
        return tuple(dict.fromkeys(chain.from_iterable(symbols)))

    @property
    def edge(self) -> float:
        """Of the cube, Å."""
        return box_length(
            self.molecules, density=self.density, templates=self.templates
        )

    def build(self, rng: np.random.Generator) -> Atoms:
        """The box, as `build_box` packs it."""
        return build_box(
            self.molecules, density=self.density, rng=rng, templates=self.templates
        )


def contents(
    system: PackedSystem,
    *,
    temperature: float = ROOM_TEMPERATURE,
    base: Path | None = None,
) -> Contents:
    """What `system` means.

    Parameters
    ----------
    system : PackedSystem
    temperature : float, K
        Where the settings leave the density to Laliberté's model.
    base : Path, optional
        Folder that paths of templates are relative to.

    Raises
    ------
    InputError
        A composition or a concentration cannot be met, a name is unknown, the box
        would be charged, or no model knows its density.
    DataFileError
        The file of a template cannot be read.
    """
    molecules, templates = _molecules(system), dict(SPECIES)
    if isinstance(system, MoleculesSystem):
        if taken := sorted(SPECIES.keys() & system.templates.keys()):
            raise InputError(
                f"`templates` must have names of their own, got {', '.join(taken)}, "
                "which brine knows; rename them."
            )
        templates |= {
            name: read_species((base or Path()) / given.path, charge=given.charge)
            for name, given in system.templates.items()
        }
    density = system.density_g_per_mL
    return with_density(
        molecules, density, temperature=temperature, templates=templates
    )


def with_density(
    molecules: dict[str, int],
    density: float | None,
    *,
    temperature: float = ROOM_TEMPERATURE,
    templates: Mapping[str, Species] = SPECIES,
) -> Contents:
    """`molecules` at `density` (g/mL), which None leaves to Laliberté's model.

    Raises
    ------
    InputError
        The model does not know them; give their density.
    """
    if density is not None:
        return Contents(molecules, density, templates)
    found = solution_density(molecules, temperature=temperature, templates=templates)
    return Contents(molecules, found.value, templates, found.extrapolations)


def _molecules(system: PackedSystem) -> dict[str, int]:
    match system:
        case CompositionSystem():
            return molecules_of(system.composition, formula_units=system.formula_units)
        case SolutionSystem() if system.mole_fraction:
            return molecules_at_mole_fraction(
                system.mole_fraction, waters=system.waters
            )
        case SolutionSystem():
            return molecules_at_molality(
                system.molality_mol_per_kg, waters=system.waters
            )
    return dict(system.molecules)
