"""A sweep: many members on the same data, dynamics and verdict."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

from brine.datasets import load_dataset
from brine.errors import BrineError, MissingPackageError
from brine.reports import MemberResult, SweepResult, write_sweep_report
from brine.settings import Protocol, Range, SweepProtocol, dump_protocol
from brine.settings.sweep import Overlay, combination, laid_over, overlays
from brine.training import HeldOutErrors, held_out_errors
from brine.workflow.crew import StepFailure, local_crew
from brine.workflow.engine import Folders, run_plans
from brine.workflow.events import Watcher, nobody
from brine.workflow.fitting import read_predictions
from brine.workflow.judging import REPORT
from brine.workflow.labelling import (
    DATASET,
    MAIN,
    fit_step,
    held_out_step,
    read_splits,
)
from brine.workflow.lock import locked
from brine.workflow.plan import plan
from brine.workflow.protocol_run import RESOLVED, publish
from brine.workflow.simulating import POTENTIAL, read_simulation
from brine.workflow.step import Step
from brine.workflow.store import (
    Store,
    copy_atomically,
    read_record,
    write_atomically,
)

RESULT: Final = "sweep.json"
MEMBERS: Final = "members"
TRAINING_STEPS: Final = ("labels", "splits", fit_step(MAIN), held_out_step(MAIN))
"""Of a plan: as far as held-out errors."""


def run_sweep(
    sweep: SweepProtocol,
    out: str | Path,
    *,
    base: str | Path = ".",
    cores: int | None = None,
    watcher: Watcher = nobody,
) -> SweepResult:
    """What became of every member of `sweep`; a member that fails stops no other.

    Steps that members share are done once. Run it again after any interruption: what
    is complete is not done again, and members that failed are tried once more.

    Parameters
    ----------
    sweep : SweepProtocol
    out : path
        Folder for ``sweep.json``, ``report.html``, the steps, and in ``members`` a
        folder for each with its verdict, report and potential.
    base : path
        Folder that paths in the protocol are relative to.
    cores : int or None
        Cores to use; all when None.
    watcher : callable
        Told what happens.

    Raises
    ------
    BrineError
        What all members share cannot be used.
    """
    out = Path(out)
    with locked(out):
        run = _Sweep(sweep, out, Path(base), cores, watcher)
        result = SweepResult(sweep.name, tuple(run.results()))
        text = json.dumps(_plain(asdict(result)), indent=1, ensure_ascii=False)
        write_atomically(out / RESULT, text)
        write_sweep_report(out / REPORT, result)
    return result


@dataclass
class _Sweep:
    """One run of a sweep."""

    sweep: SweepProtocol
    out: Path
    base: Path
    cores: int | None
    watcher: Watcher
    candidates: dict[str, Overlay] = field(default_factory=dict)
    """All members, by name"""
    ended: dict[str, MemberResult] = field(default_factory=dict)
    """Members that went as far as they go, by name"""

    def results(self) -> list[MemberResult]:
        """Of all members, in the order in which they were named."""
        settings = self.sweep.sweep
        if settings.optuna:
            scores = self._search()
        else:
            self.candidates = overlays(settings, self.sweep.seed)
            scores = dict.fromkeys(self.candidates, math.nan)
            if settings.first_rung is not None:
                scores = self._first_rung(self.candidates)
        chosen = self._survivors(scores)
        protocols = self._protocols({name: self.candidates[name] for name in chosen})
        found = self._run({n: plan(p, self.base) for n, p in protocols.items()})
        for name, folders in found.items():
            self.ended[name] = self._judged(name, protocols[name], folders)
        return [self.ended[name] for name in self.candidates]

    def _first_rung(self, candidates: Mapping[str, Overlay]) -> dict[str, float]:
        """Held-out force errors after a short training, meV/Å."""
        rung = self.sweep.sweep.first_rung
        short = rung.overlay if rung else {}
        protocols = self._protocols(
            {name: laid_over(overlay, short) for name, overlay in candidates.items()}
        )
        plans = {
            f"first rung of {name}": _training_plan(protocol, self.base)
            for name, protocol in protocols.items()
        }
        found = self._run(plans, names=dict(zip(plans, protocols, strict=True)))
        return {name: _force_error(folders) for name, folders in found.items()}

    def _search(self) -> dict[str, float]:
        """Candidates that Optuna proposes, one after the other, and their errors."""
        try:
            import optuna
        except ImportError:
            raise MissingPackageError(
                "`sweep.optuna` needs the package optuna, got none; run "
                "`pip install optuna`, or use `sweep.random`."
            ) from None
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        sampler = optuna.samplers.TPESampler(seed=self.sweep.seed)
        study = optuna.create_study(sampler=sampler)
        scores: dict[str, float] = {}
        for _ in range(self.sweep.sweep.trials):
            trial = study.ask()
            values = {
                key: _suggested(trial, key, space)
                for key, space in self.sweep.sweep.optuna.items()
            }
            name, overlay = combination(values)
            if name not in self.candidates:
                self.candidates[name] = overlay
                scores |= self._first_rung({name: overlay})
            if name in scores:
                study.tell(trial, scores[name])
            else:
                study.tell(trial, state=optuna.trial.TrialState.FAIL)
        return scores

    def _survivors(self, scores: Mapping[str, float]) -> list[str]:
        """Who is trained in full; the others end here."""
        alive = [name for name in scores if name not in self.ended]
        rung = self.sweep.sweep.first_rung
        if rung is None:
            return alive
        best = sorted(alive, key=lambda name: scores[name])
        for name in best[rung.keep :]:
            self.ended[name] = MemberResult(
                name,
                self.candidates[name],
                "pruned",
                cause=f"not among the best {rung.keep} after the first rung",
                force_error=scores[name],
            )
        return [name for name in alive if name not in self.ended]

    def _protocols(self, candidates: Mapping[str, Overlay]) -> dict[str, Protocol]:
        """Of each candidate; one that cannot be is recorded."""
        found = {}
        for name, overlay in candidates.items():
            try:
                found[name] = self.sweep.member(overlay)
                plan(found[name], self.base)
            except BrineError as error:
                found.pop(name, None)
                self._fail(name, error)
        return found

    def _run(
        self,
        plans: Mapping[str, tuple[Step, ...]],
        names: Mapping[str, str] | None = None,
    ) -> dict[str, Folders]:
        """Folders of the plans that ended well, by the names of their members."""
        found = {}
        outcomes = run_plans(
            plans,
            Store(self.out),
            watcher=self.watcher,
            crew=partial(local_crew, self.cores),
        )
        for title, outcome in outcomes.items():
            name = names[title] if names else title
            if isinstance(outcome, Exception):
                self._fail(name, outcome)
            else:
                found[name] = outcome
        return found

    def _fail(self, name: str, error: Exception) -> None:
        cause = str(error.args[0] if isinstance(error, StepFailure) else error)
        overlay = self.candidates[name]
        self.ended[name] = MemberResult(name, overlay, "failed", cause=cause)

    def _judged(self, name: str, protocol: Protocol, folders: Folders) -> MemberResult:
        """Copy a member's results to its folder, and sum them up."""
        folder = self.out / MEMBERS / name
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / RESOLVED, dump_protocol(protocol))
        copy_atomically(folders[fit_step(MAIN)] / POTENTIAL, folder / POTENTIAL)
        verdict = publish(folders["verdict"], folder)
        errors = _errors(folders)
        state: Literal["accepted", "not accepted"] = (
            "accepted" if verdict.accepted else "not accepted"
        )
        return MemberResult(
            name,
            self.candidates[name],
            state,
            cause="; ".join(gate.name for gate in verdict.blocking),
            force_error=errors.forces.rmse if errors.forces else math.nan,
            energy_error=errors.energy.rmse_centred if errors.energy else math.nan,
            gates={gate.name: gate.status.value for gate in verdict.gates},
            values={
                gate.name: (gate.value, gate.error, gate.unit)
                for gate in verdict.gates
                if gate.value is not None
            },
            training_seconds=float(read_record(folders[fit_step(MAIN)])["seconds"]),
            step_cost=_longest_run_cost(protocol, folders),
        )


