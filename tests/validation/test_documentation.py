"""What docs/verdict.md says is what the code does."""

import json
import re
from pathlib import Path

from brine.settings.validation import ValidationSettings
from brine.validation import GATE_NAMES, SCHEMA_VERSION, Gate, Verdict, verdict_schema

DOCS = Path(__file__).resolve().parents[2] / "docs"


def page() -> str:
    return (DOCS / "verdict.md").read_text(encoding="utf-8")


def test_the_published_schema_is_the_one_of_the_code():
    """To renew it, write `json.dumps(verdict_schema(), indent=2)` there."""
    published = json.loads((DOCS / "verdict.schema.json").read_text(encoding="utf-8"))
    assert published == verdict_schema()


def test_every_field_and_every_gate_is_documented():
    text = page()
    for name in (*Verdict.model_fields, *Gate.model_fields, *GATE_NAMES):
        assert f"`{name}`" in text, name
    assert f"now {SCHEMA_VERSION}:" in text


def test_every_tolerance_that_is_named_exists_and_has_the_value_that_is_told():
    settings = ValidationSettings()
    gates = page().split("## The gates")[1]
    named = set(re.findall(r"`(\w+_(?:per_\w+|eV|bar|K|A|window|errors))`", gates))
    assert len(named) >= 8
    assert named <= set(ValidationSettings.model_fields)
    relative = (settings.density, settings.rdf, settings.diffusion)
    for field, pattern in (
        ("relative", r"\(([\d.]+) % for density, ([\d.]+) % for the peak, ([\d.]+) %"),
        ("largest_error", r"`largest_error` \(([\d.]+) %, ([\d.]+) %, ([\d.]+) %\)"),
        ("experiment", r"`experiment` \(([\d.]+) %, ([\d.]+) %, ([\d.]+) %\)"),
    ):
        found = re.search(pattern, gates)
        assert found is not None, field
        told = [float(number) / 100 for number in found.groups()]
        assert told == [round(getattr(one, field), 6) for one in relative]
    assert f"`standard_errors` ({settings.standard_errors:g})" in gates
