"""Where energies, forces and stresses come from."""

import shlex
from typing import Annotated, Literal

from pydantic import (
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    Tag,
    field_validator,
)

from brine.settings.section import Section, choice


class SPCFwOracle(Section):
    """Flexible SPC/Fw water (10.1063/1.2136877): cheap enough to run MD itself."""

    kind: Literal["spcfw"] = "spcfw"
    cutoff_A: float = Field(default=5.5, ge=3.5, le=20.0)
    """Cutoff of the direct-space interactions; at most half the smallest box."""


class CP2KOracle(Section):
    """Density-functional theory by the program CP2K (10.1063/5.0007045)."""

    kind: Literal["cp2k"]
    functional: Literal["revPBE-D3", "PBE-D3", "BLYP-D3", "r2SCAN", "rSCAN"] = (
        "revPBE-D3"
    )
    damping: Literal["zero", "BJ"] = "zero"
    """Of D3, where the functional has it."""
    basis: Literal["DZVP-SR", "DZVP", "TZV2P"] = "DZVP-SR"
    """MOLOPT-GTH; `DZVP-SR` is eight times as fast as `DZVP`. Elements beside H, O, F
    and Cl always have `DZVP-SR`."""
    cutoff_Ry: float = Field(default=1000.0, ge=100.0, le=5000.0)
    """Of the finest grid; at 400 forces on O are 87 meV/Å from converged ones."""
    relative_cutoff_Ry: float = Field(default=60.0, ge=20.0, le=5000.0)
    scf: float = Field(default=1e-6, ge=1e-10, le=1e-4)
    """Convergence of the density matrix."""
    force_noise_meV_per_A: NonNegativeFloat | None = None
    """How far forces of this level are from converged ones (`brine converge`); reports
    show it."""
    ranks: PositiveInt = 1
    """MPI processes of one label; neither these nor threads decide a result."""
    threads: PositiveInt = 1
    """OpenMP threads of each rank."""
    time_limit_s: PositiveFloat = 3600.0
    """Of one label."""


class CommitteeOracle(Section):
    """CP2K's networks for water (10.1063/5.0016004): a known truth in a second."""

    kind: Literal["cp2k-committee"]
    members: int = Field(default=8, ge=1, le=8)
    """Networks whose mean is taken."""
    time_limit_s: PositiveFloat = 600.0
    """Of one label."""


class VASPOracle(Section):
    """Density-functional theory by the user's own VASP (10.1103/PhysRevB.54.11169)."""

    kind: Literal["vasp"]
    command: str = Field(min_length=1)
    """Such as ``mpirun -n 32 vasp_gam``."""
    potcar_library: str
    """Folder with a folder for each pseudopotential, which holds a POTCAR."""
    potcars: dict[str, str] = Field(default_factory=dict)
    """Pseudopotentials by element, where the recommended one is not wanted."""
    version: str = ""
    """Such as ``6.4``: part of the fingerprint, and checked in every OUTCAR."""
    functional: Literal["revPBE", "PBE", "RPBE", "r2SCAN"] = "revPBE"
    dispersion: Literal["none", "D3(zero)", "D3(BJ)", "D4"] = "D3(BJ)"
    cutoff_eV: float = Field(default=650.0, ge=200.0, le=2000.0)
    """500 eV and 30 % more, for labels of several volumes."""
    kpoints: tuple[PositiveInt, PositiveInt, PositiveInt] = (1, 1, 1)
    """Gamma-centred mesh."""
    scf_eV: PositiveFloat = 1e-6
    smearing_eV: PositiveFloat = 0.05
    hubbard_eV: dict[str, float] = Field(default_factory=dict)
    """Effective U of the d electrons of elements: ``{Mn: 3.9}``."""
    cores: PositiveInt = 1
    """Cores that the command keeps busy."""
    time_limit_s: PositiveFloat = 86400.0
    """Of one label."""

    @field_validator("command")
    @classmethod
    def _must_be_words(cls, command: str) -> str:
        try:
            words = shlex.split(command)
        except ValueError as error:
            raise ValueError(f"must be a command, got {command!r}: {error}.") from None
        if not words:
            raise ValueError(f"must be a command such as `vasp_gam`, got {command!r}.")
        return command


class XTBOracle(Section):
    """Tight binding by tblite: seconds a label, to rehearse a protocol."""

    kind: Literal["xtb"]
    method: Literal["GFN1-xTB", "GFN2-xTB"] = "GFN2-xTB"
    accuracy: float = Field(default=0.1, gt=0.0, le=10.0)
    """Of the self-consistent charges; smaller is tighter."""


class ForceFieldOracle(Section):
    """A force field of OpenMM for water and ions, AMOEBA among them."""

    kind: Literal["openmm"]
    files: tuple[str, ...] = Field(default=("amoeba2018.xml",), min_length=1)
    """Force-field files that OpenMM ships, or absolute paths."""
    cutoff_A: float = Field(default=7.0, ge=3.5, le=20.0)
    """Of van der Waals and direct-space electrostatic energies."""


