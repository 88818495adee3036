"""Fitting the native potential to labelled frames."""

from pathlib import Path

import brine
from brine.datasets import Dataset
from brine.potentials import Descriptor, NativePotential
from brine.settings.potential import NativeSettings
from brine.structures.progress import Report, silent
from brine.threads import thread_count
from brine.training.linear_fit import Watch, fit_linear
from brine.training.neural_fit import fit_neural
from brine.training.targets import Targets


def fit(
    dataset: Dataset,
    settings: NativeSettings | None = None,
    *,
    seed: int = 0,
    watch: Watch | None = None,
    checkpoint: Path | None = None,
    report: Report = silent,
) -> NativePotential:
    """The native potential fitted to `dataset`.

    Labels are fitted after element reference energies and ZBL are subtracted; each
    kind of label is divided by its scatter. Demands of no label hold the fit where
    atoms come closer, or bonds get longer, than anywhere in the data. The `linear`
    readout is found by Bayesian ridge regression, the `neural` one by gradient
    descent. The same data, settings and thread count give the same potential.

    Parameters
    ----------
    dataset : Dataset
        Energy, forces and stress are each used where present.
    settings : NativeSettings, optional
    seed : int
        Of the `neural` readout's first weights and of the order of frames.
    watch : callable, optional
        Called on the way with the amount of training and the potential that it gives:
        `linear`, frames, with fits to an eighth, a quarter and a half of them, spread
        evenly, for the price of solving three times more; `neural`, epochs, with the
        averaged weights after each eighth of them.
    checkpoint : Path, optional
        `neural`: where the state of training is kept after each epoch. A fit of the
        same frames, settings and seed goes on from there and ends with the same bits;
        remove the file once the potential is saved.
    report : Report

    Raises
    ------
    MissingLabelError
        No frame has forces or energies.
    InputError
        A label is not finite.
    """
    settings = settings or NativeSettings()
    targets = Targets(dataset, Descriptor(dataset.elements, settings))
    provenance = {
        "brine": brine.__version__,
        "data_hash": dataset.content_hash,
        "fingerprint": dataset.fingerprint,
        "n_frames": len(dataset),
        "label_scales": vars(targets.scales),
    }
    if settings.readout == "neural":
        potential = fit_neural(
            targets,
            provenance,
            seed=seed,
            watch=watch,
            checkpoint=checkpoint,
            report=report,
        )
    else:
        threads = thread_count()
        potential = fit_linear(
            targets, provenance, threads=threads, watch=watch, report=report
        )
    report("fit", {"done": 1.0})
    return potential
