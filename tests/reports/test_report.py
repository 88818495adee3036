"""The report as its reader gets it."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from brine.datasets import Finding
from brine.errors import ShapeError
from brine.reports import Parity, ReportContent, write_report
from brine.validation import EnergyDrift, Evidence, judge
from tests.reports.example_content import dimers, evidence, example_content


class Tags(HTMLParser):
    """Checks that every element is closed where it must be."""

    void = frozenset({"meta", "path", "circle", "rect", "stop", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag, attrs) -> None:
        if tag not in self.void:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs) -> None: ...

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data) -> None:
        self.text.append(data)


def read(path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(path, example_content())
    return path


def test_the_report_is_one_file_that_asks_nothing_of_the_network(full):
    html = read(full)
    assert [p.name for p in full.parent.iterdir()] == ["report.html"]
    assert not re.search(r"(src|href)\s*=|url\((?!#)|@import|<script", html)


def test_the_report_is_small_enough_to_open_at_once(full):
    assert 50_000 < full.stat().st_size < 1_500_000


def test_every_element_is_closed_and_no_number_is_nan(full):
    html = read(full)
    parser = Tags()
    parser.feed(html)
    assert parser.open == []
    assert "nan" not in html.lower().replace("nanosecond", "")


def test_the_verdict_comes_first_and_every_section_follows(full):
    html = read(full)
    headings = ["Accepted", "Gates", "Molecular dynamics", "Held-out errors"]
    headings += ["Scans", "Labels", "To reproduce this"]
    places = [html.index(f">{heading}<") for heading in headings]
    assert places == sorted(places)
    for piece in ("brine run water.yaml --out results", "9f2c9f2c", "openmm"):
        assert piece in html


def test_a_failure_is_told_with_its_reason_and_its_cause(tmp_path):
    sick = replace(evidence(), drift=EnergyDrift(31.0, 2.0, 20.0), dimers=dimers(3.0))
    write_report(tmp_path / "report.html", example_content(of=sick))
    html = read(tmp_path / "report.html")
    assert ">Not accepted<" in html
    assert "The energy drifts by" in html
    assert "NVE drifts" in html


def test_parts_that_are_absent_are_left_out(tmp_path):
    content = ReportContent(title="Nothing yet", verdict=judge(Evidence()))
    write_report(tmp_path / "report.html", content)
    html = read(tmp_path / "report.html")
    for absent in ("Molecular dynamics", "Held-out errors", "Scans", "Labels"):
        assert f"<h2>{absent}</h2>" not in html
    assert "<h2>Gates</h2>" in html


def test_names_from_files_cannot_break_the_page(tmp_path):
    named = Finding("warning", "names", "File <b>x.xyz has 3 frames -1 Å apart.")
    content = ReportContent(
        title="<b>a & b", verdict=judge(Evidence()), findings=[named]
    )
    write_report(tmp_path / "report.html", content)
    assert "File &lt;b&gt;x.xyz has 3 frames −1\u00a0Å apart." in read(
        tmp_path / "report.html"
    )
    assert "&lt;b&gt;a &amp; b" in read(tmp_path / "report.html")
    assert "<b>a & b" not in read(tmp_path / "report.html")


def test_a_prediction_without_its_label_is_refused():
    with pytest.raises(ShapeError, match="two arrays of one length"):
        Parity("Energy", "eV", {"a": (np.zeros(3), np.zeros(2))})
