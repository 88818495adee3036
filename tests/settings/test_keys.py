"""The keys of a protocol are documented, and the document is current."""

from pathlib import Path

import pytest

from brine.errors import InputError
from brine.settings.keys import protocol_keys

PAGE = Path(__file__).parents[2] / "docs" / "protocol.md"


def test_the_page_of_keys_is_what_the_settings_say():
    assert PAGE.read_text(encoding="utf-8") == protocol_keys()


def test_every_key_says_what_it_is():
    silent = [line for line in protocol_keys().splitlines() if line.endswith("|  |")]
    assert silent == []


def test_a_section_has_its_own():
    found = protocol_keys("labels.sampling")
    assert found.count("## ") == 1
    assert "`density_factors` | `[0.9, 0.95, 1.0, 1.05, 1.1]`" in found
    with pytest.raises(InputError, match=r"Did you mean `labels`\?"):
        protocol_keys("lables")
