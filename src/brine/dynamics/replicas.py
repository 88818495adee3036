"""Several runs side by side, each on a core of its own.

A box of a few hundred atoms has too little work for threads to share: as many runs as
there are cores, with one thread each, give more dynamics in the same time. It leaves a
GPU idle, too: there a packaged NequIP or Allegro model is asked for all boxes at once.
"""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from ase import Atoms

from brine.dynamics.interruption import Interruption
from brine.dynamics.lockstep import Lockstep, Share
from brine.dynamics.run import run_md
from brine.dynamics.settings import MDSettings
from brine.errors import InputError
from brine.potentials.potential import Potential
from brine.potentials.torch_sim import batched
from brine.structures.progress import Report, silent
from brine.structures.simulation import Simulation
from brine.threads import thread_count


@dataclass(frozen=True)
class Replica:
    """One of several runs.

    Attributes
    ----------
    atoms : ase.Atoms
    settings : MDSettings
        Of its own temperature, pressure or seed.
    out : Path or None
        As for `run_md`; no two replicas share a folder.
    """

    atoms: Atoms
    settings: MDSettings
    out: Path | None = None


def run_replicas(
    replicas: Sequence[Replica], potential: Potential, *, report: Report = silent
) -> list[Simulation]:
    """Molecular dynamics of every replica, in their order.

    Each ends with the same bits as `run_md` alone gives (to rounding, where a GPU takes
    them together), and can be killed and run again like it. Ctrl-C stops all of them at
    their next event. One replica alone has all threads.

    Parameters
    ----------
    replicas : sequence of Replica
    potential : Potential
        Asked from several threads at once.
    report : Report
        Of one replica, as from `run_md`; of several told the mean share done, and the
        sums of steps/s and ns/day.

    Raises
    ------
    InputError
        There is no replica, two write to the same folder, or one cannot start as
        asked.
    """
    _check(replicas, potential)
    if len(replicas) == 1:
        (one,) = replicas
        return [run_md(one.atoms, potential, one.settings, out=one.out, report=report)]
    told = _Together(len(replicas), report)
    periodic = all(replica.atoms.pbc.all() for replica in replicas)
    many = batched(potential) if periodic else None
    together = Lockstep(many, len(replicas)) if many else None
    with (
        Interruption() as interruption,
        ThreadPoolExecutor(len(replicas) if many else _workers(replicas)) as pool,
    ):
        running = [
            pool.submit(_run, replica, potential, together, k, told.listener(k))
            for k, replica in enumerate(replicas)
        ]
        try:
            ended, _ = wait(running, return_when=FIRST_EXCEPTION)
            for future in ended:
                future.result()
            return [future.result() for future in running]
        except BaseException:
            interruption.ask()
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _workers(replicas: Sequence[Replica]) -> int:
    return min(thread_count(), len(replicas))


def _run(
    replica: Replica,
    potential: Potential,
    together: Lockstep | None,
    number: int,
    report: Report,
) -> Simulation:
    source = Share(together, number) if together else potential
    try:
        return run_md(
            replica.atoms,
            source,
            replica.settings,
            out=replica.out,
            threads=1,
            report=report,
        )
    finally:
        if together:
            together.leave()


def _check(replicas: Sequence[Replica], potential: Potential) -> None:
    if not hasattr(potential, "evaluate"):
        raise InputError(
            "`potential` must be a potential, which several threads can ask, got "
            f"{type(potential).__name__}; use `run_md` for each replica."
        )
    if not replicas:
        raise InputError("`replicas` must hold at least one run, got none.")
    folders = [r.out.resolve() for r in replicas if r.out is not None]
    for folder in folders:
        if folders.count(folder) > 1:
            raise InputError(
                f"`replicas` must have folders of their own, but {folder} stands twice."
            )


class _Together:
    """One report of many."""

    def __init__(self, n_replicas: int, report: Report) -> None:
        self._report, self._lock = report, threading.Lock()
        self._last: list[Mapping[str, float]] = [{} for _ in range(n_replicas)]

    def listener(self, k: int) -> Report:
        """What replica `k` reports to."""

        def listen(task: str, numbers: Mapping[str, float]) -> None:
            with self._lock:
                self._last[k] = numbers
                self._report(task, self._sums())

        return listen

    def _sums(self) -> dict[str, float]:
        n_replicas = len(self._last)
        done = [last.get("done", 0.0) for last in self._last]
        running = [last for last in self._last if 0.0 < last.get("done", 0.0) < 1.0]
        sums = {
            name: sum(last.get(name, 0.0) for last in running)
            for name in ("steps_per_s", "ns_per_day")
        }
        return {"done": sum(done) / n_replicas, **sums}
