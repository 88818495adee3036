"""Many structures in one call of a NequIP or Allegro model, through torch-sim.

One box of some hundred atoms leaves a GPU idle; many boxes at once do not.
"""

from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from ase import Atoms

from brine.potentials.foreign import ForeignPotential
from brine.potentials.nequip_models import COMPILED, compiled, device
from brine.potentials.potential import Evaluation, Potential

Batched = Callable[[Sequence[Atoms]], list[Evaluation]]


def batched(potential: Potential) -> Batched | None:
    """`evaluate` of many structures at once; None where one by one is as fast.

    Not without a GPU, torch-sim, and a packaged model.
    """
    if not isinstance(potential, ForeignPotential) or not potential.source:
        return None
    if find_spec("torch_sim") is None or device() == "cpu":
        return None
    return torch_sim_model(potential)


def torch_sim_model(potential: ForeignPotential) -> Batched:
    """The packaged model of `potential`, compiled for batches.

    Raises
    ------
    PotentialFileError
        It cannot be compiled.
    """
    from nequip.integrations.torchsim import NequIPTorchSimCalc

    neighbours = "vesin" if find_spec("nvalchemiops") is None else "alchemiops"
    content = compiled(potential.source, "batch", potential.name)
    with TemporaryDirectory(prefix="brine-model-") as folder:
        path = Path(folder) / f"batch{COMPILED}"
        path.write_bytes(content)
        model = NequIPTorchSimCalc.from_compiled_model(
            path,
            device=device(),
            chemical_species_to_atom_type_map=True,
            neighborlist_backend=neighbours,
        )
    return partial(_evaluate, potential, model)


def _evaluate(
    potential: ForeignPotential, model: Any, structures: Sequence[Atoms]
) -> list[Evaluation]:
    """In the order of `structures`, all of them periodic."""
    import torch
    import torch_sim

    found = [Evaluation.unknown(len(atoms)) for atoms in structures]
    ready = [potential.ready(atoms) for atoms in structures]
    chosen = [k for k, atoms in enumerate(ready) if atoms is not None]
    if not chosen:
        return found
    state = torch_sim.io.atoms_to_state(
        [ready[k] for k in chosen], torch.device(device()), torch.float64
    )
    answer = {name: values.cpu().numpy() for name, values in model(state).items()}
    ends = np.cumsum([len(structures[k]) for k in chosen])
    forces = np.split(answer["forces"].astype(np.float64), ends[:-1])
    for place, k in enumerate(chosen):
        found[k] = Evaluation(
            float(answer["energy"][place]),
            forces[place],
            answer["stress"][place].astype(np.float64),
        )
    return found