def _training_plan(protocol: Protocol, base: Path) -> tuple[Step, ...]:
    return tuple(step for step in plan(protocol, base) if step.name in TRAINING_STEPS)


def _errors(folders: Folders) -> HeldOutErrors:
    dataset = load_dataset(folders["labels"] / DATASET)
    split = read_splits(folders["splits"])[MAIN]
    predicted = read_predictions(folders[held_out_step(MAIN)])
    return held_out_errors(dataset.select(split.test), predicted)


def _force_error(folders: Folders) -> float:
    errors = _errors(folders)
    return errors.forces.rmse if errors.forces else math.inf


def _longest_run_cost(protocol: Protocol, folders: Folders) -> float:
    runs = [name for name in ("nvt", "npt", "nve") if name in folders]
    if not runs:
        return math.nan
    simulation = read_simulation(folders[runs[0]])
    return step_cost(
        simulation.ns_per_day,
        protocol.dynamics.timestep_fs,
        len(simulation.trajectory.numbers),
    )


def step_cost(ns_per_day: float, timestep: float, n_atoms: int) -> float:
    """µs for each atom and step of `timestep` fs."""
    steps_per_s = ns_per_day * 1e6 / timestep / 86400
    return 1e6 / steps_per_s / n_atoms


def _suggested(trial: Any, key: str, space: list[Any] | Range) -> Any:
    if not isinstance(space, Range):
        return trial.suggest_categorical(key, space)
    log = space.scale == "log"
    if space.numbers == "whole":
        return trial.suggest_int(key, round(space.low), round(space.high), log=log)
    return trial.suggest_float(key, space.low, space.high, log=log)


def _plain(value: Any) -> Any:
    """`value` with None for numbers that JSON cannot hold."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
