"""What cannot work is said before anything runs, with the key."""

import pytest

from brine.errors import SettingsError
from brine.settings import validate_protocol
from brine.workflow.plan import plan


def _protocol(molecules, **oracle):
    return validate_protocol(
        {
            "name": "x",
            "system": {"molecules": molecules, "density_g_per_mL": 1.0},
            "labels": {"kind": "oracle", "oracle": {"kind": "spcfw", **oracle}},
            "reference": {"kind": "oracle"},
        }
    )


@pytest.mark.parametrize(
    ("molecules", "oracle", "sentence"),
    [
        ({"H2P": 64}, {}, r"`system.molecules`: .*'H2P'.*'H2O'"),
        ({"H2O": 64, "Na+": 1}, {}, r"`system.molecules`: .*charge of \+1 e"),
        ({"H2O": 64, "Na+": 1, "Cl-": 1}, {}, "`labels.oracle.kind` .* H2O alone"),
        ({"H2O": 8}, {}, "`labels.oracle.cutoff_A` must be below 3.01, .* got 5.5"),
        ({"H2O": 64}, {"cutoff_A": 6.1}, "`labels.oracle.cutoff_A` must be below 6.01"),
    ],
)
def test_a_box_that_cannot_be_is_refused(tmp_path, molecules, oracle, sentence):
    with pytest.raises(SettingsError, match=sentence):
        plan(_protocol(molecules, **oracle), tmp_path)


def test_the_oracle_runs_longer_than_the_model(tmp_path):
    protocol = _protocol({"H2O": 64})
    steps = {step.name: step.inputs for step in plan(protocol, tmp_path)}
    for name in ("nvt", "npt"):
        longer = protocol.reference.length * steps[name]["duration_ps"]
        assert steps[f"oracle-{name}"]["duration_ps"] == longer > 0
