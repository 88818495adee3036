r"""Flexible SPC/Fw water and ions, by OpenMM.

.. math::

    U = \sum \tfrac12 k_b (r_{OH} - r_0)^2 + \sum \tfrac12 k_a (θ - θ_0)^2
      + \sum 4ε [(σ/r)^{12} - (σ/r)^6] + \sum q_i q_j / 4πε_0 r_{ij}

Parameters and their sources are in `brine.oracles.force_field`. The sums over pairs
leave out pairs of one molecule. Electrostatics is particle-mesh Ewald. The
Lennard-Jones energy is switched off over the last tenth of the cutoff and its
mean-field tail added (10.1021/jp0735987), so that density hardly depends on the
cutoff. This is the model *at that cutoff*: one `SPCFw` labels and simulates the very
same energy function, and a different cutoff is a different fingerprint.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator

from brine.errors import InputError
from brine.oracles.aqueous_dynamics import AqueousRun
from brine.oracles.aqueous_labels import label_box
from brine.oracles.aqueous_system import (
    MARGIN,
    aqueous_box,
    aqueous_system,
    electrostatics,
    import_openmm,
    replicas,
)
from brine.oracles.bias import Bias
from brine.oracles.calculator import OracleCalculator
from brine.oracles.cores import one_core
from brine.oracles.oracle import Conditions, Labels
from brine.structures.progress import Report, silent
from brine.structures.simulation import Simulation


@dataclass(frozen=True)
class SPCFw:
    """The embedded oracle: flexible SPC/Fw water, with ions or without.

    Attributes
    ----------
    cutoff : float, Å
        Of the Lennard-Jones and the real-space Coulomb energy. Boxes narrower than
        two cutoffs are labelled through replicas.
    tolerance : float
        Of Ewald's sum: what the Coulomb energy still is at the cutoff, relatively, and
        the choice of a mesh to match.
    """

    cutoff: float = 5.5
    tolerance: float = 5e-5

    def __post_init__(self) -> None:
        """Refuse cutoffs without meaning."""
        if not 3.5 <= self.cutoff <= 20.0:
            raise InputError(
                f"`cutoff` must lie between 3.5 and 20 Å, got {self.cutoff}."
            )
        if not 1e-6 <= self.tolerance <= 1e-2:
            raise InputError(
                f"`tolerance` must lie between 1e-6 and 1e-2, got {self.tolerance}."
            )

    @cached_property
    def fingerprint(self) -> str:
        """Model, cutoff, Ewald tolerance and OpenMM version."""
        version = import_openmm().__version__
        return (
            f"SPC/Fw cutoff={self.cutoff:g}A switch=0.9 tail=mean-field "
            f"PME tolerance={self.tolerance:g} OpenMM={version}"
        )

    @property
    def cores(self) -> int:
        """One label keeps one core busy."""
        return 1

    def label(self, atoms: Atoms) -> Labels:
        """Energy, forces and stress of a periodic box of water and ions.

        Raises
        ------
        InputError
            The box is not periodic, is charged, or holds something else.
        """
        return label_box(aqueous_box(atoms), self.cutoff, self.tolerance)

    def simulate(
        self, atoms: Atoms, conditions: Conditions, *, report: Report = silent
    ) -> Simulation:
        """Molecular dynamics of the model itself, on one core.

        Langevin dynamics with strong friction equilibrate. After that temperature is
        kept by weak friction, where `conditions` have one, or by stochastic velocity
        rescaling (Bussi, Donadio, Parrinello 2007, 10.1063/1.2408420), which leaves
        diffusion alone but does not reach the nearly harmonic bonds; pressure, where
        one is asked for, by Monte Carlo moves of the volume that shift whole molecules.
        Positions are unwrapped.

        Raises
        ------
        InputError
            Not a box of water and ions, or one narrower than two cutoffs.
        """
        return self.simulate_with((), atoms, conditions, report=report)

    def simulate_with(
        self,
        forces: Sequence[Bias],
        atoms: Atoms,
        conditions: Conditions,
        *,
        report: Report = silent,
    ) -> Simulation:
        """The same under a bias, which the fingerprint does not know of.

        What comes out is a structure to start from, not a truth to compare with.
        """
        box = aqueous_box(atoms)
        if max(replicas(box.cell, self.cutoff)) > 1:
            raise InputError(
                f"a box must be wider than {2 * MARGIN:g} times the cutoff to be "
                f"simulated, got {np.diag(box.cell).min():.2f} Å for a cutoff of "
                f"{self.cutoff} Å; take more molecules or a shorter cutoff."
            )
        settings = electrostatics(box.cell, self.cutoff, self.tolerance)
        system = aqueous_system(box.numbers, box.cell, settings)
        for bias in forces:
            system.addForce(bias.force(box.numbers, self.cutoff))
        with one_core():
            return AqueousRun(system, box, atoms, conditions).run(report)

    def calculator(self) -> Calculator:
        """An ASE calculator of it."""
        return OracleCalculator(self)
