"""A sweep: shared labels, verdicts side by side, failures with their causes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from brine.reports import MemberResult, SweepResult
from brine.reports.sweep_page import sweep_page
from brine.settings import load_sweep
from brine.workflow import Event, run_sweep
from brine.workflow.events import nobody
from brine.workflow.sweeping import _Sweep, step_cost

SMALL = Path(__file__).with_name("small.yaml").read_text()
MEMBERS = """
sweep:
  members:
    short: {potential: {two_body_cutoff_A: 4.5, three_body_cutoff_A: 4.5}}
    long: {potential: {two_body_cutoff_A: 5.5}}
    out-of-range: {potential: {two_body_cutoff_A: 50}}
    crashes: {potential: {kind: model, path: nothing.brine}}
  first_rung: {overlay: {dynamics: {nvt_ps: 0.2}}, keep: 1}
"""


def written(folder: Path) -> Path:
    path = folder / "sweep.yaml"
    path.write_text(SMALL + MEMBERS)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Of a sweep that was killed in the middle and run again."""
    folder = tmp_path_factory.mktemp("sweep")
    path = written(folder)
    code = (
        "import sys\n"
        "from brine.settings import load_sweep\n"
        "from brine.workflow import run_sweep\n"
        "if __name__ == '__main__':\n"
        "    run_sweep(load_sweep(sys.argv[1]), sys.argv[2], base=sys.argv[3])\n"
    )
    script = folder / "run.py"
    script.write_text(code)
    out = folder / "out"
    words = [sys.executable, str(script), str(path), str(out), str(folder)]
    child = subprocess.Popen(words, start_new_session=True)
    end = time.monotonic() + 120
    while not list(out.glob("steps/fit-*")) and child.poll() is None:
        assert time.monotonic() < end
        time.sleep(0.1)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    return folder


@pytest.fixture(scope="module")
def finished(folder) -> tuple[SweepResult, list[Event]]:
    events: list[Event] = []
    sweep = load_sweep(folder / "sweep.yaml")
    return run_sweep(sweep, folder / "out", base=folder, watcher=events.append), events


def by_name(result: SweepResult) -> dict[str, MemberResult]:
    return {member.name: member for member in result.members}


def test_a_sweep_goes_on_after_a_kill(finished):
    _, events = finished
    found = {event.step for event in events if event.kind == "found"}
    started = [event.step for event in events if event.kind == "started"]
    assert "labels" in found
    assert "labels" not in started


def test_every_member_is_named_with_what_became_of_it(finished):
    members = by_name(finished[0])
    assert list(members) == ["short", "long", "out-of-range", "crashes"]
    states = [members["short"].state, members["long"].state]
    assert "pruned" in states
    assert {"accepted", "not accepted"} & set(states)


def test_members_that_cannot_be_trained_say_why(finished):
    members = by_name(finished[0])
    assert members["out-of-range"].state == members["crashes"].state == "failed"
    assert "must be at most 12, got 50" in members["out-of-range"].cause
    assert "nothing.brine" in members["crashes"].cause


def test_a_survivor_has_a_verdict_a_report_and_its_costs(finished, folder):
    (judged,) = finished[0].judged
    files = {path.name for path in (folder / "out" / "members" / judged.name).iterdir()}
    assert {"verdict.json", "report.html", "potential.brine"} <= files
    assert judged.training_seconds > 0
    assert 0 < judged.step_cost < 1e4
    assert 1 < judged.force_error < 1000


def test_table_and_numbers_are_written(finished, folder):
    content = json.loads((folder / "out" / "sweep.json").read_text())
    assert [m["name"] for m in content["members"]] == list(by_name(finished[0]))
    page = (folder / "out" / "report.html").read_text()
    assert "not among the best 1" in page
    assert "must be at most 12" in page


def test_optuna_proposes_and_learns_and_repeats_itself(folder, tmp_path):
    """On the labels that are there already: no member is trained in full."""
    path = tmp_path / "search.yaml"
    path.write_text(
        SMALL
        + """
sweep:
  optuna:
    potential.three_body_cutoff_A: {low: 2.0, high: 5.0}
    potential.two_body_channels: {low: 4, high: 20, numbers: whole}
    potential.angular_momentum: [1, 9]
  trials: 4
  first_rung: {overlay: {potential: {three_body_channels: 2}}, keep: 1}
"""
    )
    sweep = load_sweep(path)
    found = []
    for _ in range(2):
        run = _Sweep(sweep, folder / "out", folder, None, nobody)
        scores = run._search()
        assert set(scores) | set(run.ended) == set(run.candidates)
        assert len(run.candidates) == 4
        found.append(scores)
    assert found[0] == found[1]
    assert all("angular_momentum=1" in name for name in found[0])
    assert all(1 < error < 1000 for error in found[0].values())


def test_the_cost_of_a_step():
    # 54 ns a day are 1250 steps of 0.5 fs a second.
    assert step_cost(54.0, 0.5, 192) == pytest.approx(4.1667, rel=1e-4)


def result(*pairs: tuple[float, int]) -> SweepResult:
    members = []
    for k, (error, failed) in enumerate(pairs):
        gates = dict.fromkeys(map(str, range(failed)), "fail") | {"rdf": "pass"}
        state = "not accepted" if failed else "accepted"
        members.append(
            MemberResult(f"<m{k}>", {}, state, force_error=error, gates=gates)
        )
    return SweepResult("a & b", tuple(members))


def test_verdicts_come_before_errors():
    found = result((10, 3), (30, 0), (20, 0), (40, 1))
    assert [m.force_error for m in found.judged] == [20, 30, 40, 10]


def test_the_page_says_how_far_errors_rank_like_verdicts():
    assert result((1, 3), (2, 2), (3, 1)).rank_correlation == pytest.approx(-1)
    assert "rank correlation -1.00" in sweep_page(result((1, 3), (2, 2), (3, 1)))
    page = sweep_page(result((1, 1), (2, 1)))
    assert "rank correlation" not in page
    assert "a &amp; b" in page
    assert "&lt;m0&gt;" in page
