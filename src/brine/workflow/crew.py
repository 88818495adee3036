"""Who does the steps: an executor, the cores it has, and a way to hear from it."""

import multiprocessing
import os
import queue
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import Any

from threadpoolctl import threadpool_limits

from brine.errors import BrineError
from brine.threads import available_cores
from brine.workflow.step import Action, Task

Message = tuple[str, str, dict[str, float]]
"""Step, task, numbers."""

SECONDS_BETWEEN_MESSAGES = 0.2


class StepFailure(RuntimeError):
    """A step ended with an error that brine did not raise on purpose.

    ``args`` are one sentence and the traceback as text.
    """


@dataclass(frozen=True)
class Crew:
    """Workers for steps.

    Attributes
    ----------
    executor : concurrent.futures.Executor
    cores : int
        Sum of the threads of the steps that run at once.
    messages : callable
        ``messages(timeout)``: what the steps reported, waiting at most `timeout` s.
    """

    executor: Executor
    cores: int
    messages: Callable[[float], list[Message]]


@contextmanager
def local_crew(cores: int | None = None) -> Iterator[Crew]:
    """Processes on this machine, one for each core; they end with this one."""
    cores = cores or available_cores()
    context = multiprocessing.get_context("spawn")
    outbox = context.Queue()
    executor = ProcessPoolExecutor(
        cores, mp_context=context, initializer=_start_worker, initargs=(outbox,)
    )
    others = set(multiprocessing.active_children())
    try:
        yield Crew(executor, cores, lambda timeout: _drain(outbox, timeout))
    except BaseException:
        # All of them: one left alive would wait for work that a dead one had locked.
        for worker in set(multiprocessing.active_children()) - others:
            worker.kill()
        executor.shutdown(wait=True, cancel_futures=True)
        raise
    executor.shutdown(wait=True)


@contextmanager
def inline_crew() -> Iterator[Crew]:
    """One step after the other, in the calling process."""
    inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
    global _outbox
    before, _outbox = _outbox, inbox
    try:
        yield Crew(_Inline(), available_cores(), lambda timeout: _drain(inbox, 0.0))
    finally:
        _outbox = before


def perform(name: str, action: Action, task: Mapping[str, Any]) -> float:
    """Seconds that `action` took; it runs with its threads and reports its progress.

    Raises
    ------
    BrineError, OSError
        As the action raised them.
    StepFailure
        For any other error.
    """
    started = time.monotonic()
    threads = int(task["threads"])
    os.environ["OMP_NUM_THREADS"] = str(threads)
    # OpenMM reads this once in a process; its sums depend on it.
    os.environ["OPENMM_CPU_THREADS"] = "1"
    try:
        with threadpool_limits(threads):
            action(Task(**task, report=_reporter(name)))
    except (BrineError, OSError):
        raise
    except Exception as error:
        sentence = f"step `{name}` failed: {type(error).__name__}: {error}"
        raise StepFailure(sentence, traceback.format_exc()) from None
    return time.monotonic() - started


_outbox: Any = None


def _reporter(name: str) -> Callable[[str, Mapping[str, float]], None]:
    last = 0.0

    def report(task: str, numbers: Mapping[str, float]) -> None:
        nonlocal last
        now = time.monotonic()
        if _outbox is not None and now - last >= SECONDS_BETWEEN_MESSAGES:
            last = now
            plain = {key: float(value) for key, value in numbers.items()}
            _outbox.put((name, task, plain))

    return report


def _start_worker(outbox: Any) -> None:
    """Leave Ctrl-C to the parent, and never outlive it."""
    global _outbox
    _outbox = outbox
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _drain(inbox: Any, timeout: float) -> list[Message]:
    found: list[Message] = []
    with suppress(queue.Empty):
        found.append(inbox.get(timeout=timeout) if timeout else inbox.get_nowait())
        while True:
            found.append(inbox.get_nowait())
    return found


class _Inline(Executor):
    """An executor that does the work when it is submitted."""

    def submit(
        self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future
