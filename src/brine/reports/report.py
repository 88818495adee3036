"""The report: one self-contained HTML file, verdict first."""

from pathlib import Path

from brine.reports.content import ReportContent
from brine.reports.page import page


def write_report(path: Path, content: ReportContent) -> None:
    """Write `content` as one HTML file that needs no network, all of it or nothing.

    Parameters
    ----------
    path : Path
    content : ReportContent
    """
    partial = path.with_name(path.name + ".partial")
    partial.write_text(page(content), encoding="utf-8")
    partial.replace(path)
