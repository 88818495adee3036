"""Steps are done once, and only again when something they depend on changed."""

import errno
import json
import os
import signal
from dataclasses import replace
from functools import partial

import pytest

from brine.datasets import save_dataset
from brine.errors import (
    BrineError,
    InputError,
    MissingPackageError,
    UnstableRunError,
)
from brine.workflow.crew import StepFailure, inline_crew, local_crew
from brine.workflow.engine import run_plans, run_steps
from brine.workflow.events import Event
from brine.workflow.labelling import file_digests, make_splits
from brine.workflow.lock import locked
from brine.workflow.step import Step, Task, step_hashes
from brine.workflow.store import Store
from tests.potentials.training_frames import water_like_frames

from . import actions


def chain(label: int = 1, fit: int = 2, verdict: int = 3) -> list[Step]:
    """Three steps, each after the last, and one beside them."""

    def step(name, number, needs=()):
        inputs = {"label": name, "number": number}
        return Step(name, actions.count, version=1, inputs=inputs, needs=needs)

    return [
        step("label", label),
        step("fit", fit, ("label",)),
        step("scan", 10, ("fit",)),
        step("verdict", verdict, ("fit", "scan")),
    ]


def run(tmp_path, steps, watcher=lambda event: None):
    return run_steps(steps, Store(tmp_path), crew=inline_crew(), watcher=watcher)


def calls(tmp_path) -> list[str]:
    found = (tmp_path / "calls.txt").read_text().split()
    (tmp_path / "calls.txt").write_text("")
    return found


def test_every_step_is_done_once_after_its_needs(tmp_path):
    folders = run(tmp_path, chain())

    assert calls(tmp_path) == ["label", "fit", "scan", "verdict"]
    assert (folders["verdict"] / "total.txt").read_text() == str(3 + 3 + 13)


def test_a_step_that_wants_every_core_is_not_overtaken(tmp_path):
    slow = Step("slow", actions.slow, version=1)
    wide, small = (
        Step(name, actions.count, 1, {"label": name, "number": 1}, threads=threads)
        for name, threads in (("wide", None), ("small", 1))
    )
    events: list[Event] = []
    steps = [slow, wide, small]
    run_steps(steps, Store(tmp_path), crew=local_crew(2), watcher=events.append)
    started = [event.step for event in events if event.kind == "started"]
    assert started == ["slow", "wide", "small"]


def absent() -> None:
    raise MissingPackageError("a step needs a package, got none.")


def test_what_is_missing_is_said_before_the_first_step(tmp_path):
    steps = chain()
    steps[3] = replace(steps[3], check=absent)
    with pytest.raises(MissingPackageError):
        run(tmp_path, steps)
    assert not (tmp_path / "calls.txt").exists()


def test_what_one_plan_misses_stops_no_other(tmp_path):
    lacking = [*chain()[:1], replace(chain(fit=5)[1], check=absent)]
    found = run_plans(
        {"lacking": lacking, "whole": chain()}, Store(tmp_path), crew=inline_crew
    )
    assert isinstance(found["lacking"], MissingPackageError)
    assert set(found["whole"]) == {"label", "fit", "scan", "verdict"}


def test_a_stored_result_needs_no_package(tmp_path):
    first = run(tmp_path, chain())
    lacking = [replace(step, check=absent) for step in chain()]
    assert run(tmp_path, lacking) == first


def test_a_second_run_does_nothing(tmp_path):
    first = run(tmp_path, chain())
    calls(tmp_path)
    events: list[Event] = []

    assert run(tmp_path, chain(), events.append) == first
    assert calls(tmp_path) == []
    assert [event.kind for event in events] == ["found"] * 4


def test_changing_a_late_setting_reruns_only_what_depends_on_it(tmp_path):
    run(tmp_path, chain())
    calls(tmp_path)

    run(tmp_path, chain(verdict=4))
    assert calls(tmp_path) == ["verdict"]
    run(tmp_path, chain(fit=5))
    assert calls(tmp_path) == ["fit", "scan", "verdict"]
    run(tmp_path, chain())
    assert calls(tmp_path) == []


def test_a_new_version_of_a_step_has_another_hash():
    old, new = chain(), chain()
    new[1] = Step(
        "fit", actions.count, version=2, inputs=old[1].inputs, needs=("label",)
    )

    before, after = step_hashes(old), step_hashes(new)

    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"fit", "scan", "verdict"}


def test_the_order_of_keys_does_not_change_a_hash():
    one = Step("a", actions.count, version=1, inputs={"x": 1, "y": 2})
    other = Step("a", actions.count, version=1, inputs={"y": 2, "x": 1})

    assert step_hashes([one]) == step_hashes([other])


def test_a_step_without_its_needs_before_it_is_refused():
    with pytest.raises(InputError, match="needs `label`"):
        step_hashes(chain()[1:])


def test_a_damaged_result_is_made_again(tmp_path):
    """Even one of the same size."""
    folders = run(tmp_path, chain())
    calls(tmp_path)
    path = folders["scan"] / "total.txt"
    path.write_bytes(bytes(byte ^ 1 for byte in path.read_bytes()))

    run(tmp_path, chain())

    assert calls(tmp_path) == ["scan"]


def test_half_a_result_is_never_seen_and_never_reused(tmp_path):
    step = Step("half", actions.half, version=1)
    for _ in range(2):
        with pytest.raises(InputError, match="halfway"):
            run(tmp_path, [step])
    assert not Store(tmp_path).has(step, step_hashes([step])["half"])
    assert [p.name for p in (tmp_path / "steps").iterdir()] == [".partial"]


