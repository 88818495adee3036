"""The house of DESIGN.md stands: imports point one way, and start-up is light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "brine"

ROOMS = (
    *("units", "errors", "threads", "processes", "settings", "structures"),
    *("datasets", "oracles"),
    *("potentials", "training", "dynamics", "observables", "validation", "learning"),
    *("reports", "workflow", "cli"),
)
"""From the ground up: a room imports only rooms before it."""

FILES = sorted(SOURCE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).with_suffix("").parts[0]


def imported_rooms(text: str) -> set[str]:
    """Rooms of brine that a module imports, anywhere in it."""
    rooms: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        parts = [name.split(".") for name in names]
        rooms |= {p[1] for p in parts if p[0] == "brine" and len(p) > 1}
    return rooms


def forbidden(room: str) -> set[str]:
    """Rooms that `room` may not import."""
    if room in ("testing", "__init__"):
        return set()
    if room == "native":
        return {*ROOMS, "testing"}
    return {*ROOMS[ROOMS.index(room) + 1 :], "testing"}


def test_every_room_is_in_the_plan():
    rooms = {room_of(path) for path in FILES}
    assert rooms - {*ROOMS, "native", "testing", "__init__"} == set()


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_point_one_way(path):
    room = room_of(path)
    wrong = imported_rooms(path.read_text(encoding="utf-8")) & forbidden(room)
    assert not wrong, f"{path.relative_to(SOURCE)} of {room} imports {sorted(wrong)}"


def test_an_import_against_the_direction_is_seen():
    text = "def f():\n    from brine.cli import main\n    import brine.workflow.step\n"
    assert imported_rooms(text) & forbidden("datasets") == {"cli", "workflow"}
    assert imported_rooms("from brine import units") == {"units"}
    assert not {"units", "structures"} & forbidden("datasets")


def test_the_command_line_starts_without_the_heavy_rooms():
    heavy = "{'scipy', 'ase', 'openmm', 'numpy', 'plotly', 'MDAnalysis', 'dpdata'}"
    script = f"import sys, brine.cli; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"


def test_settings_import_nothing_heavy():
    script = (
        "import sys, brine.settings;"
        "print(sorted({'numpy', 'scipy', 'ase', 'openmm'} & set(sys.modules)))"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_files_are_short_enough_to_hold_one_idea(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