class PythonOracle(Section):
    """Any ASE calculator that Python can import."""

    kind: Literal["calculator"]
    factory: str
    """What makes it, as ``module:function`` or ``module:Class``."""
    arguments: dict[str, str | int | float | bool] = Field(default_factory=dict)
    """Given to it by name."""
    fingerprint: str = Field(min_length=1)
    """Everything that decides its labels: model, settings, versions."""
    cores: PositiveInt = 1
    """Cores that one label keeps busy."""

    @field_validator("factory")
    @classmethod
    def _must_name_a_module(cls, factory: str) -> str:
        module, colon, name = factory.partition(":")
        if not (colon and module and name):
            raise ValueError(f"must be `module:function`, got {factory!r}.")
        return factory


Oracle = Annotated[
    Annotated[SPCFwOracle, Tag("spcfw")]
    | Annotated[CP2KOracle, Tag("cp2k")]
    | Annotated[CommitteeOracle, Tag("cp2k-committee")]
    | Annotated[VASPOracle, Tag("vasp")]
    | Annotated[XTBOracle, Tag("xtb")]
    | Annotated[ForceFieldOracle, Tag("openmm")]
    | Annotated[PythonOracle, Tag("calculator")],
    choice("spcfw"),
]


class Sampling(Section):
    """Which structures the oracle labels: densities × temperatures, and scaled ones."""

    temperatures_K: tuple[Annotated[float, Field(gt=0, le=10_000)], ...] = Field(
        default=(300.0, 400.0, 600.0), min_length=1
    )
    """Temperatures of the oracle's sampling runs."""
    density_factors: tuple[Annotated[float, Field(ge=0.1, le=5)], ...] = Field(
        default=(0.90, 0.95, 1.00, 1.05, 1.10), min_length=1
    )
    """Densities of the sampling runs, as multiples of the system's."""
    frames_per_run: PositiveInt = 20
    """Frames kept of each run; every temperature is run at every density."""
    interval_fs: PositiveFloat = 200.0
    """Time between kept frames."""
    equilibration_ps: PositiveFloat = 2.0
    """Discarded at the beginning of each run."""
    timestep_fs: float = Field(default=1.0, gt=0, le=10.0)
    molecule_factors: tuple[PositiveFloat, ...] = (0.97, 1.03)
    """Lengths, as multiples, of copies whose molecules are moved but stay rigid."""
    cell_factors: tuple[PositiveFloat, ...] = (0.92, 0.80)
    """Lengths, as multiples, of copies whose bonds scale too: they teach repulsion."""
    rattles_A: tuple[PositiveFloat, ...] = ()
    """Standard deviations of copies whose atoms are moved at random."""
    cluster_contacts_A: tuple[PositiveFloat, ...] = ()
    """Closest distances of molecules in dimers and trimers alone in a box; with any,
    every neutral cluster of up to three is labelled."""
    cluster_edge_A: float = Field(default=12.0, ge=3.0, le=200.0)
    """Of the box of a cluster."""
    pressure_bar: float | None = Field(default=None, ge=-10_000, le=1_000_000)
    """Of runs at constant pressure, from each density on; null keeps the volume."""
    ramp_K_per_ps: float = Field(default=50.0, ge=0.1, le=1e6)
    """A Born–Oppenheimer run begins at 50 K and warms up at this rate."""
    scaled_frames: int = Field(default=1, ge=0)
    """Frames of each run that are copied with each factor and each deviation."""

    @field_validator("temperatures_K", "density_factors")
    @classmethod
    def _must_differ(cls, values: tuple[float, ...]) -> tuple[float, ...]:
        twice = [value for value in values if values.count(value) > 1]
        if twice:
            raise ValueError(f"must differ, got {twice[0]:g} twice.")
        return values


class OracleLabels(Section):
    """Labels made by an oracle, on structures of molecular dynamics."""

    kind: Literal["oracle"]
    oracle: Oracle = SPCFwOracle()
    sampler: Oracle | None = None
    """Runs the dynamics, Born–Oppenheimer where it is no force field. Null: the oracle
    itself if it is one, else SPC/Fw."""
    sampling: Sampling = Sampling()


class FileLabels(Section):
    """Labels read from files."""

    kind: Literal["files"]
    paths: tuple[str, ...] = Field(min_length=1)
    """Files, folders or globs, relative to the protocol's own folder."""
    every: PositiveInt = 1
    """Keep every n-th frame of each file."""
    fingerprint: str | None = None
    """Level of theory; needed where the files do not say it and are mixed."""


Labels = Annotated[
    Annotated[OracleLabels, Tag("oracle")] | Annotated[FileLabels, Tag("files")],
    choice("files"),
]
