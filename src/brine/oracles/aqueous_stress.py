r"""Exact stress of SPC/Fw water, which OpenMM does not give.

.. math::

    V σ = -\sum_i d_i f_i^{bonded}
        + \sum_{i<j} \frac{u'(r_{ij})}{r_{ij}} r_{ij} r_{ij}
        + \sum_{k ≠ 0} e_k [2 k k (1 / k^2 + 1 / 4α^2) - 1]
        - E_{tail}

with e_k the reciprocal energy of wave vector k, summed directly instead of on a mesh.
Central differences of OpenMM's energy would not do: pairs that cross the real-space
cutoff jump by a part of the Ewald tolerance, hundreds of bar in a small box.
"""

from typing import Final

import numpy as np
from ase import Atoms
from scipy.integrate import quad
from scipy.special import erf, erfc

from brine.oracles.water_system import (
    EPSILON,
    KILOCALORIE,
    KILOJOULE_PER_MOLE,
    OXYGEN_CHARGE,
    SIGMA,
    SWITCH,
    Array,
    Electrostatics,
    WaterBox,
)
from brine.structures.neighbours import neighbour_pairs
from brine.units import COULOMB

EPSILON_EV: Final = EPSILON * KILOCALORIE * KILOJOULE_PER_MOLE
CHARGES: Final = np.array([OXYGEN_CHARGE, -OXYGEN_CHARGE / 2, -OXYGEN_CHARGE / 2])
SMALLEST: Final = 1e-6
"""Wave vectors of a smaller Gaussian factor are left out."""


def water_stress(
    box: WaterBox, bonded: Array, settings: Electrostatics, n_boxes: int
) -> Array:
    """Cauchy stress, (3, 3) array in eV/Å³, tension positive, in the box's frame.

    Parameters
    ----------
    box : WaterBox
    bonded : (n_atoms, 3) array, eV/Å
        Forces of bonds and angles alone.
    settings : Electrostatics
    n_boxes : int
        Boxes in the system whose energy is shared out; it enters OpenMM's tail.
    """
    waters = box.positions.reshape(-1, 3, 3)
    arms = (waters - waters[:, :1]).reshape(-1, 3)
    total = -(arms.T @ bonded)
    total = total + _pair_virial(box, settings)
    total = total + _reciprocal_virial(box, settings.splitting)
    total = total - np.eye(3) * tail_energy(box, settings.cutoff, n_boxes)
    return np.asarray((total + total.T) / (2 * box.volume))


def _pair_virial(box: WaterBox, settings: Electrostatics) -> Array:
    atoms = Atoms(
        np.tile([8, 1, 1], box.n_waters), box.positions, cell=box.cell, pbc=True
    )
    pairs = neighbour_pairs(atoms, settings.cutoff)
    charge = np.tile(CHARGES, box.n_waters)
    product = COULOMB * charge[pairs.centre] * charge[pairs.neighbour]
    vectors, r = pairs.vectors, pairs.distances
    # Pairs of one molecule, which box.positions holds whole; not of its images.
    same = pairs.centre // 3 == pairs.neighbour // 3
    direct = box.positions[pairs.neighbour] - box.positions[pairs.centre]
    same &= np.abs(direct - vectors).max(axis=1, initial=0.0) < 1e-6
    slope = product * _coulomb_slope(r, settings.splitting, same)
    oxygen = (pairs.centre % 3 == 0) & (pairs.neighbour % 3 == 0)
    slope[oxygen] += _lennard_jones_slope(r[oxygen], settings.cutoff)
    weighted = vectors * (0.5 * slope / r)[:, None]  # every pair is there twice
    return np.asarray(weighted.T @ vectors)


def _coulomb_slope(r: Array, splitting: float, same: Array) -> Array:
    """d/dr of erfc(αr)/r between molecules, of −erf(αr)/r inside one."""
    gauss = 2 * splitting / np.sqrt(np.pi) * np.exp(-np.square(splitting * r))
    inside = erf(splitting * r) / r
    outside = -erfc(splitting * r) / r
    return np.asarray((np.where(same, inside, outside) - gauss) / r)


def _lennard_jones_slope(r: Array, cutoff: float) -> Array:
    """d/dr of the switched Lennard-Jones energy of two oxygens."""
    sixth = (SIGMA / r) ** 6
    energy = 4 * EPSILON_EV * (sixth**2 - sixth)
    slope = -24 * EPSILON_EV * (2 * sixth**2 - sixth) / r
    width = (1 - SWITCH) * cutoff
    x = np.clip((r - SWITCH * cutoff) / width, 0.0, 1.0)
    switch_slope = -30 * x**2 * (1 - x) ** 2 / width
    return np.asarray(slope * _switch(x) + energy * switch_slope)


def _switch(x: Array) -> Array:
    return 1 - 10 * x**3 + 15 * x**4 - 6 * x**5


def _reciprocal_virial(box: WaterBox, splitting: float) -> Array:
    reciprocal = 2 * np.pi * np.linalg.inv(box.cell).T
    largest = 2 * splitting * np.sqrt(-np.log(SMALLEST))
    limits = np.ceil(largest * np.linalg.norm(box.cell, axis=1) / (2 * np.pi))
    # The other half of the wave vectors has the same energies.
    tables = [np.arange(-n, n + 1) for n in limits.astype(int)]
    tables[0] = tables[0][len(tables[0]) // 2 :]
    fractions = box.positions @ np.linalg.inv(box.cell)
    first, second, third = (
        np.exp(2j * np.pi * np.outer(table, s))
        for table, s in zip(tables, fractions.T, strict=True)
    )
    charged = first[:, None] * second[None] * np.tile(CHARGES, box.n_waters)
    structure = charged.reshape(-1, len(fractions)) @ third.T
    indices = np.stack(np.meshgrid(*tables, indexing="ij"), axis=-1).reshape(-1, 3)
    k = indices @ reciprocal
    k2 = np.square(k).sum(axis=1)
    keep = (k2 > 1e-12) & (k2 < largest**2)
    k, k2 = k[keep], k2[keep]
    strength = np.square(np.abs(structure.ravel()[keep]))
    strength[indices[keep, 0] > 0] *= 2
    factor = np.exp(-k2 / (4 * splitting**2)) / k2
    energy = 2 * np.pi * COULOMB / box.volume * factor * strength
    weight = 2 * energy * (1 / k2 + 1 / (4 * splitting**2))
    return np.asarray((k * weight[:, None]).T @ k - np.eye(3) * energy.sum())


def tail_energy(box: WaterBox, cutoff: float, n_boxes: int) -> float:
    """Mean-field Lennard-Jones energy beyond the switch, in eV, of one box.

    The numbers of pairs are counted as OpenMM counts them, N(N + 1)/2.
    """
    begin = SWITCH * cutoff

    def missing(r: float) -> float:
        x = np.asarray((r - begin) / (cutoff - begin))
        sixth = (SIGMA / r) ** 6
        return float(r**2 * (1 - _switch(x)) * (sixth**2 - sixth))

    integral = quad(missing, begin, cutoff)[0]
    integral += SIGMA**12 / (9 * cutoff**9) - SIGMA**6 / (3 * cutoff**3)
    oxygens = box.n_waters * n_boxes
    atoms = 3 * oxygens
    pairs = oxygens * (oxygens + 1) * atoms / (atoms + 1)
    return float(8 * np.pi * EPSILON_EV * pairs * integral / (box.volume * n_boxes**2))
