"""The page of a report."""

from html import escape

from brine.reports.content import ReportContent


def page(content: ReportContent) -> str:
    """The whole HTML text."""
    gates = "".join(
        f"<li>{escape(g.name)}: {g.status} – {escape(g.reason)}</li>"
        for g in content.verdict.gates
    )
    word = "Accepted" if content.verdict.accepted else "Not accepted"
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>"
        f"{escape(content.title)}</title><h1>{escape(content.title)}: {word}</h1>"
        f"<ul>{gates}</ul></html>"
    )
