"""Composition and density to a periodic box of liquid."""

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from shutil import which
from typing import Final

import numpy as np
from ase import Atoms
from ase.data import atomic_masses as standard_masses
from ase.io import read, write

from brine.errors import BrineError, InputError, MissingPackageError
from brine.structures.neighbours import neighbour_pairs
from brine.structures.species import SPECIES, Species, check_neutral
from brine.units import GRAM_PER_ML

TOLERANCES: Final = (2.0, 1.8, 1.6)
"""Å between hydrogens of different molecules; the smaller ones serve dense salts."""
CLOSE_PACKING: Final = 0.45
"""Volume fraction of atoms but hydrogen beyond which Packmol need not try; spheres
alone pack at random to 0.64."""
THINNEST, THICKEST = 1e-4, 30.0
"""g/mL: steam is thicker than the one, no matter on Earth than the other."""
MOST_MOLECULES: Final = 1_000_000
PATIENCE: Final = 60.0
"""Seconds for each tolerance, and as many milliseconds more as 20 times the atoms."""
HEAVY_FACTOR: Final = 1.2
"""Distance between two other atoms over that between two hydrogens."""


def build_box(
    molecules: Mapping[str, int],
    *,
    density: float,
    rng: np.random.Generator,
    templates: Mapping[str, Species] = SPECIES,
) -> Atoms:
    """A cubic periodic box of randomly placed rigid molecules, packed by Packmol.

    Molecules are whole: none is cut by the boundary. Molecules of a kind stand
    together, in the order of `molecules`.

    Parameters
    ----------
    molecules : mapping of str to int
        How many of each, such as ``{"H2O": 64}`` or ``{"Na+": 1, "Cl-": 1,
        "H2O": 55}``.
    density : float, g/mL
    rng : numpy.random.Generator
        Seeds Packmol: the same state gives the same box.
    templates : mapping of str to Species
        What the names mean: ``SPECIES | {"ClO4-": read_species("clo4.xyz",
        charge=-1)}`` knows one more.

    Raises
    ------
    InputError
        An unknown name, a count or density that is not positive, a charged box,
        or a density at which the molecules cannot be placed.
    MissingPackageError
        Packmol is not installed.
    """
    length = box_length(molecules, density=density, templates=templates)
    species = {name: templates[name] for name in molecules}
    heavy = sum(
        count * sum(symbol != "H" for symbol in species[name].symbols)
        for name, count in molecules.items()
    )
    filled = heavy * np.pi / 6 * (HEAVY_FACTOR * TOLERANCES[-1]) ** 3 / length**3
    program = _packmol()
    seed = int(rng.integers(1, 2**31 - 1))
    for tolerance in TOLERANCES if filled < CLOSE_PACKING else ():
        atoms = _pack(program, molecules, species, (length, tolerance, seed))
        if atoms is not None:
            return atoms
    raise InputError(
        f"`density` must leave room for the molecules, got {density} g/mL for "
        f"{dict(molecules)}: Packmol cannot place them in a cube of {length:.2f} Å; "
        "lower the density."
    )


def box_length(
    molecules: Mapping[str, int],
    *,
    density: float,
    templates: Mapping[str, Species] = SPECIES,
) -> float:
    """Edge in Å of the cube that `build_box` fills.

    Raises
    ------
    InputError
        An unknown name, a count or density that is not positive, or a charged box.
    """
    _check(molecules, density)
    check_neutral(molecules, templates)
    mass = sum(
        count * standard_masses[templates[name].atoms.numbers].sum()
        for name, count in molecules.items()
    )
    return cubic_length(mass, density=density)


def cubic_length(mass: float, *, density: float) -> float:
    """Edge in Å of the cube that holds `mass` (amu) at `density` (g/mL)."""
    return float((mass / (density * GRAM_PER_ML)) ** (1 / 3))


def mass_density(atoms: Atoms) -> float:
    """Density of a periodic box in g/mL, with standard atomic masses."""
    mass = standard_masses[atoms.numbers].sum()
    return float(mass / (atoms.get_volume() * GRAM_PER_ML))


