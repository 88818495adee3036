import json

import pytest
from pydantic import ValidationError

from brine.validation import (
    GATE_NAMES,
    SCHEMA_VERSION,
    Evidence,
    Gate,
    Status,
    Verdict,
    judge,
    verdict_schema,
)


def gate(status: Status, *, blocks: bool = False) -> Gate:
    return Gate(name="density", status=status, blocks=blocks, reason="because")


def test_a_force_field_is_accepted_when_every_gate_passes():
    assert Verdict.from_gates([gate(Status.PASS)]).accepted


def test_one_failed_gate_withholds_acceptance():
    verdict = Verdict.from_gates([gate(Status.PASS), gate(Status.FAIL)])
    assert not verdict.accepted
    assert [g.status for g in verdict.blocking] == [Status.FAIL]


def test_what_labels_cannot_support_blocks_nothing_but_what_was_not_run_does():
    assert Verdict.from_gates([gate(Status.UNDETERMINED)]).accepted
    assert not Verdict.from_gates([gate(Status.UNDETERMINED, blocks=True)]).accepted


def test_a_verdict_without_gates_accepts_nothing():
    assert not Verdict.from_gates([]).accepted


def test_a_verdict_that_contradicts_its_gates_cannot_be_made():
    with pytest.raises(ValidationError, match="`accepted` must be False"):
        Verdict(accepted=True, gates=(gate(Status.FAIL),))


def test_no_evidence_leaves_every_gate_undetermined_and_nothing_accepted():
    verdict = judge(Evidence())
    assert tuple(g.name for g in verdict.gates) == GATE_NAMES
    assert {g.status for g in verdict.gates} == {Status.UNDETERMINED}
    assert len(verdict.blocking) == len(GATE_NAMES)
    assert not verdict.accepted
    assert all(g.reason.startswith("Not run: ") for g in verdict.gates)


def test_the_file_has_the_documented_fields_and_reads_back_the_same(tmp_path):
    verdict = judge(Evidence(info={"seed": 7}))
    verdict.write(tmp_path / "verdict.json")
    text = (tmp_path / "verdict.json").read_text(encoding="utf-8")
    found = json.loads(text)

    assert found["schema_version"] == SCHEMA_VERSION
    assert found["accepted"] is False
    assert found["info"] == {"seed": 7}
    for entry in found["gates"]:
        assert {
            *("name", "status", "value", "error"),
            *("reference", "tolerance", "unit", "reason"),
        } <= set(entry)
        assert entry["status"] in {"pass", "fail", "undetermined"}
    assert Verdict.from_json(text) == verdict
    assert [p.name for p in tmp_path.iterdir()] == ["verdict.json"]


def test_numbers_that_are_not_finite_become_null():
    found = Gate(name="rdf", status=Status.PASS, value=float("nan"), reason="x")
    assert found.value is None
    assert "NaN" not in Verdict.from_gates([found]).to_json()


def test_the_schema_names_every_field_and_describes_it():
    schema = verdict_schema()
    assert set(schema["properties"]) == set(Verdict.model_fields)
    fields = schema["$defs"]["Gate"]["properties"]
    assert all("description" in field for field in fields.values())
