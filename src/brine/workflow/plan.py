"""The steps of a protocol."""

import hashlib
import json
from pathlib import Path
from typing import Any

from brine.dynamics.lammps import find_lammps
from brine.errors import BrineError, SettingsError
from brine.oracles.aqueous_system import MARGIN
from brine.settings import (
    FileLabels,
    FileSystem,
    ForceFieldOracle,
    GroupSplit,
    ModelPotential,
    MoleculesSystem,
    NativeSettings,
    OracleLabels,
    OracleReference,
    PackedSystem,
    Protocol,
    SPCFwOracle,
    Split,
    TimeBlockSplit,
    TrajectoryReference,
)
from brine.structures.contents import Contents, contents
from brine.structures.species import SPECIES
from brine.training.families import check_installed
from brine.workflow import fitting, labelling, simulating
from brine.workflow.judging import judge_protocol
from brine.workflow.labelling import MAIN, fit_step, held_out_step
from brine.workflow.sampling import make_oracle, sampler_settings, sampling_plan
from brine.workflow.step import Step

Inputs = dict[str, Any]
MACHINE_KEYS = (
    *("ranks", "threads", "cores"),
    *("time_limit_s", "command", "potcar_library"),
)
"""Of an oracle: how it runs, not what it says."""


def plan(protocol: Protocol, base: Path) -> tuple[Step, ...]:
    """Every step from labels to the report, each after those it needs.

    Parameters
    ----------
    protocol : Protocol
    base : Path
        Folder that paths in the protocol are relative to.

    Raises
    ------
    DataFileError
        A file that the protocol names does not exist.
    SettingsError
        The box that it describes cannot be built, or the oracle cannot label it.
    """
    base = Path(base).resolve()
    protocol_steps = _Plan(_with_numbers(protocol, base), base)
    return (
        protocol_steps.labels(),
        protocol_steps.audit(),
        protocol_steps.splits(),
        protocol_steps.start(),
        *protocol_steps.fits(),
        *protocol_steps.runs(),
        *protocol_steps.oracle_runs(),
        *protocol_steps.predictions(),
        protocol_steps.verdict(),
    )


def _with_numbers(protocol: Protocol, base: Path) -> Protocol:
    """`protocol` with molecules and density in numbers, however they were given.

    Says before anything runs what a step would say later, without the key.
    """
    system, labels = protocol.system, protocol.labels
    if not isinstance(system, PackedSystem):
        return protocol
    temperature = protocol.dynamics.temperature_K
    try:
        found = contents(system, temperature=temperature, base=base)
        edge = found.edge
    except BrineError as error:
        raise SettingsError(f"`system`: {error}") from None
    if isinstance(labels, OracleLabels):
        _check_oracle(labels, found, edge)
        groups = sampling_plan(labels, found.density).groups
        _check_split("split", protocol.split, groups)
        for name, split in protocol.compare_splits.items():
            _check_split(f"compare_splits.{name}", split, groups)
    numbers = MoleculesSystem(
        molecules=found.molecules,
        density_g_per_mL=found.density,
        templates=getattr(system, "templates", {}),
    )
    return protocol.model_copy(update={"system": numbers})


def _check_oracle(labels: OracleLabels, box: Contents, edge: float) -> None:
    if strange := [name for name in box.molecules if name not in SPECIES]:
        raise SettingsError(
            f"who samples must know its molecules, {', '.join(SPECIES)}, got "
            f"{', '.join(strange)}; label other liquids from files."
        )
    make_oracle(labels.oracle, box.elements)
    _check_copies(labels, edge)
    key, sampler = "labels.oracle.cutoff_A", sampler_settings(labels)
    if sampler is not labels.oracle:
        key = "labels.sampler.cutoff_A"
        make_oracle(sampler, box.elements)
    if not isinstance(sampler, SPCFwOracle | ForceFieldOracle):
        return
    narrowest = edge / max(1.0, *labels.sampling.density_factors) ** (1 / 3)
    longest = narrowest / (2 * MARGIN)
    if sampler.cutoff_A >= longest:
        raise SettingsError(
            f"`{key}` must be below {longest:.2f}, for the narrowest box that is "
            f"simulated has an edge of {narrowest:.2f} Å, got {sampler.cutoff_A}; "
            "shorten it or take more molecules."
        )


def _check_split(key: str, split: Split, groups: tuple[str, ...]) -> None:
    """Groups that are held out are known before anything is sampled."""
    for name in split.test if isinstance(split, GroupSplit) else ():
        if name not in groups:
            raise SettingsError(
                f"`{key}.test` must name groups that `labels.sampling` makes, "
                f"{', '.join(groups)}, got {name!r}."
            )


