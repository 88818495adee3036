"""Settings of the families that other packages train."""

import pytest

from brine.errors import SettingsError
from brine.settings import DeePMDSettings, NequIPSettings, validate_protocol

BASE = {
    "name": "water",
    "system": {"kind": "from-labels"},
    "labels": {"kind": "files", "paths": ["frames.extxyz"]},
}


def potential(**settings):
    return validate_protocol(BASE | {"potential": settings}).potential


def test_every_family_has_defaults_of_its_own():
    assert isinstance(potential(kind="nequip"), NequIPSettings)
    found = potential(kind="deepmd", descriptor="se_e3")
    assert isinstance(found, DeePMDSettings)
    assert potential(kind="allegro").layers != potential(kind="nequip").layers


def test_a_budget_is_given_once():
    assert potential(kind="nequip", minutes=2.5).minutes == 2.5
    with pytest.raises(SettingsError, match="only one of `epochs`, `steps`"):
        potential(kind="nequip", minutes=2, epochs=10)


def test_an_unknown_descriptor_is_named_with_its_neighbour():
    with pytest.raises(SettingsError, match=r"descriptor.*Did you mean `se_e2_a`"):
        potential(kind="deepmd", descriptor="se_e2a")


def test_extra_passes_through_truth_values_and_sections():
    extra = {"model": {"parity": True}, "fast": True}
    assert potential(kind="allegro", extra=extra).extra == extra


def test_ranks_are_those_of_lammps():
    validate_protocol(BASE | {"dynamics": {"engine": "lammps", "ranks": 2}})
    with pytest.raises(SettingsError, match=r"dynamics.ranks is for engine `lammps`"):
        validate_protocol(BASE | {"dynamics": {"ranks": 2}})


@pytest.mark.parametrize(
    ("family", "words"),
    [
        ({"kind": "allegro", "scalar_features": 7}, "multiple of 2"),
        (
            {
                **{"kind": "nequip", "energy_weight": 0},
                **{"force_weight": 0, "stress_weight": 0},
            },
            "must be above 0, got none",
        ),
        (
            {
                **{"kind": "deepmd", "energy_weight": [1, 0]},
                **{"force_weight": [1, 0], "stress_weight": [0, 0]},
            },
            "above 0 at the end of training",
        ),
        ({"kind": "deepmd", "steps": 10**30}, "at most"),
    ],
)
def test_what_only_the_package_would_refuse_is_refused_here(family, words):
    with pytest.raises(SettingsError, match=words):
        potential(**family)
