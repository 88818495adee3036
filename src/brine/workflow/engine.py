"""Doing steps: skip what is stored, run the rest as soon as its needs are there."""

import errno
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from brine.errors import BrineError, UnstableRunError
from brine.workflow.crew import Crew, StepFailure, local_crew, perform
from brine.workflow.events import Event, Watcher, nobody
from brine.workflow.step import Step, step_hashes
from brine.workflow.store import Store

DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
Folders = dict[str, Path]
"""Of each step's result, by the step's name"""


def run_steps(
    steps: Sequence[Step],
    store: Store,
    *,
    watcher: Watcher = nobody,
    crew: AbstractContextManager[Crew] | None = None,
) -> Folders:
    """Folder of each step's result; independent steps run side by side.

    What is complete in `store` is not done again. An error or Ctrl-C ends every step
    that is running; what was complete stays, and steps that resume keep what they
    have written.

    Parameters
    ----------
    steps : sequence of Step
        Each after those it needs.
    store : Store
    watcher : callable
        Told what happens.
    crew : context manager of Crew
        Who works; processes on all cores of this machine when None.
    """
    run = _Run({"": steps}, store, watcher, stops=True)
    try:
        run.work_with(crew)
    except BrokenProcessPool as error:
        run.find_culprit(error)
    return run.folders_of("")


def run_plans(
    plans: Mapping[str, Sequence[Step]],
    store: Store,
    *,
    watcher: Watcher = nobody,
    crew: Callable[[], AbstractContextManager[Crew]] = local_crew,
) -> dict[str, Folders | Exception]:
    """Of each plan the folders of its results, or the error that stopped it.

    Steps that plans share are done once. An error, or the end of a step's process,
    stops the plans that need that step, and no other.

    Parameters
    ----------
    plans : mapping of str to sequence of Step
        By name.
    store, watcher
        As for `run_steps`.
    crew : callable
        Makes who works; anew where a process has ended.
    """
    run = _Run(plans, store, watcher, stops=False)
    while run.waiting:
        try:
            run.work_with(crew())
        except BrokenProcessPool as error:
            run.find_culprit(error)
    return {name: run.errors.get(name) or run.folders_of(name) for name in plans}


@dataclass
class _Node:
    """A step, by the digest of everything that decides its result.

    Attributes
    ----------
    step : Step
    needs : mapping of str to str
        Digests of the steps it needs, by their names.
    plans : list of str
        Those that it belongs to.
    """

    step: Step
    needs: dict[str, str]
    plans: list[str] = field(default_factory=list)

    @property
    def title(self) -> str:
        """Says whose step it is where only one of several plans has it."""
        (first, *others) = self.plans
        return self.step.name if others or not first else f"{first}: {self.step.name}"


