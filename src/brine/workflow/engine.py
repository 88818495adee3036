"""Doing steps: skip what is stored, run the rest as soon as its needs are there."""

from collections.abc import Collection, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from pathlib import Path

from brine.errors import UnstableRunError
from brine.workflow.crew import Crew, local_crew, perform
from brine.workflow.events import Event, Watcher, nobody
from brine.workflow.step import Step, step_hashes
from brine.workflow.store import Store


def run_steps(
    steps: Sequence[Step],
    store: Store,
    *,
    watcher: Watcher = nobody,
    crew: AbstractContextManager[Crew] | None = None,
) -> dict[str, Path]:
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
    run = _Run(steps, store, watcher)
    if run.waiting:
        with crew or local_crew() as workers:
            run.work(workers)
    return run.folders


class _Run:
    """The state of one pass over the steps."""

    def __init__(self, steps: Sequence[Step], store: Store, watcher: Watcher) -> None:
        self.store, self.watcher = store, watcher
        self.hashes = step_hashes(steps)
        self.folders = {s.name: store.folder(s, self.hashes[s.name]) for s in steps}
        self.waiting: list[Step] = []
        for step in steps:
            if store.has(step, self.hashes[step.name]):
                watcher(Event(step.name, "found"))
            else:
                self.waiting.append(step)
        self.running: dict[Future[float], tuple[Step, int]] = {}

    def work(self, crew: Crew) -> None:
        """Do everything that waits."""
        while self.waiting or self.running:
            self._start_ready(crew)
            self._tell(crew.messages(0.1))
            done, _ = wait(self.running, timeout=0, return_when=FIRST_COMPLETED)
            for future in done:
                self._finish(future)
        self._tell(crew.messages(0.0))

    def _start_ready(self, crew: Crew) -> None:
        pending = {s.name for s in self.waiting}
        pending |= {step.name for step, _ in self.running.values()}
        for step in list(self.waiting):
            threads = min(step.threads or crew.cores, crew.cores)
            busy = sum(t for _, t in self.running.values())
            if self._blocked(step, pending):
                continue
            # Nobody overtakes a step that waits for cores: it might wait for long.
            if busy + threads > crew.cores:
                break
            self.waiting.remove(step)
            self._start(step, threads, crew)

    def _blocked(self, step: Step, pending: Collection[str]) -> bool:
        return any(name in pending for name in step.needs)

    def _start(self, step: Step, threads: int, crew: Crew) -> None:
        self.watcher(Event(step.name, "started"))
        task = {
            "inputs": dict(step.inputs),
            "folder": self.store.open(step, self.hashes[step.name]),
            "needs": {name: self.folders[name] for name in step.needs},
            "places": dict(step.places),
            "threads": threads,
        }
        future = crew.executor.submit(perform, step.name, step.action, task)
        self.running[future] = (step, threads)

    def _finish(self, future: Future[float]) -> None:
        step, _ = self.running.pop(future)
        try:
            seconds = future.result()
        except BrokenProcessPool as error:
            raise UnstableRunError(
                f"the process of step `{step.name}` was killed, perhaps for want of "
                "memory; run again to continue."
            ) from error
        self.store.commit(step, self.hashes[step.name], seconds=seconds)
        self.watcher(Event(step.name, "finished", numbers={"seconds": seconds}))

    def _tell(self, messages: Sequence[tuple[str, str, dict[str, float]]]) -> None:
        for name, task, numbers in messages:
            self.watcher(Event(name, "progress", task, numbers))
