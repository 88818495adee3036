"""Every convention that is written down names a test that exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "conventions.md").read_text(encoding="utf-8")
LINES = [
    line
    for line in TEXT.splitlines()
    if line.startswith("| ") and not line.startswith("| what |")
]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.split("|")[1].strip())
def test_every_convention_has_its_test(line):
    found = re.search(r"`([\w/]+\.py)::(\w+)`", line)
    assert found is not None, "no test named"
    path, name = found.groups()
    assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8")


def test_readme_shows_the_example_as_it_is():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    example = (ROOT / "examples" / "water.yaml").read_text(encoding="utf-8")
    without_comment = example.split("\n", 1)[1]
    assert f"```yaml\n{without_comment}```" in readme


def test_the_readme_has_its_two_commands():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in ("run", "test"):
        block = readme.split(f"<!-- {name}: begin -->")[1].split("<!--")[0]
        assert len(block.strip().splitlines()) == 3
