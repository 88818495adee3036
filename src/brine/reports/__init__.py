"""The report and its figures."""

from brine.reports.content import (
    Calibration,
    Curve,
    DisplacementFigure,
    LeakFigure,
    Parity,
    RdfFigure,
    ReportContent,
    Reproduction,
    TimeSeries,
)
from brine.reports.report import write_report

__all__ = [
    "Calibration",
    "Curve",
    "DisplacementFigure",
    "LeakFigure",
    "Parity",
    "RdfFigure",
    "ReportContent",
    "Reproduction",
    "TimeSeries",
    "write_report",
]