def _check(molecules: Mapping[str, int], density: float) -> None:
    if not molecules:
        raise InputError("`molecules` must name at least one molecule, got none.")
    for name, count in molecules.items():
        if int(count) != count or count < 1:
            raise InputError(
                f"the number of {name} must be a positive integer, got {count}."
            )
    if sum(molecules.values()) > MOST_MOLECULES:
        raise InputError(
            f"a box must hold at most {MOST_MOLECULES} molecules, got "
            f"{sum(molecules.values())}; build a smaller one and repeat it."
        )
    if not THINNEST <= density <= THICKEST:
        raise InputError(
            f"`density` must lie between {THINNEST} and {THICKEST} g/mL, got "
            f"{density:g}."
        )


def _packmol() -> str:
    beside = Path(sys.executable).parent / "packmol"
    found = str(beside) if beside.is_file() else which("packmol")
    if found is None:
        raise MissingPackageError(
            "building a box needs the program packmol, got none beside "
            f"{sys.executable} or on PATH; run `pip install packmol`."
        )
    return found


def _pack(
    program: str,
    molecules: Mapping[str, int],
    species: Mapping[str, Species],
    box: tuple[float, float, int],
) -> Atoms | None:
    """The packed box, None where Packmol finds no place for every molecule."""
    length, tolerance, seed = box
    lines = [
        f"tolerance {tolerance}",
        f"seed {seed}",
        f"pbc {length:.6f} {length:.6f} {length:.6f}",
        "filetype xyz",
        "output packed.xyz",
    ]
    with tempfile.TemporaryDirectory(prefix="brine-packmol-") as name:
        folder = Path(name)
        for k, (molecule, count) in enumerate(molecules.items()):
            write(folder / f"{k}.xyz", species[molecule].atoms, format="xyz")
            lines += [f"structure {k}.xyz", f"  number {count}"]
            for i, symbol in enumerate(species[molecule].symbols):
                radius = tolerance / 2 * (1 if symbol == "H" else HEAVY_FACTOR)
                lines += [f"  atoms {i + 1}", f"    radius {radius:.4f}", "  end atoms"]
            lines.append("end structure")
        (folder / "packmol.inp").write_text("\n".join(lines) + "\n")
        n_atoms = sum(n * len(species[m].symbols) for m, n in molecules.items())
        try:
            with (folder / "packmol.inp").open() as script:  # it rewinds: no pipe
                run = subprocess.run(
                    [program],
                    stdin=script,
                    cwd=folder,
                    text=True,
                    capture_output=True,
                    check=False,
                    timeout=PATIENCE + 0.02 * n_atoms,
                )
        except subprocess.TimeoutExpired:
            return None
        if not (folder / "packed.xyz").is_file():
            if list(folder.glob("*_FORCED")):
                return None
            said = (run.stderr or run.stdout).strip().splitlines()[-1:]
            raise BrineError(
                f"Packmol must run, got exit status {run.returncode} from {program}"
                f" ({' '.join(said)}); reinstall it with `pip install packmol`."
            )
        packed = read(folder / "packed.xyz", format="xyz")
    atoms = Atoms(packed.numbers, packed.positions, cell=[length] * 3, pbc=True)
    return atoms if _least_gap(atoms, molecules, species) > 0.95 * tolerance else None


def _least_gap(
    atoms: Atoms, molecules: Mapping[str, int], species: Mapping[str, Species]
) -> float:
    """Shortest distance in Å between atoms of different molecules, images included."""
    sizes = [
        len(species[name].symbols)
        for name, count in molecules.items()
        for _ in range(count)
    ]
    label = np.repeat(np.arange(len(sizes)), sizes)
    if len(label) != len(atoms):
        return 0.0
    pairs = neighbour_pairs(atoms, TOLERANCES[0])
    apart = label[pairs.centre] != label[pairs.neighbour]
    return float(pairs.distances[apart].min(initial=np.inf))
