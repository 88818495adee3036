"""Oracles made from settings, and the frames they label."""

import shlex
from collections.abc import Mapping
from importlib import import_module
from operator import attrgetter
from pathlib import Path
from typing import Any

from ase.calculators.calculator import Calculator

from brine.datasets import Dataset
from brine.errors import InputError, in_one_line
from brine.oracles import (
    CP2K,
    CalculatorOracle,
    DynamicOracle,
    OpenMMOracle,
    Oracle,
    SamplingPlan,
    SPCFw,
    sample_frames,
)
from brine.oracles.cp2k import (
    Committee,
    Damping,
    Functional,
    LevelOfTheory,
    find_program,
)
from brine.oracles.from_calculator import xtb_oracle
from brine.oracles.vasp import VASP, Potentials, VaspLevel
from brine.settings import (
    CommitteeOracle,
    CP2KOracle,
    ForceFieldOracle,
    MoleculesSystem,
    OracleLabels,
    PackedSystem,
    Protocol,
    PythonOracle,
    SPCFwOracle,
    VASPOracle,
    XTBOracle,
)
from brine.settings import Oracle as OracleSettings
from brine.structures import Report, silent
from brine.structures.contents import contents
from brine.workflow.born_oppenheimer import BornOppenheimer


def oracle_of(protocol: Protocol, base: Path) -> Oracle:
    """The oracle that labels the system of `protocol`, whose paths begin in `base`.

    Raises
    ------
    InputError
        Its labels come from files.
    MissingPackageError
        The oracle's program is not installed.
    """
    labels, system = protocol.labels, protocol.system
    if not (isinstance(labels, OracleLabels) and isinstance(system, PackedSystem)):
        raise InputError(
            f"the protocol must have `labels.kind` `oracle`, got `{labels.kind}`; "
            "give one whose labels an oracle makes."
        )
    return make_oracle(labels.oracle, contents(system, base=base).elements)


def make_oracle(settings: OracleSettings, elements: tuple[str, ...]) -> Oracle:
    """The oracle that `settings` ask for, of structures with `elements`.

    Raises
    ------
    MissingPackageError
        Its program is not installed.
    """
    match settings:
        case SPCFwOracle():
            return SPCFw(cutoff=settings.cutoff_A)
        case ForceFieldOracle():
            return OpenMMOracle(settings.files, settings.cutoff_A)
        case XTBOracle():
            return xtb_oracle(settings.method, accuracy=settings.accuracy)
        case CommitteeOracle():
            committee = Committee(settings.members)
            committee.check(elements)
            return CP2K(committee, find_program(), settings.time_limit_s)
        case PythonOracle():
            return _from_python(settings)
        case VASPOracle():
            return _vasp(settings, elements)
    return _cp2k(settings)


def _from_python(settings: PythonOracle) -> CalculatorOracle:
    """Whatever a user's own code does wrong is one sentence about its name."""

    def make() -> Calculator:
        module, _, name = settings.factory.partition(":")
        try:
            made = attrgetter(name)(import_module(module))(**settings.arguments)
        except (Exception, SystemExit) as error:
            raise InputError(
                f"the oracle's `factory` {settings.factory} must make an ASE "
                f"calculator of its `arguments`, and says {type(error).__name__}: "
                f"{in_one_line(error)}; correct the name, the arguments or the code."
            ) from None
        if isinstance(made, type) or not hasattr(made, "get_property"):
            raise InputError(
                f"the oracle's `factory` {settings.factory} must make an ASE "
                f"calculator, got {made!r}; return an instance of one."
            )
        missing = {"energy", "forces", "stress"} - set(made.implemented_properties)
        if missing:
            raise InputError(
                f"the oracle's `factory` {settings.factory} must make a calculator of "
                f"energy, forces and stress, got none of {', '.join(sorted(missing))}; "
                "take another one."
            )
        return made

    make()
    return CalculatorOracle(
        make, fingerprint=settings.fingerprint, cores=settings.cores
    )


