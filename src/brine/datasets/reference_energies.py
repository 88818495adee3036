"""Energies of single atoms, as far as compositions determine them."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from ase.data import chemical_symbols
from numpy.typing import ArrayLike, NDArray

from brine.datasets.dataset import Dataset
from brine.errors import MissingLabelError, UnknownElementError

TOLERANCE = 1e-9
"""Singular values below this share of the largest count as zero."""


@dataclass(frozen=True, eq=False)
class ReferenceEnergies:
    """Least-squares energies per element, of minimum norm.

    Attributes
    ----------
    elements : tuple of int
        Atomic numbers, ascending.
    energies : (n_elements,) array, eV
        Alone meaningful only where `determined` names the element by itself.
    rank : int
        How many independent combinations the compositions determine.
    determined : tuple of str
        Those combinations, such as ``2 H + O`` or ``Na + Cl``.
    basis : (rank, n_elements) array
        Orthonormal rows that span them.
    residual : float, eV/atom
        RMS of energy minus reference, per atom.
    """

    elements: tuple[int, ...]
    energies: NDArray[np.float64]
    rank: int
    determined: tuple[str, ...]
    basis: NDArray[np.float64]
    residual: float

    def of(self, numbers: ArrayLike) -> float:
        """Reference energy in eV of one structure with atomic `numbers`.

        Raises
        ------
        UnknownElementError
            An element was not in the data.
        """
        return float(self._counts(numbers) @ self.energies)

    def of_frames(self, dataset: Dataset) -> NDArray[np.float64]:
        """(n_frames,) array, eV: the reference energy of every frame.

        Raises
        ------
        UnknownElementError
            An element was not in the data.
        """
        self._check(dataset.numbers)
        return element_counts(dataset, self.elements) @ self.energies

    def determines(self, numbers: ArrayLike) -> bool:
        """Whether the energy of this composition follows from the data.

        Otherwise it rests on the choice of minimum norm: energies relative to it
        carry an unknown offset for every formula unit.
        """
        counts = self._counts(numbers)
        rest = counts - self.basis.T @ (self.basis @ counts)
        return bool(np.abs(rest).max() <= 1e-6 * max(np.abs(counts).max(), 1.0))

    def _counts(self, numbers: ArrayLike) -> NDArray[np.float64]:
        values = np.asarray(numbers, dtype=np.int64)
        self._check(values)
        return np.array([np.sum(values == z) for z in self.elements], dtype=float)

    def _check(self, numbers: NDArray[np.int64]) -> None:
        unknown = sorted(set(np.unique(numbers).tolist()) - set(self.elements))
        if unknown:
            known = ", ".join(chemical_symbols[z] for z in self.elements)
            raise UnknownElementError(
                f"reference energies exist for {known}, not for "
                f"{chemical_symbols[unknown[0]]}; fit them to frames that hold it."
            )


def fit_reference_energies(dataset: Dataset) -> ReferenceEnergies:
    r"""Energies per element that fit the total energies best.

    .. math:: \min_e \sum_k \frac{1}{N_k^2} \Big(E_k - \sum_z n_{kz}\, e_z\Big)^2

    with counts :math:`n_{kz}` and atoms :math:`N_k`; of all minima the one of least
    norm. In neutral salts the elements of the salt always come together, so their
    sum is determined and each alone is not.

    Raises
    ------
    MissingLabelError
        No frame has a finite energy.
    """
    usable = dataset.has_energy & np.isfinite(dataset.energy)
    if not usable.any():
        raise MissingLabelError(
            f"{dataset.source_names[0]} and the other files hold no energy; reference "
            "energies need some."
        )
    elements = dataset.elements
    n_atoms = dataset.n_atoms[usable].astype(float)
    counts = element_counts(dataset, elements)[usable]
    shares = counts / n_atoms[:, None]
    target = dataset.energy[usable] / n_atoms
    left, singular, right = np.linalg.svd(shares, full_matrices=False)
    kept = singular > TOLERANCE * singular[0]
    basis = right[kept]
    energies = basis.T @ ((left.T[kept] @ target) / singular[kept])
    residual = float(np.sqrt(np.mean(np.square(target - shares @ energies))))
    return ReferenceEnergies(
        elements=elements,
        energies=energies,
        rank=int(kept.sum()),
        determined=_combinations(np.unique(counts, axis=0), elements),
        basis=basis,
        residual=residual,
    )


def element_counts(dataset: Dataset, elements: tuple[int, ...]) -> NDArray[np.float64]:
    """(n_frames, n_elements) array: atoms of each of `elements` in every frame."""
    counts = np.zeros((len(dataset), len(elements)))
    frame = np.repeat(np.arange(len(dataset)), dataset.n_atoms)
    for column, z in enumerate(elements):
        counts[:, column] = np.bincount(
            frame[dataset.numbers == z], minlength=len(dataset)
        )
    return counts


def _combinations(
    counts: NDArray[np.float64], elements: tuple[int, ...]
) -> tuple[str, ...]:
    """Reduced rows of `counts` as sums of elements, in whole numbers."""
    rows = [[Fraction(int(n)) for n in row] for row in counts]
    done = 0
    for column in range(len(elements)):
        pivot = next((k for k in range(done, len(rows)) if rows[k][column]), None)
        if pivot is None:
            continue
        rows[done], rows[pivot] = rows[pivot], rows[done]
        rows[done] = [value / rows[done][column] for value in rows[done]]
        for k, row in enumerate(rows):
            if k != done and row[column]:
                rows[k] = [
                    a - row[column] * b for a, b in zip(row, rows[done], strict=True)
                ]
        done += 1
    return tuple(_as_sum(row, elements) for row in rows[:done])


def _as_sum(row: list[Fraction], elements: tuple[int, ...]) -> str:
    scale = np.lcm.reduce([value.denominator for value in row])
    text = ""
    for value, z in zip(row, elements, strict=True):
        number = int(value * int(scale))
        if number:
            sign = (" - " if number < 0 else " + ") if text else ("-" * (number < 0))
            size = "" if abs(number) == 1 else f"{abs(number)} "
            text += f"{sign}{size}{chemical_symbols[z]}"
    return text
