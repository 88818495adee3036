"""Frames and their labels: readers, splits, reference energies and the audit."""

from brine.datasets.assembly import dataset_from_atoms
from brine.datasets.auditing.audit import audit
from brine.datasets.auditing.findings import Audit, BlockSplit, FileSummary, Finding
from brine.datasets.chronology import TimeOrder, time_order
from brine.datasets.dataset import Dataset, concatenate
from brine.datasets.last_part import split_by_last_part
from brine.datasets.leak import Leak, measure_leak
from brine.datasets.reading import read_dataset
from brine.datasets.reference_energies import ReferenceEnergies, fit_reference_energies
from brine.datasets.splits import (
    Split,
    compositions,
    random_split,
    split_by_composition,
    split_by_group,
    split_by_time_block,
)
from brine.datasets.storage import load_dataset, save_dataset, write_dataset

__all__ = [
    "Audit",
    "BlockSplit",
    "Dataset",
    "FileSummary",
    "Finding",
    "Leak",
    "ReferenceEnergies",
    "Split",
    "TimeOrder",
    "audit",
    "compositions",
    "concatenate",
    "dataset_from_atoms",
    "fit_reference_energies",
    "load_dataset",
    "measure_leak",
    "random_split",
    "read_dataset",
    "save_dataset",
    "split_by_composition",
    "split_by_group",
    "split_by_last_part",
    "split_by_time_block",
    "time_order",
    "write_dataset",
]
