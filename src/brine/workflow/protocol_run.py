"""A whole protocol: from one file to a verdict."""

import json
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory

from threadpoolctl import threadpool_limits

from brine.datasets import Dataset, load_dataset, write_dataset
from brine.errors import InputError
from brine.settings import Protocol, dump_protocol
from brine.structures import Report, silent
from brine.validation import Verdict
from brine.workflow.crew import Crew, local_crew
from brine.workflow.engine import run_steps
from brine.workflow.events import Watcher, nobody
from brine.workflow.judging import OBSERVABLES, REPORT, VERDICT, judge_protocol
from brine.workflow.labelling import DATASET
from brine.workflow.lock import locked
from brine.workflow.plan import plan
from brine.workflow.simulating import POTENTIAL
from brine.workflow.step import Task
from brine.workflow.store import (
    Store,
    copy_atomically,
    damage,
    read_record,
    write_atomically,
)

LABELS = "labels.extxyz"
RESOLVED = "protocol.resolved.yaml"
CURRENT = "current.json"
"""Which stored results belong to the protocol as it was last run."""


def run_protocol(
    protocol: Protocol,
    out: str | Path,
    *,
    base: str | Path = ".",
    cores: int | None = None,
    watcher: Watcher = nobody,
    crew: AbstractContextManager[Crew] | None = None,
) -> Verdict:
    """The verdict on `protocol`; everything made on the way stays in `out`.

    Run it again after any interruption: steps that are complete are not done again,
    and molecular dynamics goes on from its last checkpoint.

    Parameters
    ----------
    protocol : Protocol
    out : path
        Folder for ``verdict.json``, ``report.html``, ``potential.brine``,
        ``observables.json``, ``protocol.resolved.yaml`` and the steps.
    base : path
        Folder that paths in the protocol are relative to.
    cores : int or None
        Cores to use; all when None.
    watcher : callable
        Told what happens.
    crew : context manager of Crew
        Who works, instead of processes on this machine.

    Raises
    ------
    BrineError
        Something in the protocol or its data cannot be used.
    """
    out = Path(out)
    steps = plan(protocol, Path(base))
    with locked(out):
        write_atomically(out / RESOLVED, dump_protocol(protocol))
        folders = run_steps(
            steps, Store(out), watcher=watcher, crew=crew or local_crew(cores)
        )
        current = {name: folder.name for name, folder in folders.items()}
        write_atomically(out / "steps" / CURRENT, json.dumps(current, indent=1))
        copy_atomically(folders["fit"] / POTENTIAL, out / POTENTIAL)
        return publish(folders["verdict"], out)


def label_protocol(
    protocol: Protocol,
    out: str | Path,
    *,
    base: str | Path = ".",
    cores: int | None = None,
    watcher: Watcher = nobody,
) -> Dataset:
    """The labelled frames of `protocol`, which also stand in ``labels.extxyz``.

    Run it again after an interruption: no label is made twice. `run_protocol` on the
    same `out` goes on from these labels.

    Parameters
    ----------
    protocol : Protocol
    out, base, cores, watcher
        As for `run_protocol`.

    Raises
    ------
    BrineError
        Something in the protocol or its data cannot be used.
    """
    out = Path(out)
    first = plan(protocol, Path(base))[:1]
    with locked(out):
        (folder,) = run_steps(
            first, Store(out), watcher=watcher, crew=local_crew(cores)
        ).values()
        dataset = load_dataset(folder / DATASET)
        partial = out / f".partial-{LABELS}"
        write_dataset(dataset, partial)
        partial.replace(out / LABELS)
    return dataset


def rewrite_report(out: str | Path, *, report: Report = silent) -> Verdict:
    """The verdict and the report of a finished run, made anew from its results.

    Raises
    ------
    InputError
        No run has finished in `out`, or a result of it is damaged.
    """
    out = Path(out)
    folders = _current(out)
    record = read_record(folders["verdict"])
    with locked(out), TemporaryDirectory(dir=out) as folder:
        task = Task(
            inputs=record["inputs"],
            folder=Path(folder),
            needs=folders,
            places=record["places"],
            report=report,
        )
        # One thread, as in the step: sums in another order would differ.
        with threadpool_limits(task.threads):
            judge_protocol(task)
        return publish(Path(folder), out)


def _current(out: Path) -> dict[str, Path]:
    """Where each step's result stands, every one of them as it was stored."""
    listed = out / "steps" / CURRENT
    try:
        names = json.loads(listed.read_text(encoding="utf-8"))
        folders = {str(name): out / "steps" / folder for name, folder in names.items()}
        wrong = None if "verdict" in folders else listed
    except OSError:
        raise InputError(
            f"{out} holds no finished run; `brine run PROTOCOL --out {out}` makes one."
        ) from None
    except (ValueError, AttributeError, TypeError):
        wrong, folders = listed, {}
    for folder in folders.values():
        wrong = wrong or damage(folder)
    if wrong is not None:
        raise InputError(
            f"{wrong} is damaged or missing; `brine run PROTOCOL --out {out}` makes it "
            "again."
        )
    return folders


def publish(folder: Path, out: Path) -> Verdict:
    """Copy the results of the last step to where people look; the verdict last."""
    for name in (OBSERVABLES, REPORT, VERDICT):
        copy_atomically(folder / name, out / name)
    return Verdict.from_json((out / VERDICT).read_text(encoding="utf-8"))
