"""A trainer runs as a child, tells its progress, and does not outlive its parent."""

import os
import signal
import subprocess
import sys
import time

import pytest

from brine.errors import BrineError
from brine.processes import run_child


def run(tmp_path, code: str, watch=lambda: None, **environment: str) -> str:
    log = tmp_path / "log.txt"
    run_child(
        [sys.executable, "-c", code],
        tmp_path,
        name="a trainer",
        log=log,
        environment=environment,
        watch=watch,
    )
    return log.read_text()


def test_it_runs_in_its_folder_with_its_environment(tmp_path):
    code = "import os; print(os.getcwd(), os.environ['OF_THIS'])"
    assert run(tmp_path, code, OF_THIS="test").split() == [str(tmp_path), "test"]


def test_it_is_watched_until_it_ends(tmp_path):
    looks = []
    run(tmp_path, "import time; time.sleep(1.3)", lambda: looks.append(time.time()))
    assert len(looks) >= 3


def test_the_last_error_of_its_log_is_repeated(tmp_path):
    code = "print('ImportWarning: x'); print('many words'); 1 / 0"
    with pytest.raises(BrineError, match=r"exit code 1; it says: ZeroDivisionError"):
        run(tmp_path, code)


def test_a_killed_one_is_named_by_its_signal(tmp_path):
    code = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    with pytest.raises(BrineError, match=r"a trainer must end .* got signal 9"):
        run(tmp_path, code)


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux to end the child")
def test_it_dies_with_a_parent_that_is_killed(tmp_path):
    code = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(60)"
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys\n"
            "from pathlib import Path\n"
            "from brine.processes import run_child\n"
            "here = Path(sys.argv[1])\n"
            "run_child([sys.executable, '-c', sys.argv[2]], here, name='x',\n"
            "          log=here / 'log', environment={}, watch=lambda: None)\n",
            str(tmp_path),
            code,
        ]
    )
    pid = tmp_path / "pid"
    _wait_until(lambda: pid.exists() and pid.read_text())
    child = int(pid.read_text())
    assert _alive(child)

    parent.send_signal(signal.SIGKILL)
    parent.wait()

    _wait_until(lambda: not _alive(child))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as file:
        return file.read().split()[2] != "Z"


def _wait_until(true, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