def _vasp(settings: VASPOracle, elements: tuple[str, ...]) -> VASP:
    level = VaspLevel(
        functional=settings.functional,
        dispersion=settings.dispersion,
        cutoff=settings.cutoff_eV,
        kpoints=settings.kpoints,
        scf=settings.scf_eV,
        smearing=settings.smearing_eV,
        hubbard=tuple(settings.hubbard_eV.items()),
    )
    library = Path(settings.potcar_library).expanduser()
    oracle = VASP(
        Potentials(library, settings.potcars),
        tuple(shlex.split(settings.command)),
        elements,
        level,
        version=settings.version,
        cores=settings.cores,
        time_limit=settings.time_limit_s,
    )
    _ = oracle.fingerprint  # a pseudopotential that is missing is named now
    return oracle


def _cp2k(settings: CP2KOracle) -> CP2K:
    level = LevelOfTheory(
        functional=Functional(settings.functional),
        damping=Damping(settings.damping),
        basis=settings.basis,
        cutoff=settings.cutoff_Ry,
        relative_cutoff=settings.relative_cutoff_Ry,
        scf=settings.scf,
    )
    program = find_program(ranks=settings.ranks, threads=settings.threads)
    noise = settings.force_noise_meV_per_A
    return CP2K(
        level,
        program,
        settings.time_limit_s,
        force_noise=None if noise is None else 1e-3 * noise,
    )


def make_sampler(
    labels: OracleLabels, elements: tuple[str, ...], *, runs: Path | None = None
) -> DynamicOracle:
    """The oracle that runs the dynamics of `labels`.

    Born–Oppenheimer runs are stored in the folder `runs`, where they go on.
    """
    oracle = make_oracle(sampler_settings(labels), elements)
    if isinstance(oracle, DynamicOracle):
        return oracle
    return BornOppenheimer(oracle, runs, ramp=1e-3 * labels.sampling.ramp_K_per_ps)


def sampler_settings(labels: OracleLabels) -> OracleSettings:
    """Who runs the dynamics of `labels`."""
    if labels.sampler is not None:
        return labels.sampler
    is_force_field = isinstance(labels.oracle, SPCFwOracle | ForceFieldOracle)
    return labels.oracle if is_force_field else SPCFwOracle()


def labelled_by_oracle(
    settings: OracleLabels,
    inputs: Mapping[str, Any],
    *,
    workers: int = 1,
    kept: Path | None = None,
    runs: Path | None = None,
    report: Report = silent,
) -> Dataset:
    """Frames sampled and labelled for ``inputs["system"]`` from ``inputs["seed"]``.

    Labels are kept in the folder `kept` as soon as they are made, and Born–Oppenheimer
    runs in the folder `runs`.
    """
    box = contents(MoleculesSystem.model_validate(inputs["system"]))
    return sample_frames(
        make_sampler(settings, box.elements, runs=runs),
        box.molecules,
        plan=sampling_plan(settings, box.density),
        seed=inputs["seed"],
        labeller=make_oracle(settings.oracle, box.elements),
        kept=kept,
        workers=workers,
        report=report,
    )


def sampling_plan(settings: OracleLabels, density: float) -> SamplingPlan:
    """What ``labels.sampling`` says, for a liquid of `density` g/mL."""
    sampling = settings.sampling
    return SamplingPlan(
        density=density,
        density_factors=sampling.density_factors,
        temperatures=sampling.temperatures_K,
        frames_per_run=sampling.frames_per_run,
        interval=sampling.interval_fs,
        equilibration=1e3 * sampling.equilibration_ps,
        timestep=sampling.timestep_fs,
        pressure=sampling.pressure_bar,
        molecule_factors=sampling.molecule_factors,
        cell_factors=sampling.cell_factors,
        rattles=sampling.rattles_A,
        scaled_frames=sampling.scaled_frames,
        cluster_contacts=sampling.cluster_contacts_A,
        cluster_edge=sampling.cluster_edge_A,
    )
