"""The protocol as stored steps.

`run_protocol` goes from settings to a verdict. Each step's result lies in a folder
named by the hash of everything that decides it, appears there in one rename, and is
not computed again.
"""

from brine.workflow.advice import Advice, lint
from brine.workflow.engine import run_steps
from brine.workflow.events import Event
from brine.workflow.plan import plan
from brine.workflow.protocol_run import label_protocol, rewrite_report, run_protocol
from brine.workflow.step import Step, Task
from brine.workflow.store import Store
from brine.workflow.sweeping import run_sweep

__all__ = [
    "Advice",
    "Event",
    "Step",
    "Store",
    "Task",
    "label_protocol",
    "lint",
    "plan",
    "rewrite_report",
    "run_protocol",
    "run_steps",
    "run_sweep",
]
