r"""Exact stress of SPC/Fw water and ions, which OpenMM does not give.

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

from brine.oracles.aqueous_system import (
    SWITCH,
    AqueousBox,
    Array,
    Electrostatics,
)
from brine.oracles.force_field import KILOCALORIE, KILOJOULE_PER_MOLE, SITES
from brine.structures.neighbours import neighbour_pairs
from brine.units import COULOMB

KILOCALORIE_EV: Final = KILOCALORIE * KILOJOULE_PER_MOLE
SMALLEST: Final = 1e-6
"""Wave vectors of a smaller Gaussian factor are left out."""


def aqueous_stress(
    box: AqueousBox, bonded: Array, settings: Electrostatics, n_boxes: int
) -> Array:
    """Cauchy stress, (3, 3) array in eV/Å³, tension positive, in the box's frame.

    Parameters
    ----------
    box : AqueousBox
    bonded : (n_atoms, 3) array, eV/Å
        Forces of bonds and angles alone.
    settings : Electrostatics
    n_boxes : int
        Boxes in the system whose energy is shared out; it enters OpenMM's tail.
    """
    arms = box.positions - box.positions[box.heads]
    total = -(arms.T @ bonded)
    total = total + _pair_virial(box, settings)
    total = total + _reciprocal_virial(box, settings.splitting)
    total = total - np.eye(3) * tail_energy(box, settings.cutoff, n_boxes)
    return np.asarray((total + total.T) / (2 * box.volume))


def _pair_virial(box: AqueousBox, settings: Electrostatics) -> Array:
    atoms = Atoms(box.numbers, box.positions, cell=box.cell, pbc=True)
    pairs = neighbour_pairs(atoms, settings.cutoff)
    near, far = pairs.centre, pairs.neighbour
    vectors, r, sites = pairs.vectors, pairs.distances, box.sites
    # Pairs of one molecule, which box.positions holds whole; not of its images.
    same = box.molecules[near] == box.molecules[far]
    direct = box.positions[far] - box.positions[near]
    same &= np.abs(direct - vectors).max(axis=1, initial=0.0) < 1e-6
    product = COULOMB * sites.charges[near] * sites.charges[far]
    slope = product * _coulomb_slope(r, settings.splitting, same)
    sigma = 0.5 * (sites.sigmas[near] + sites.sigmas[far])
    epsilon = np.sqrt(sites.epsilons[near] * sites.epsilons[far]) * KILOCALORIE_EV
    some = (epsilon > 0) & ~same
    slope[some] += epsilon[some] * _lennard_jones_slope(
        r[some], sigma[some], settings.cutoff
    )
    weighted = vectors * (0.5 * slope / r)[:, None]  # every pair is there twice
    return np.asarray(weighted.T @ vectors)


def _coulomb_slope(r: Array, splitting: float, same: Array) -> Array:
    """d/dr of erfc(αr)/r between molecules, of −erf(αr)/r inside one."""
    gauss = 2 * splitting / np.sqrt(np.pi) * np.exp(-np.square(splitting * r))
    inside = erf(splitting * r) / r
    outside = -erfc(splitting * r) / r
    return np.asarray((np.where(same, inside, outside) - gauss) / r)


def _lennard_jones_slope(r: Array, sigma: Array, cutoff: float) -> Array:
    """d/dr of the switched Lennard-Jones energy over ε."""
    sixth = (sigma / r) ** 6
    energy = 4 * (sixth**2 - sixth)
    slope = -24 * (2 * sixth**2 - sixth) / r
    width = (1 - SWITCH) * cutoff
    x = np.clip((r - SWITCH * cutoff) / width, 0.0, 1.0)
    switch_slope = -30 * x**2 * (1 - x) ** 2 / width
    return np.asarray(slope * _switch(x) + energy * switch_slope)


def _switch(x: Array) -> Array:
    return 1 - 10 * x**3 + 15 * x**4 - 6 * x**5


def _reciprocal_virial(box: AqueousBox, splitting: float) -> Array:
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
    charged = first[:, None] * second[None] * box.sites.charges
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


def tail_energy(box: AqueousBox, cutoff: float, n_boxes: int) -> float:
    """Mean-field Lennard-Jones energy beyond the switch, in eV, of one box.

    Pairs are counted as OpenMM counts them: N(N + 1)/2 of one kind, out of as many
    among all atoms.
    """
    kinds, counts = np.unique(box.numbers, return_counts=True)
    counts = counts * n_boxes
    n_atoms = len(box.numbers) * n_boxes
    total = 0.0
    for i, first in enumerate(kinds):
        for j, second in enumerate(kinds[: i + 1]):
            one, other = SITES[int(first)], SITES[int(second)]
            epsilon = np.sqrt(one.epsilon * other.epsilon) * KILOCALORIE_EV
            pairs = counts[i] * (counts[i] + 1) / 2 if i == j else counts[i] * counts[j]
            sigma = 0.5 * (one.sigma + other.sigma)
            if epsilon:
                total += 2 * pairs * epsilon * _missing(sigma, cutoff)
    share = n_atoms / (n_atoms + 1)
    return float(8 * np.pi * total * share / (box.volume * n_boxes**2))


def _missing(sigma: float, cutoff: float) -> float:
    """Integral of r² [(σ/r)¹² − (σ/r)⁶] over what the switch takes away, Å³."""
    begin = SWITCH * cutoff

    def integrand(r: float) -> float:
        x = np.asarray((r - begin) / (cutoff - begin))
        sixth = (sigma / r) ** 6
        return float(r**2 * (1 - _switch(x)) * (sixth**2 - sixth))

    beyond = sigma**12 / (9 * cutoff**9) - sigma**6 / (3 * cutoff**3)
    return float(quad(integrand, begin, cutoff)[0] + beyond)
