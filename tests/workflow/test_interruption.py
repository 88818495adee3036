"""Killed at any moment and run again, work goes on where it was."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from brine.workflow.crew import inline_crew
from brine.workflow.engine import run_steps
from brine.workflow.step import Step, step_hashes
from brine.workflow.store import Store

from . import actions

SCRIPT = """
import sys
from pathlib import Path
from brine.workflow.engine import run_steps
from brine.workflow.crew import local_crew
from brine.workflow.step import Step
from brine.workflow.store import Store
from tests.workflow import actions

if __name__ == "__main__":
    step = Step("slow", actions.slow, version=1, resumes=True)
    run_steps([step], Store(Path(sys.argv[1])), crew=local_crew(1))
"""


def start(tmp_path: Path) -> tuple[subprocess.Popen[bytes], Path]:
    """A run in another process, and the file its step writes."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    root = Path(__file__).parents[2]
    paths = [str(root), *sys.path]
    process = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        stderr=subprocess.DEVNULL,
    )
    step = Step("slow", actions.slow, version=1, resumes=True)
    partial = Store(tmp_path).partial(step, step_hashes([step])["slow"])
    return process, partial / "stages.txt"


def wait_for(path: Path, lines: int) -> list[str]:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if path.exists() and len(found := path.read_text().split()) >= lines:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{path} did not grow to {lines} lines")


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            return True
        if "\nState:\tZ" in status:
            return True
        time.sleep(0.02)
    return False


def check_continues(tmp_path: Path, before: list[str]) -> None:
    step = Step("slow", actions.slow, version=1, resumes=True)
    folder = run_steps([step], Store(tmp_path), crew=inline_crew())["slow"]
    stages = (folder / "stages.txt").read_text().split()
    assert stages[: len(before)] == before
    assert len(stages) == 10


def test_after_sigkill_no_worker_lives_on_and_the_step_continues(tmp_path):
    process, stages = start(tmp_path)
    before = wait_for(stages, 2)
    process.kill()
    process.wait()

    assert gone(int(before[0]))
    check_continues(tmp_path, before)


def test_after_ctrl_c_no_worker_lives_on_and_the_step_continues(tmp_path):
    process, stages = start(tmp_path)
    before = wait_for(stages, 2)
    process.send_signal(signal.SIGINT)
    process.wait(timeout=10)

    assert gone(int(before[0]))
    check_continues(tmp_path, before)
