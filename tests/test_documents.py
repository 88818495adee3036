"""Every protocol that the documents show can be read."""

import re
from pathlib import Path

import pytest
import yaml

from brine.settings import Protocol, Sweep, load_protocol, load_sweep
from brine.settings.sweep import laid_over

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BASE = {
    "name": "water",
    "system": {"molecules": {"H2O": 64}, "density_g_per_mL": 1.0},
    "labels": {"kind": "oracle", "oracle": {"kind": "spcfw"}},
}


def blocks():
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for number, block in enumerate(re.findall(r"```yaml\n(.*?)```", text, re.S)):
            yield pytest.param(block, id=f"{page.stem}-{number}")


@pytest.mark.parametrize("block", list(blocks()))
def test_a_block_of_settings_is_valid(block):
    content = yaml.safe_load(block)
    sweep = content.pop("sweep", None)
    if sweep is not None:
        Sweep.model_validate(sweep)
    if set(content) <= {"sampler", "sampling"}:
        content = {"labels": content}
    if "name" not in content:
        content = laid_over(BASE, content)
    Protocol.model_validate(content)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda p: p.name
)
def test_every_example_and_each_of_its_members_is_valid(path):
    load_protocol(path)
    sweep = load_sweep(path)
    for overlay in sweep.sweep.members.values() if sweep else ():
        sweep.member(overlay)
