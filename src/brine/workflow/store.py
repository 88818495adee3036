"""Results of steps on disk: complete or absent, never half."""

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brine.workflow.step import DIGITS, Step

RECORD = "step.json"


@dataclass(frozen=True)
class Store:
    """Folder ``steps`` of a run: one folder for each result, named by its hash.

    A step writes into ``steps/.partial``; a single rename makes the result visible.
    """

    root: Path

    def folder(self, step: Step, digest: str) -> Path:
        """Where the result of `step` stands once complete."""
        return self.root / "steps" / f"{step.name}-{digest[:DIGITS]}"

    def partial(self, step: Step, digest: str) -> Path:
        """Where the result of `step` grows."""
        return self.root / "steps" / ".partial" / f"{step.name}-{digest[:DIGITS]}"

    def has(self, step: Step, digest: str) -> bool:
        """Whether the result is there, and is what was stored."""
        folder = self.folder(step, digest)
        return damage(folder) is None and read_record(folder)["hash"] == digest

    def open(self, step: Step, digest: str) -> Path:
        """The partial folder, kept from an earlier attempt only if `step` resumes."""
        partial = self.partial(step, digest)
        if partial.exists() and not step.resumes:
            shutil.rmtree(partial)
        partial.mkdir(parents=True, exist_ok=True)
        return partial

    def commit(self, step: Step, digest: str, *, seconds: float) -> Path:
        """Make the partial folder the result, in one rename."""
        partial, folder = self.partial(step, digest), self.folder(step, digest)
        files = {
            str(path.relative_to(partial)): _checksum(path)
            for path in sorted(partial.rglob("*"))
            if path.is_file() and path.name != RECORD
        }
        record: dict[str, Any] = {
            "name": step.name,
            "version": step.version,
            "hash": digest,
            "inputs": dict(step.inputs),
            "needs": list(step.needs),
            "places": dict(step.places),
            "seconds": round(seconds, 3),
            "files": files,
        }
        write_atomically(partial / RECORD, json.dumps(record, indent=1))
        if folder.exists():
            shutil.rmtree(folder)
        partial.replace(folder)
        return folder


def read_record(folder: Path) -> dict[str, Any]:
    """How the result in `folder` came about."""
    record: dict[str, Any] = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    return record


def damage(folder: Path) -> Path | None:
    """The first file of a result that is not as it was stored; None if all are."""
    try:
        checksums: dict[str, str] = dict(read_record(folder)["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return folder / RECORD
    for name, checksum in checksums.items():
        try:
            if _checksum(folder / name) != checksum:
                return folder / name
        except OSError:
            return folder / name
    return None


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomically(path: Path, text: str) -> None:
    """Write all of `text` to `path`, or leave what was there."""
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def copy_atomically(source: Path, target: Path) -> None:
    """Copy all of `source` to `target`, or leave what was there."""
    partial = target.with_name(f".{target.name}.partial")
    shutil.copyfile(source, partial)
    partial.replace(target)
