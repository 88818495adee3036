"""Steps of a protocol, and the hashes that name their results."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from brine.errors import InputError
from brine.structures.progress import Report, silent

DIGITS = 12
"""Hexadecimal digits of a hash in the name of a folder."""


@dataclass(frozen=True)
class Task:
    """What a step's action is given.

    Attributes
    ----------
    inputs : mapping
        The step's resolved inputs.
    places : mapping of str to str
        Where things are on this machine; they do not decide the result.
    folder : Path
        Where the result is written. What an interrupted attempt left is still here,
        if the step resumes; it is empty otherwise.
    needs : mapping of str to Path
        Folders with the results of earlier steps.
    threads : int
        Threads that the step may use.
    report : Report
    """

    inputs: Mapping[str, Any]
    folder: Path
    needs: Mapping[str, Path]
    places: Mapping[str, str] = field(default_factory=dict)
    threads: int = 1
    report: Report = silent


Action = Callable[[Task], None]


@dataclass(frozen=True)
class Step:
    """One node of a protocol.

    Attributes
    ----------
    name : str
        Unique in a plan, and readable: it names the folder.
    action : callable
        A function of a module, so that another process can call it.
    version : int
        Raised whenever the action would give another result for the same inputs.
    inputs : mapping
        Everything that decides the result and is not another step's: only what JSON
        holds.
    needs : tuple of str
        Names of the steps whose results it reads.
    places : mapping of str to str
        Where things are on this machine: not part of the hash.
    threads : int or None
        Threads that it keeps busy; None means all.
    resumes : bool
        Whether the action continues from what an interrupted attempt left.
    check : callable
        Asked before any step of a plan begins; raises where a package or a program
        that the action runs is missing.
    """

    name: str
    action: Action
    version: int
    inputs: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)
    threads: int | None = 1
    resumes: bool = False
    check: Callable[[], None] = lambda: None


def step_hashes(steps: Sequence[Step]) -> dict[str, str]:
    """SHA-256 of each step's resolved inputs, those of its needs included.

    Raises
    ------
    InputError
        A name occurs twice, or a step needs one that does not stand before it.
    """
    hashes: dict[str, str] = {}
    for step in steps:
        if step.name in hashes:
            raise InputError(f"two steps are called `{step.name}`; rename one.")
        missing = [name for name in step.needs if name not in hashes]
        if missing:
            raise InputError(f"step `{step.name}` needs `{missing[0]}` before it.")
        content = {
            "name": step.name,
            "version": step.version,
            "inputs": step.inputs,
            "needs": {name: hashes[name] for name in sorted(step.needs)},
        }
        text = json.dumps(content, sort_keys=True, allow_nan=False)
        hashes[step.name] = hashlib.sha256(text.encode()).hexdigest()
    return hashes