def test_the_record_says_what_made_a_result(tmp_path):
    folder = run(tmp_path, chain())["fit"]

    record = json.loads((folder / "step.json").read_text())

    assert record["inputs"] == {"label": "fit", "number": 2}
    assert record["needs"] == ["label"]
    assert folder.name == f"fit-{record['hash'][:12]}"


def test_other_processes_give_the_same_results(tmp_path):
    steps = chain()
    events: list[Event] = []

    with pytest.raises(InputError, match="must have a volume"):
        run_steps(
            [*steps, Step("fail", actions.fail, version=1, needs=("verdict",))],
            Store(tmp_path),
            crew=local_crew(2),
            watcher=events.append,
        )

    total = Store(tmp_path).folder(steps[3], step_hashes(steps)["verdict"])
    assert (total / "total.txt").read_text() == "19"
    assert [e.step for e in events if e.kind == "finished"][-1] == "verdict"


def test_a_full_disk_arrives_as_what_it_is(tmp_path):
    with pytest.raises(OSError, match="No space left") as caught:
        run(tmp_path, [Step("full", actions.fill_disk, version=1)])
    assert caught.value.errno == errno.ENOSPC


def test_an_unforeseen_error_names_the_step_and_keeps_the_traceback(tmp_path):
    with pytest.raises(StepFailure) as caught:
        run(tmp_path, [Step("odd", actions.stumble, version=1)])
    sentence, traceback = caught.value.args
    assert "step `odd` failed: ZeroDivisionError" in sentence
    assert "actions.py" in traceback


def test_a_killed_worker_is_answered_with_how_to_go_on(tmp_path):
    with pytest.raises(BrineError, match=r"step `die` was killed.*run again"):
        run_steps(
            [Step("die", actions.die, version=1)], Store(tmp_path), crew=local_crew(1)
        )


def _fail_early():
    with local_crew(2) as crew:
        # The first worker does both while the second is still starting.
        for future in [crew.executor.submit(os.getpid) for _ in range(2)]:
            future.result()
        crew.messages(0.1)
        raise InputError("no volume")


def test_an_error_ends_workers_that_have_only_just_started():
    def give_up(number, frame):
        raise TimeoutError("a worker was waited for that never ends")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(30)
    try:
        with pytest.raises(InputError, match="no volume"):
            _fail_early()
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def test_two_runs_in_one_folder_are_refused(tmp_path):
    with (
        locked(tmp_path),
        pytest.raises(InputError, match="is working in"),
        locked(tmp_path),
    ):
        pass
    with locked(tmp_path):
        pass


@pytest.mark.parametrize("absolute", [True, False])
def test_patterns_of_files_may_be_absolute(tmp_path, absolute):
    for name in ("b.xyz", "a.xyz"):
        (tmp_path / name).write_text(name)
    pattern = str(tmp_path / "*.xyz") if absolute else "*.xyz"
    assert list(file_digests([pattern], tmp_path)) == ["a.xyz", "b.xyz"]


def test_a_split_that_cannot_be_made_is_named_by_its_key(tmp_path):
    data = water_like_frames(4)
    save_dataset(data, tmp_path / "dataset.npz")
    split = {"kind": "group", "test": ["nowhere"]}
    task = Task(
        folder=tmp_path,
        inputs={"splits": {"folders": split}, "from_oracle": False, "seed": 1},
        needs={"labels": tmp_path},
        places={},
    )
    with pytest.raises(InputError, match=r"^compare_splits\.folders: `test` must"):
        make_splits(task)


def test_steps_that_plans_share_are_done_once(tmp_path):
    plans = {"one": chain(fit=2), "two": chain(fit=5), "same": chain(fit=5)}
    events: list[Event] = []
    found = run_plans(plans, Store(tmp_path), crew=inline_crew, watcher=events.append)

    assert sorted(calls(tmp_path)) == ["fit", "fit", "label"] + 2 * ["scan"] + 2 * [
        "verdict"
    ]
    assert found["two"] == found["same"] != found["one"]
    assert found["one"]["label"] == found["two"]["label"]
    started = {event.step for event in events if event.kind == "started"}
    assert {"label", "one: fit", "fit"} <= started


def test_a_process_that_dies_takes_no_other_plan_along(tmp_path):
    plans = {
        "slow": [Step("slow", actions.slow, version=1)],
        "dying": [Step("dying", actions.die, version=1)],
        "good": chain(),
    }
    events: list[Event] = []
    crew = partial(local_crew, 2)
    found = run_plans(plans, Store(tmp_path), crew=crew, watcher=events.append)

    started = [event.step for event in events if event.kind == "started"]
    assert started.count("dying: dying") <= 2
    assert isinstance(found["dying"], UnstableRunError)
    assert "the process of step `dying: dying` was killed" in str(found["dying"])
    assert (found["slow"]["slow"] / "stages.txt").exists()
    assert (found["good"]["verdict"] / "total.txt").exists()


def test_a_step_that_fails_stops_only_the_plans_that_need_it(tmp_path):
    first, *rest = chain()
    bad = Step("bad", actions.fail, version=1, needs=("label",))
    broken = [first, bad, Step("last", actions.count, 1, needs=("bad",))]
    stumbling = [first, Step("odd", actions.stumble, version=1)]
    plans = {"broken": broken, "good": [first, *rest], "stumbling": stumbling}

    found = run_plans(plans, Store(tmp_path), crew=inline_crew)

    assert isinstance(found["broken"], InputError)
    assert "must have a volume" in str(found["broken"])
    assert isinstance(found["stumbling"], StepFailure)
    assert (found["good"]["verdict"] / "total.txt").exists()
    assert not list((tmp_path / "steps").glob("last-*"))
