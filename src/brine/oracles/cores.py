"""Small simulations side by side, each on a core of its own.

OpenMM's CPU platform hands every force over to a worker thread. For a few hundred
atoms waking that thread on another core costs more than the force, so calculation
and worker share one core: two to three times faster, and two such runs side by side
fill two cores. Python threads are enough, as OpenMM releases the interpreter.
"""

import os
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from functools import cache
from pathlib import Path
from typing import TypeVar

from threadpoolctl import ThreadpoolController

from brine.structures.progress import Report, silent

Result = TypeVar("Result")


class StopWork(Exception):
    """Raised inside a job whose siblings have failed or were interrupted."""


@contextmanager
def one_core(core: int | None = None) -> Iterator[None]:
    """Keep this thread, and those it starts, on one core; where that is possible.

    Parameters
    ----------
    core : int or None
        None claims a core: other threads and other processes of this user that ask
        get other ones, as long as there are any.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    claim = nullcontext(core) if core in before else _claimed(sorted(before))
    # OpenMP's threads would share the core and wait for each other.
    with _openmp().limit(limits=1), claim as chosen:
        os.sched_setaffinity(0, {chosen})
        try:
            yield
        finally:
            os.sched_setaffinity(0, before)


@contextmanager
def process_on_one_core() -> Iterator[None]:
    """Keep every thread of this process, new or old, on a core claimed for it.

    OpenMM keeps some threads for all its simulations. Those that an earlier one left
    on another core would take part in every force of the next.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    with _claimed(sorted(before)) as core:
        _confine_threads({core})
        try:
            yield
        finally:
            _confine_threads(before)


def _confine_threads(cores: Iterable[int]) -> None:
    for thread in Path("/proc/self/task").iterdir():
        with suppress(OSError):  # it has ended
            os.sched_setaffinity(int(thread.name), cores)


@contextmanager
def _claimed(cores: Sequence[int]) -> Iterator[int]:
    """The first of `cores` that no one holds; the first of all where all are held.

    A claim is a lock on a file, which ends with its process.
    """
    import fcntl

    folder = Path(tempfile.gettempdir()) / f"brine-cores-{os.getuid()}"
    with ExitStack() as held:
        for core in cores:
            try:
                folder.mkdir(exist_ok=True)
                file = held.enter_context((folder / str(core)).open("w"))
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            yield core
            return
        yield cores[0]


@cache
def _openmp() -> ThreadpoolController:
    """The OpenMP libraries; their limits hold for the calling thread alone."""
    return ThreadpoolController().select(user_api="openmp")


def this_core() -> int | None:
    """The core this thread ran on last; None where the system does not tell."""
    stat = Path("/proc/thread-self/stat")
    if not stat.is_file():
        return None
    return int(stat.read_text().rsplit(")", 1)[1].split()[36])


def available_cores() -> list[int]:
    """The cores this thread may run on."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def side_by_side(
    jobs: Sequence[Callable[[Report], Result]],
    *,
    task: str,
    workers: int | None = None,
    report: Report = silent,
) -> list[Result]:
    """Results of `jobs` in their order, computed on as many cores as there are.

    Parameters
    ----------
    jobs : sequence of functions of a Report
        Each is told where to report; ``done`` of all of them is averaged.
    task : str
        Name under which progress is reported.
    workers : int or None
        None takes every core this process may use.
    report : Report
    """
    lock, stopping = threading.Lock(), threading.Event()
    done = [0.0] * len(jobs)

    def progress_of(index: int) -> Report:
        def tell(_: str, numbers: Mapping[str, float]) -> None:
            if stopping.is_set():
                raise StopWork
            with lock:
                done[index] = numbers.get("done", done[index])
                report(task, {**numbers, "done": sum(done) / len(done)})

        return tell

    def work(index: int) -> Result:
        try:
            with one_core():
                tell = progress_of(index)
                result = jobs[index](tell)
                tell(task, {"done": 1.0})
                return result
        except BaseException:
            stopping.set()
            raise

    with ThreadPoolExecutor(workers or len(available_cores())) as pool:
        futures = [pool.submit(work, k) for k in range(len(jobs))]
        try:
            return [future.result() for future in futures]
        except BaseException as error:
            stopping.set()
            pool.shutdown(cancel_futures=True)
            _raise_cause(futures, error)
            raise


def _raise_cause(futures: Sequence[object], error: BaseException) -> None:
    """The first real failure, where what we met was a sibling told to stop."""
    if not isinstance(error, StopWork):
        return
    for future in futures:
        cause = None if future.cancelled() else future.exception()  # type: ignore[attr-defined]
        if cause is not None and not isinstance(cause, StopWork):
            raise cause from None
