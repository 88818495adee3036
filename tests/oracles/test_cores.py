import os
import threading
import time

import pytest

from brine.oracles.cores import available_cores, one_core, side_by_side


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
