"""Families that their own packages train: NequIP, Allegro and DeePMD-kit.

brine writes their inputs, runs their programs as child processes, and takes the model
file that comes out; nothing of theirs is done again here.
"""

from brine.training.families.fit import (
    TrainedModel,
    check_installed,
    fit_elsewhere,
    remove_weights,
)

__all__ = ["TrainedModel", "check_installed", "fit_elsewhere", "remove_weights"]