def _check_copies(labels: OracleLabels, edge: float) -> None:
    """OpenMM labels no box narrower than two cutoffs, shrunken copies included."""
    if not isinstance(labels.oracle, ForceFieldOracle):
        return
    sampling = labels.sampling
    factors = (1.0, *sampling.molecule_factors, *sampling.cell_factors)
    widths = [edge * min(factors) / max(1.0, *sampling.density_factors) ** (1 / 3)]
    if sampling.cluster_contacts_A:
        widths.append(sampling.cluster_edge_A)
    if min(widths) <= 2 * labels.oracle.cutoff_A:
        raise SettingsError(
            f"`labels.oracle.cutoff_A` must be below {min(widths) / 2:.2f}, half the "
            f"narrowest box that is labelled, got {labels.oracle.cutoff_A}; shorten "
            "it, take more molecules, or leave out `sampling.cell_factors`."
        )


def _without_machine(oracle: Inputs) -> tuple[Inputs, Inputs]:
    """An oracle's settings that decide its labels, and those of the machine."""
    machine = {key: oracle[key] for key in MACHINE_KEYS if key in oracle}
    return {k: v for k, v in oracle.items() if k not in machine}, machine


class _Plan:
    """Writes the steps of one protocol."""

    def __init__(self, protocol: Protocol, base: Path) -> None:
        self.protocol, self.base = protocol, base
        self.places = {"base": str(base)}
        self.content: Inputs = protocol.model_dump(mode="json")
        self.splits_by_name = {MAIN: protocol.split, **protocol.compare_splits}
        self.from_oracle = not isinstance(protocol.labels, FileLabels)

    def labels(self) -> Step:
        """Labelled frames."""
        content: Inputs = dict(self.content["labels"])
        machine: Inputs = {}
        for who in ("oracle", "sampler"):
            if content.get(who):
                content[who], machine[who] = _without_machine(content[who])
        inputs: Inputs = {"labels": content}
        if isinstance(self.protocol.labels, FileLabels):
            patterns = self.protocol.labels.paths
            inputs["files"] = labelling.file_digests(patterns, self.base)
            action = labelling.read_labels
        else:
            inputs |= self._of("system", "seed")
            action = labelling.make_labels
        return Step(
            "labels",
            action,
            version=2,
            inputs=inputs,
            places=self.places | {"machine": json.dumps(machine)},
            threads=None,
            resumes=True,
        )

    def audit(self) -> Step:
        """What is wrong with them."""
        return Step("audit", labelling.audit_labels, version=3, needs=("labels",))

    def splits(self) -> Step:
        """Training and held-out frames of every split."""
        splits = {MAIN: self.content["split"], **self.content["compare_splits"]}
        inputs: Inputs = {
            "splits": splits,
            "from_oracle": self.from_oracle,
            **self._of("seed"),
        }
        for split in self.splits_by_name.values():
            if isinstance(split, TimeBlockSplit) and split.order not in (
                "as-read",
                "rebuilt",
            ):
                digests = labelling.file_digests([split.order], self.base)
                inputs.setdefault("files", {}).update(digests)
        return Step(
            "splits",
            labelling.make_splits,
            version=1,
            inputs=inputs,
            needs=("labels",),
            places=self.places,
        )

    def fits(self) -> list[Step]:
        """The potential of every split; one trained elsewhere is the same in all."""
        inputs = self._of("potential", "seed")
        if isinstance(self.protocol.potential, ModelPotential):
            path = self.protocol.potential.path
            if not (self.base / path).is_file():
                raise SettingsError(
                    f"`potential.path` must be the file of a model, got {path}, which "
                    f"is none in {self.base}."
                )
            inputs["files"] = labelling.file_digests([path], self.base)
        return [
            Step(
                fit_step(name),
                fitting.fit_potential,
                version=15,
                inputs={"split": name, **inputs},
                needs=("labels", "splits"),
                places=self.places,
                threads=None,
                resumes=True,
                check=self._check_family,
            )
            for name in self.splits_by_name
        ]

    def predictions(self) -> list[Step]:
        """Held-out frames of every split as its potential predicts them."""
        return [
            Step(
                held_out_step(name),
                fitting.predict_held_out,
                version=1,
                inputs={"split": name, "fit": fit_step(name)},
                needs=("labels", "splits", fit_step(name)),
            )
            for name in self.splits_by_name
        ]

    def start(self) -> Step:
        """The box that molecular dynamics starts from."""
        inputs = self._of("system", "seed")
        system = self.protocol.system
        if isinstance(system, FileSystem):
            inputs["files"] = labelling.file_digests([system.path], self.base)
        if isinstance(system, MoleculesSystem) and system.templates:
            paths = [template.path for template in system.templates.values()]
            inputs["files"] = labelling.file_digests(paths, self.base)
        return Step(
            "start",
            simulating.build_start,
            version=1,
            inputs=inputs,
            needs=("labels",),
            places=self.places,
        )

    def runs(self) -> list[Step]:
        """The model's molecular dynamics, longest first after equilibration."""
        equilibration = Step(
            "equilibrate",
            simulating.equilibrate,
            version=4,
            inputs={
                "dynamics": self._dynamics("equilibration_ps"),
                "seed": self._seed(0),
            },
            needs=("start", "fit"),
            threads=self.protocol.dynamics.ranks,
            resumes=True,
            check=self._check_engine,
        )
        return [equilibration, *(self._run(*run) for run in self._durations())]

    def oracle_runs(self) -> list[Step]:
        """The oracle's molecular dynamics, where it is the reference."""
        reference = self.protocol.reference
        if not isinstance(reference, OracleReference):
            return []
        return [
            Step(
                f"oracle-{ensemble}",
                simulating.simulate_oracle,
                version=4,
                inputs={
                    "oracle": self.content["labels"]["oracle"],
                    "dynamics": self._dynamics("equilibration_ps"),
                    "timestep_fs": reference.timestep_fs,
                    "ensemble": ensemble,
                    "duration_ps": reference.length * duration,
                    "seed": self._seed(10 + number),
                },
                needs=("start",),
            )
            for number, (ensemble, duration) in enumerate(self._durations())
            if ensemble in ("nvt", "npt")
        ]

    def verdict(self) -> Step:
        """Everything that was found, judged and reported."""
        runs = tuple(name for name, _ in self._durations())
        oracle = tuple(step.name for step in self.oracle_runs())
        predictions = tuple(map(held_out_step, self.splits_by_name))
        inputs = dict(self.content)
        reference = self.protocol.reference
        if isinstance(reference, TrajectoryReference):
            paths = [reference.path, *filter(None, [reference.topology])]
            inputs["files"] = labelling.file_digests(paths, self.base)
        return Step(
            "verdict",
            judge_protocol,
            version=2,
            inputs=inputs,
            needs=(
                *("labels", "audit", "splits", "fit", "equilibrate"),
                *predictions,
                *runs,
                *oracle,
            ),
            places=self.places,
        )

    def _run(self, ensemble: str, duration: float) -> Step:
        number = ("nvt", "npt", "nve", "hot").index(ensemble)
        return Step(
            ensemble,
            simulating.simulate,
            version=3,
            inputs={
                "dynamics": self._dynamics(),
                "ensemble": ensemble,
                "duration_ps": duration,
                "seed": self._seed(1 + number),
            },
            needs=("equilibrate", "fit"),
            threads=self.protocol.dynamics.ranks,
            resumes=True,
            check=self._check_engine,
        )

    def _check_family(self) -> None:
        settings = self.protocol.potential
        if not isinstance(settings, NativeSettings | ModelPotential):
            check_installed(settings.kind)

    def _check_engine(self) -> None:
        dynamics, kind = self.protocol.dynamics, self.protocol.potential.kind
        if dynamics.engine == "lammps" and kind != "model":
            find_lammps(kind, ranks=dynamics.ranks)

    def _durations(self) -> list[tuple[str, float]]:
        dynamics = self.protocol.dynamics
        durations = {
            "nvt": dynamics.nvt_ps,
            "npt": dynamics.npt_ps,
            "nve": dynamics.nve_ps,
            "hot": dynamics.hot_ps,
        }
        return [(name, duration) for name, duration in durations.items() if duration]

    def _dynamics(self, *also: str) -> Inputs:
        """The settings that a run depends on, without those of other runs."""
        others = {"nvt_ps", "npt_ps", "nve_ps", "hot_ps", "measure", "equilibration_ps"}
        content: Inputs = self.content["dynamics"]
        return {k: v for k, v in content.items() if k not in others - set(also)}

    def _of(self, *sections: str) -> Inputs:
        return {section: self.content[section] for section in sections}

    def _seed(self, number: int) -> int:
        """A seed of its own for each run, from the protocol's."""
        digest = hashlib.sha256(f"{self.protocol.seed} {number}".encode()).digest()
        return int.from_bytes(digest[:4], "big") >> 1