class _Run:
    """The state of one pass over the steps of some plans."""

    def __init__(
        self,
        plans: Mapping[str, Sequence[Step]],
        store: Store,
        watcher: Watcher,
        *,
        stops: bool,
    ) -> None:
        self.store, self.watcher, self.stops = store, watcher, stops
        self.nodes: dict[str, _Node] = {}
        self.digests: dict[str, dict[str, str]] = {}
        self.errors: dict[str, Exception] = {}
        for name, steps in plans.items():
            self._add(name, steps)
        self.running: dict[Future[float], tuple[str, int]] = {}
        self.suspects: list[str] = []
        self.waiting: list[str] = []
        for digest, node in self.nodes.items():
            if store.has(node.step, digest):
                watcher(Event(node.title, "found"))
            else:
                self.waiting.append(digest)

    def folders_of(self, plan: str) -> Folders:
        """Where the results of its steps stand."""
        return {name: self._folder(d) for name, d in self.digests[plan].items()}

    def work_with(self, crew: AbstractContextManager[Crew] | None) -> None:
        """Do everything that waits, once it is known to have what it runs."""
        for digest in list(self.waiting):
            node = self.nodes[digest]
            try:
                node.step.check()
            except BrineError as error:
                self._give_up(node, error)
        if not self.waiting:
            return
        with crew or local_crew() as workers:
            while self.waiting or self.running:
                self._start_ready(workers)
                self._tell(workers.messages(0.1))
                done, _ = wait(self.running, timeout=0, return_when=FIRST_COMPLETED)
                for future in done:
                    self._finish(future)
            self._tell(workers.messages(0.0))

    def _add(self, plan: str, steps: Sequence[Step]) -> None:
        digests = self.digests[plan] = step_hashes(steps)
        for step in steps:
            needs = {name: digests[name] for name in step.needs}
            node = self.nodes.setdefault(digests[step.name], _Node(step, needs))
            node.plans.append(plan)

    def _folder(self, digest: str) -> Path:
        return self.store.folder(self.nodes[digest].step, digest)

    def _start_ready(self, crew: Crew) -> None:
        if self.suspects and self.running:
            return
        pending = {*self.waiting, *(digest for digest, _ in self.running.values())}
        for digest in list(self.waiting):
            node = self.nodes[digest]
            threads = min(node.step.threads or crew.cores, crew.cores)
            busy = sum(t for _, t in self.running.values())
            if not pending.isdisjoint(node.needs.values()):
                continue
            # Nobody overtakes a step that waits for cores: it might wait for long.
            if busy + threads > crew.cores:
                break
            self._start(digest, threads, crew)
            self.waiting.remove(digest)
            if digest in self.suspects:
                self.suspects.remove(digest)
                break

    def _start(self, digest: str, threads: int, crew: Crew) -> None:
        node = self.nodes[digest]
        self.watcher(Event(node.title, "started"))
        task = {
            "inputs": dict(node.step.inputs),
            "folder": self.store.open(node.step, digest),
            "needs": {name: self._folder(need) for name, need in node.needs.items()},
            "places": dict(node.step.places),
            "threads": threads,
        }
        future = crew.executor.submit(perform, node.title, node.step.action, task)
        self.running[future] = (digest, threads)

    def _finish(self, future: Future[float]) -> None:
        if isinstance(future.exception(), BrokenProcessPool):
            future.result()
        digest, _ = self.running.pop(future)
        node = self.nodes[digest]
        try:
            seconds = future.result()
        except (BrineError, StepFailure, OSError) as error:
            if isinstance(error, OSError) and error.errno in DISK_FULL:
                raise
            self._give_up(node, error)
            return
        self.store.commit(node.step, digest, seconds=seconds)
        self.watcher(Event(node.title, "finished", numbers={"seconds": seconds}))

    def find_culprit(self, error: BrokenProcessPool) -> None:
        """Give up the step whose process has ended; try several one by one.

        When a process ends, its pool is lost, and every step that was running.
        """
        running = [digest for digest, _ in self.running.values()]
        if not running:
            raise error
        self.running.clear()
        if len(running) > 1 and not self.stops:
            self.suspects = running
            self.waiting = [*running, *self.waiting]
            return
        node = self.nodes[running[0]]
        ended = UnstableRunError(
            f"the process of step `{node.title}` was killed, perhaps for want of "
            "memory; run again to continue."
        )
        ended.__cause__ = error
        self._give_up(node, ended)

    def _give_up(self, failed: _Node, error: Exception) -> None:
        """Stop the plans of a step that failed, and forget what only they need.

        Raises
        ------
        Exception
            `error`, where one plan's error stops everything.
        """
        if self.stops:
            raise error
        self.errors |= {plan: error for plan in failed.plans if plan not in self.errors}
        self.watcher(Event(failed.title, "failed"))
        self.waiting = [
            digest
            for digest in self.waiting
            if any(plan not in self.errors for plan in self.nodes[digest].plans)
        ]

    def _tell(self, messages: Sequence[tuple[str, str, dict[str, float]]]) -> None:
        for name, task, numbers in messages:
            self.watcher(Event(name, "progress", task, numbers))
