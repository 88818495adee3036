"""g(r) of 5184 atoms and mean squared displacements of 1728, beside MDAnalysis.

``python benchmarks/analysis.py`` prints the table; `measurements` gives it as a list.
Positions are random (1728 waters' worth of atoms at the density of water): neither
program's time depends on where the atoms are.
"""

import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from measurement import Measurement, measurement, print_all

from brine.observables import mean_squared_displacement, radial_distributions
from brine.structures.trajectory import Trajectory

N_MOLECULES = 1728
EDGE = 37.25
"""Å"""
REACH = 10.0
"""Å"""
N_BINS = 400
N_FRAMES_RDF = 20
N_FRAMES_MSD = 5000


def measurements() -> list[Measurement]:
    """Every timing of this file: ``{name, value, unit, peer}``; peer None is brine."""
    return [*radial_distribution_times(), *mean_squared_displacement_times()]


def radial_distribution_times() -> list[Measurement]:
    """g(r) of O–O, and of all three pairs, to 10 Å in 400 bins, ms per frame."""
    trajectory = _random_trajectory(N_FRAMES_RDF)
    results = []
    for name, pairs in (
        ("rdf_5184_OO_ms_per_frame", [("O", "O")]),
        ("rdf_5184_ms_per_frame", [("O", "O"), ("O", "H"), ("H", "H")]),
    ):

        def ours(pairs: list[tuple[str, str]] = pairs) -> object:
            return radial_distributions(
                trajectory, pairs=pairs, r_max=REACH, n_bins=N_BINS
            )

        def mdanalysis(pairs: list[tuple[str, str]] = pairs) -> object:
            return [_interrdf(trajectory, pair) for pair in pairs]

        results += [
            measurement(name, 1e3 * _seconds(ours) / N_FRAMES_RDF, "ms/frame"),
            *_peer(name, mdanalysis, 1e3 / N_FRAMES_RDF, "ms/frame", "MDAnalysis"),
        ]
    return results


def mean_squared_displacement_times() -> list[Measurement]:
    """MSD of 1728 atoms at all lags of 5000 frames, seconds."""
    trajectory = _first_atoms(_random_trajectory(N_FRAMES_MSD), N_MOLECULES)
    name = "msd_1728_s_per_5000_frames"

    def ours() -> object:
        return mean_squared_displacement(trajectory.positions)

    def with_tidynamics() -> object:
        return _einsteinmsd(trajectory)

    def by_windows() -> object:
        # Cost is proportional to atoms: 18 of them, scaled to all.
        return _einsteinmsd(_first_atoms(trajectory, 18), fast=False)

    return [
        measurement(name, _seconds(ours), "s"),
        *_peer(name, with_tidynamics, 1.0, "s", "MDAnalysis with tidynamics"),
        *_peer(
            name,
            by_windows,
            N_MOLECULES / 18,
            "s",
            "MDAnalysis, fft=False (scaled from 18 atoms)",
        ),
    ]


def _random_trajectory(n_frames: int) -> Trajectory:
    rng = np.random.default_rng(0)
    n_atoms = 3 * N_MOLECULES
    return Trajectory(
        numbers=np.tile([8, 1, 1], N_MOLECULES),
        masses=np.tile([15.999, 1.008, 1.008], N_MOLECULES),
        positions=rng.uniform(0, EDGE, (n_frames, n_atoms, 3)),
        cells=np.tile(EDGE * np.eye(3), (n_frames, 1, 1)),
        times=np.arange(n_frames) * 100.0,
        unwrapped=True,
    )


def _first_atoms(trajectory: Trajectory, n_atoms: int) -> Trajectory:
    return Trajectory(
        numbers=trajectory.numbers[:n_atoms],
        masses=trajectory.masses[:n_atoms],
        positions=trajectory.positions[:, :n_atoms],
        cells=trajectory.cells,
        times=trajectory.times,
        unwrapped=True,
    )


def _universe(trajectory: Trajectory) -> object:
    import MDAnalysis
    from MDAnalysis.coordinates.memory import MemoryReader

    universe = MDAnalysis.Universe.empty(len(trajectory.numbers), trajectory=True)
    universe.add_TopologyAttr("names", np.where(trajectory.numbers == 8, "O", "H"))
    universe.load_new(
        trajectory.positions.astype(np.float32),
        format=MemoryReader,
        dimensions=np.array([EDGE, EDGE, EDGE, 90, 90, 90]),
    )
    return universe


def _interrdf(trajectory: Trajectory, pair: tuple[str, str]) -> object:
    from MDAnalysis.analysis.rdf import InterRDF

    universe = _universe(trajectory)
    first, second = (universe.select_atoms(f"name {s}") for s in pair)
    return InterRDF(first, second, nbins=N_BINS, range=(0, REACH)).run()


def _einsteinmsd(trajectory: Trajectory, *, fast: bool = True) -> object:
    from MDAnalysis.analysis.msd import EinsteinMSD

    return EinsteinMSD(_universe(trajectory), select="all", fft=fast).run()


def _seconds(task: Callable[[], object], repeats: int = 2) -> float:
    """Shortest wall time of a few runs, so that other work counts little."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        task()
        times.append(time.perf_counter() - start)
    return min(times)


def _peer(
    name: str, task: Callable[[], object], factor: float, unit: str, peer: str
) -> list[Measurement]:
    """The peer's row, or nothing where it (or what it needs) is not installed."""
    try:
        with _silence():
            return [measurement(name, factor * _seconds(task, 1), unit, peer)]
    except ImportError:
        return []


@contextmanager
def _silence() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


if __name__ == "__main__":
    print_all(measurements())
