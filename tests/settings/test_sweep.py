"""Members of a sweep, and how they are laid over a protocol."""

import math

import pytest

from brine.errors import SettingsError
from brine.settings import Range, Sweep, load_protocol, load_sweep
from brine.settings.sweep import laid_over, overlays

PROTOCOL = """
name: water
seed: 3
system: {kind: from-labels}
labels: {kind: files, paths: [frames.extxyz]}
potential: {two_body_cutoff_A: 5.0}
"""


def written(tmp_path, sweep: str):
    path = tmp_path / "sweep.yaml"
    path.write_text(PROTOCOL + sweep)
    return path


def test_a_grid_has_every_combination():
    sweep = Sweep(grid={"potential.two_body_cutoff_A": [4, 5.5], "seed": [1, 2, 3]})
    found = overlays(sweep, seed=0)
    assert len(found) == 6
    assert found["two_body_cutoff_A=5.5,seed=2"] == {
        "potential": {"two_body_cutoff_A": 5.5},
        "seed": 2,
    }


def test_random_members_repeat_with_the_seed():
    space = {"potential.energy_weight": Range(low=0.1, high=100, scale="log")}
    sweep = Sweep(random=space, trials=50)
    first, again, other = (overlays(sweep, seed) for seed in (1, 1, 2))
    assert first == again != other
    values = [o["potential"]["energy_weight"] for o in first.values()]
    assert 0.1 <= min(values) < 1 < 10 < max(values) <= 100


def test_a_range_ends_at_its_bounds():
    log = Range(low=1e-4, high=1e-2, scale="log")
    assert log.at(0.5) == pytest.approx(1e-3)
    assert Range(low=2, high=8, numbers="whole").at(0.49) == 5
    assert math.isclose(Range(low=2, high=8).at(1.0), 8)
    with pytest.raises(ValueError, match="`low` must lie below `high`"):
        Range(low=3, high=3)


def test_a_section_of_another_kind_replaces_the_one_below():
    below = {"potential": {"kind": "native", "energy_weight": 3}, "seed": 1}
    assert laid_over(below, {"potential": {"force_weight": 2}}) == {
        "potential": {"kind": "native", "energy_weight": 3, "force_weight": 2},
        "seed": 1,
    }
    other = {"potential": {"kind": "deepmd", "epochs": 3}}
    assert laid_over(below, other) == other | {"seed": 1}


def test_a_native_default_gives_way_to_another_family(tmp_path):
    sweep = load_sweep(
        written(tmp_path, "sweep: {members: {dp: {potential: {kind: deepmd}}}}")
    )
    assert sweep.member({"potential": {"kind": "deepmd"}}).potential.kind == "deepmd"


def test_native_by_name_is_the_native_that_was_not_named():
    below = {"potential": {"preset": "fast", "two_body_cutoff_A": 4.0}}
    overlay = {"potential": {"kind": "native", "energy_weight": 3}}
    assert laid_over(below, overlay)["potential"] == {
        **{"preset": "fast", "two_body_cutoff_A": 4.0},
        **{"kind": "native", "energy_weight": 3},
    }


@pytest.mark.parametrize(
    ("grid", "names"),
    [
        ({"a.w": [20.0001, 20.0002]}, ["w=20.0001", "w=20.0002"]),
        ({"a.kind": ["x"], "b.kind": ["y"]}, ["a.kind=x,b.kind=y"]),
        ({"p.path": ["n.brine", "sub/n.brine"]}, ["path=n.brine", "path=sub-n.brine-"]),
        ({"p.path": ["../../n"]}, ["path=..-..-n-"]),
        ({"p.path": ["x" * 300]}, ["path=xxx"]),
    ],
)
def test_members_are_told_apart_by_names_that_are_folders(grid, names):
    found = list(overlays(Sweep(grid=grid), seed=0))
    assert len(found) == len(names)
    for name, start in zip(found, names, strict=True):
        assert name.startswith(start)
        assert "/" not in name
        assert len(name) <= 100


@pytest.mark.parametrize(
    ("sweep", "words"),
    [
        ("{grid: {potential: [native], potential.seed: [4]}}", "a key inside it"),
        ("{random: {seed: {low: 0.4, high: 0.6, numbers: whole}}}", "must be whole"),
        (f"{{grid: {{a: {[*range(101)]}, b: {[*range(100)]}}}}}", "at most 10000"),
    ],
)
def test_what_cannot_be_varied_is_said(tmp_path, sweep, words):
    with pytest.raises(SettingsError, match=words):
        load_sweep(written(tmp_path, f"sweep: {sweep}"))


def test_one_way_of_varying_is_given(tmp_path):
    with pytest.raises(SettingsError, match=r"exactly one of .* got none"):
        load_sweep(written(tmp_path, "sweep: {trials: 3}"))
    with pytest.raises(SettingsError, match="got `members` and `grid`"):
        load_sweep(
            written(tmp_path, "sweep: {members: {a: {seed: 1}}, grid: {seed: [1]}}")
        )


def test_other_commands_read_the_protocol_below_the_sweep(tmp_path):
    path = written(tmp_path, "sweep: {grid: {seed: [1, 2]}}")
    assert load_protocol(path).seed == 3
    assert load_sweep(written(tmp_path, "")) is None
