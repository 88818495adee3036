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
from brine.reports.sweep_page import write_sweep_report
from brine.reports.sweep_result import MemberResult, SweepResult

__all__ = [
    "Calibration",
    "Curve",
    "DisplacementFigure",
    "LeakFigure",
    "MemberResult",
    "Parity",
    "RdfFigure",
    "ReportContent",
    "Reproduction",
    "SweepResult",
    "TimeSeries",
    "displacement",
    "energy_parity",
    "force_calibration",
    "force_parity",
    "last_frame",
    "rdf_figures",
    "time_series",
    "write_report",
    "write_sweep_report",
]
