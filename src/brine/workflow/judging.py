"""The last step: the verdict and its report."""

from brine.reports import write_report
from brine.settings import validate_protocol
from brine.validation import judge
from brine.workflow.evidence import evidence_of
from brine.workflow.gathering import Gathered
from brine.workflow.measuring import write_observables
from brine.workflow.reporting import report_content
from brine.workflow.step import Task

VERDICT = "verdict.json"
REPORT = "report.html"
OBSERVABLES = "observables.json"


def judge_protocol(task: Task) -> None:
    """Judge everything that was found, and write the verdict and the report."""
    inputs = {k: v for k, v in task.inputs.items() if k != "files"}
    gathered = Gathered(validate_protocol(inputs), task)
    verdict = judge(evidence_of(gathered), settings=gathered.protocol.validation)
    found = {"model": gathered.model}
    if gathered.reference is not None:
        found["reference"] = gathered.reference
    write_observables(task.folder / OBSERVABLES, found)
    write_report(task.folder / REPORT, report_content(gathered, verdict))
    verdict.write(task.folder / VERDICT)
