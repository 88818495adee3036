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
from brine.reports.parts import (
    displacement,
    energy_parity,
    force_calibration,
    force_parity,
    last_frame,
    rdf_figures,
    time_series,
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
    "displacement",
    "energy_parity",
    "force_calibration",
    "force_parity",
    "last_frame",
    "rdf_figures",
    "time_series",
    "write_report",
]
