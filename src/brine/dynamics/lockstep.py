"""Runs that ask one model together, for as long as each of them runs."""

import threading
from collections.abc import Callable, Sequence

from ase import Atoms

from brine.potentials.potential import Evaluation


class Lockstep:
    """The forces of several runs in one call, step by step.

    Each run asks in a thread of its own, and waits until all that still run have asked.

    Parameters
    ----------
    evaluate : callable
        Of a sequence of structures.
    n_runs : int
    """

    def __init__(
        self, evaluate: Callable[[Sequence[Atoms]], Sequence[Evaluation]], n_runs: int
    ) -> None:
        self._evaluate, self._running = evaluate, n_runs
        self._asked: dict[int, Atoms] = {}
        self._answers: dict[int, Evaluation | BaseException] = {}
        self._changed = threading.Condition()

    def ask(self, run: int, atoms: Atoms) -> Evaluation:
        """What the model says of `atoms`, which are those of `run` now.

        Raises
        ------
        Exception
            That the model raised, in every run that had asked.
        """
        with self._changed:
            self._asked[run] = atoms
            self._answer_if_complete()
            self._changed.wait_for(lambda: run in self._answers)
            answer = self._answers.pop(run)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def leave(self) -> None:
        """A run asks no more; the others do not wait for it."""
        with self._changed:
            self._running -= 1
            self._answer_if_complete()

    def _answer_if_complete(self) -> None:
        if not self._asked or len(self._asked) < self._running:
            return
        runs, structures = zip(*sorted(self._asked.items()), strict=True)
        self._asked = {}
        try:
            self._answers |= dict(zip(runs, self._evaluate(structures), strict=True))
        except BaseException as error:
            self._answers |= dict.fromkeys(runs, error)
        self._changed.notify_all()


class Share:
    """One run's part in a `Lockstep`, as a source of forces."""

    def __init__(self, together: Lockstep, run: int) -> None:
        self._together, self._run = together, run

    def evaluate(self, atoms: Atoms) -> Evaluation:
        """Energy, forces and stress of `atoms`, once all runs have asked."""
        return self._together.ask(self._run, atoms)
