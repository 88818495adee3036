import os
import subprocess
import sys
import threading
import time

import pytest

from brine.oracles.cores import (
    available_cores,
    one_core,
    process_on_one_core,
    side_by_side,
)


def test_results_come_in_the_order_of_the_jobs():
    def job(k):
        def run(report):
            time.sleep(0.01 * (5 - k))
            return k

        return run

    assert side_by_side([job(k) for k in range(5)], task="x", workers=3) == [*range(5)]
    assert side_by_side([], task="x") == []


def test_progress_rises_to_one():
    told = []

    def job(report):
        report("inner", {"done": 0.5, "temperature_K": 300.0})

    side_by_side(
        [job, job],
        task="outer",
        workers=1,
        report=lambda task, numbers: told.append((task, numbers["done"])),
    )

    assert told == [("outer", x) for x in (0.25, 0.5, 0.75, 1.0)]


def test_a_failure_stops_the_others_and_is_the_error_seen():
    stopped = threading.Event()

    def fails(report):
        time.sleep(0.05)
        raise ValueError("the reason")

    def endless(report):
        try:
            for _ in range(1000):
                time.sleep(0.01)
                report("x", {"done": 0.1})
        except BaseException:
            stopped.set()
            raise

    with pytest.raises(ValueError, match="the reason"):
        side_by_side([endless, fails], task="x", workers=2)
    assert stopped.is_set()


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="Linux only")
def test_a_pinned_thread_is_free_again_afterwards():
    before = os.sched_getaffinity(0)
    core = available_cores()[-1]
    with one_core(core):
        assert os.sched_getaffinity(0) == {core}
    assert os.sched_getaffinity(0) == before


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="Linux only")
def test_threads_of_earlier_work_follow_the_process_to_its_core():
    before, ends = os.sched_getaffinity(0), threading.Event()
    thread = threading.Thread(target=ends.wait)
    thread.start()
    try:
        with process_on_one_core():
            (core,) = os.sched_getaffinity(0)
            assert os.sched_getaffinity(thread.native_id) == {core}
        assert os.sched_getaffinity(thread.native_id) == before
    finally:
        ends.set()
        thread.join()


_CLAIM = """
import os, sys
from brine.oracles.cores import one_core
with one_core():
    print(*os.sched_getaffinity(0), flush=True)
    sys.stdin.read()
"""


@pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(available_cores()) < 2,
    reason="needs two cores of one's choice",
)
def test_two_processes_claim_different_cores(tmp_path):
    """And a core is free again once its process has died."""
    environment = {**os.environ, "TMPDIR": str(tmp_path)}

    def claim():
        process = subprocess.Popen(
            [sys.executable, "-c", _CLAIM],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return process, process.stdout.readline()

    first, one = claim()
    second, other = claim()
    assert one != other
    first.kill()
    first.communicate()
    third, again = claim()
    assert again == one
    for process in (second, third):
        process.kill()
        process.communicate()
