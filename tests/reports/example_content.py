"""A report's content with every part filled, from made-up numbers."""

from dataclasses import dataclass

import numpy as np
from ase import Atoms

from brine.datasets import Finding
from brine.reports import (
    Calibration,
    Curve,
    DisplacementFigure,
    LeakFigure,
    Parity,
    RdfFigure,
    ReportContent,
    Reproduction,
    TimeSeries,
)
from brine.training import (
    ElementErrors,
    EnergyErrors,
    ForceErrors,
    HeldOutErrors,
    LearningCurve,
    MolecularErrors,
    MotionErrors,
    StressErrors,
)
from brine.validation import (
    DimerScan,
    EnergyDrift,
    Evidence,
    LabelSupport,
    Origin,
    PeakReference,
    PressureVolumeScan,
    Reference,
    StabilityRun,
    judge,
)


@dataclass(frozen=True)
class Number:
    value: float
    error: float


@dataclass(frozen=True)
class Maximum:
    position: Number
    height: Number


@dataclass(frozen=True, eq=False)
class Distribution:
    r: np.ndarray
    g: np.ndarray
    error: np.ndarray
    first_peak: Maximum
    pair: tuple[str, str] = ("O", "O")


R = np.linspace(0.01, 7.0, 350)
ORACLE = "SPC/Fw, OpenMM 8.1, cutoff 9 Å"


def water_like(height: float = 2.9, shift: float = 0.0) -> np.ndarray:
    x = R - shift
    g = 1 / (1 + np.exp(-(x - 2.62) / 0.05))
    g += (height - 1) * np.exp(-(((x - 2.78) / 0.16) ** 2))
    g -= 0.22 * np.exp(-(((x - 3.4) / 0.35) ** 2))
    return np.clip(g + 0.12 * np.exp(-(((x - 4.5) / 0.45) ** 2)), 0, None)


def water_box(n: int = 4) -> Atoms:
    rng = np.random.default_rng(3)
    shape = np.array([[0, 0, 0], [0.76, 0.59, 0], [-0.76, 0.59, 0]])
    positions = []
    for i, j, k in np.ndindex(n, n, n):
        turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        centre = 3.1 * np.array([i, j, k]) + rng.normal(size=3) * 0.3
        positions.append(shape @ turn.T + centre)
    return Atoms("OH2" * n**3, np.concatenate(positions), cell=[3.1 * n] * 3, pbc=True)


def errors(scale: float = 1.0) -> HeldOutErrors:
    return HeldOutErrors(
        EnergyErrors(60, 0.61 * scale, 0.5, -0.42, 0.33 * scale, 0.26, 0.01, 0.02, 0.1),
        ForceErrors(
            *(11520, 27.1 * scale, 20.4, 231.0, 1020.0),
            {
                "H": ElementErrors(7680, 24.2 * scale, 18.0, 930.0),
                "O": ElementErrors(3840, 32.1 * scale, 25.0, 1180.0),
            },
        ),
        StressErrors(60, 310.0, 240.0, -61.0, 28.0, 190.0),
        MolecularErrors(
            3840,
            MotionErrors(14.2 * scale, 310.0),
            MotionErrors(13.1 * scale, 280.0),
            MotionErrors(21.3 * scale, 980.0),
        ),
    )


def dimers(well: float = 0.0) -> tuple[DimerScan, ...]:
    r = np.arange(0.5, 4.001, 0.02)
    scans = []
    for pair, bond, depth, reach in (
        (("H", "H"), 1.5, 0.05, 1.42),
        (("H", "O"), 0.97, 4.2, 0.84),
        (("O", "O"), 2.9, 0.2, 2.41),
    ):
        wall = depth * (np.exp(-2 * 2.2 * (r - bond)) - 2 * np.exp(-2.2 * (r - bond)))
        energy = wall - well * np.exp(-(((r - 0.9) / 0.15) ** 2))
        scans.append(DimerScan(pair, r, energy - energy[-1], reach))
    return tuple(scans)


def pressure_scan(moved: str, modulus: float = 6e4) -> PressureVolumeScan:
    rng = np.random.default_rng(2)
    factors = np.linspace(0.94, 1.06, 13)
    strain = factors**3 - 1
    curve = -modulus * strain + 2.6 * modulus * strain**2 - 3 * modulus * strain**3
    pressures = curve + rng.normal(size=(8, 1)) * 400 - 1200
    densities = np.tile(0.997 / factors**3, (8, 1))
    return PressureVolumeScan(moved, factors, densities, pressures)  # type: ignore[arg-type]


def evidence() -> Evidence:
    distribution = Distribution(
        *(R, water_like(), np.full_like(R, 0.01)),
        Maximum(Number(2.78, 0.004), Number(2.88, 0.02)),
    )
    return Evidence(
        findings=FINDINGS,
        errors=errors(),
        support=LabelSupport(0.88, 1.12, 0.27, 1920.0, 300, has_stress=True),
        dimers=dimers(),
        pressure_volume=pressure_scan("molecules"),
        drift=EnergyDrift(0.41, 0.32, 20.0),
        stability=(
            StabilityRun(300.0, 300.4, 100.0, 100.0, "", ()),
            StabilityRun(400.0, 399.1, 20.0, 20.0, "", ()),
        ),
        density=Number(1.0063, 0.0024),
        density_reference=Reference(1.0051, 0.0021, Origin.ORACLE, ORACLE),
        rdf=distribution,
        rdf_reference=PeakReference(
            Reference(2.781, 0.004, Origin.ORACLE, ORACLE),
            Reference(2.90, 0.02, Origin.ORACLE, ORACLE),
            *(R, water_like(2.92)),
        ),
        diffusion=Number(2.46, 0.17),
        diffusion_reference=Reference(2.39, 0.15, Origin.ORACLE, ORACLE),
    )


FINDINGS = (
    Finding(
        "note", "labels", "No stress label in 12 of 300 frames of water-hot.extxyz."
    ),
    Finding(
        "warning",
        "net-force",
        "Frame 17 of water-hot.extxyz has a net force of 0.21 eV/Å.",
    ),
)


def example_content(*, of: Evidence | None = None) -> ReportContent:
    rng = np.random.default_rng(0)
    labels = {"O": rng.normal(size=30000) * 1180, "H": rng.normal(size=60000) * 930}
    forces = {s: (f, f + rng.normal(size=f.size) * 27) for s, f in labels.items()}
    energy = rng.normal(size=60) * 2.1
    deviation = np.exp(rng.normal(size=20000) * 0.4) * 25
    times = np.arange(4000) * 0.025
    lag = np.linspace(0, 20, 300)
    noise = rng.normal(size=4000)
    density = 0.997 + 0.01 * np.convolve(noise, np.ones(40) / 40, mode="same")
    return ReportContent(
        title="Liquid water, SPC/Fw oracle",
        verdict=judge(of or evidence()),
        summary={
            "Training frames": "240 of 192 atoms",
            "Fit": "48 s, 3 012 features",
            "Speed": "2.1 ns/day, 192 atoms",
            "Total time": "8 min 12 s",
        },
        errors=errors(),
        other_errors={"data_3 (leaks)": errors(0.8)},
        learning_curve=LearningCurve(
            np.array([15, 30, 60, 120, 240]),
            "training frames",
            np.array([1.4, 0.9, 0.62, 0.41, 0.33]),
            np.array([71.0, 52.0, 41.0, 33.0, 27.1]),
        ),
        parities=(
            Parity(
                "Energy",
                "meV/atom",
                {"H128O64": (energy, energy + rng.normal(size=60) * 0.33)},
            ),
            Parity("Forces", "meV/Å", forces),
        ),
        calibration=Calibration(deviation, rng.normal(size=20000) * deviation * 1.1),
        dimers=dimers(),
        pressure_volume=(pressure_scan("molecules"), pressure_scan("cell", 1.5e5)),
        series=(
            TimeSeries(
                *("NPT", times, 300 + rng.normal(size=4000) * 12, density),
                target_temperature=300.0,
                reference_density=1.0051,
            ),
        ),
        rdfs=(
            RdfFigure(
                ("O", "O"),
                Curve("model", R, water_like(), np.full_like(R, 0.04)),
                Curve("oracle", R, water_like(2.92), np.full_like(R, 0.03)),
                Curve("experiment", R, water_like(2.57, 0.02)),
            ),
        ),
        displacements=(
            DisplacementFigure(
                *("water", lag, 1.48 * lag + 0.6 * (1 - np.exp(-lag)), (2.0, 10.0)),
                *(1.48, 0.6, lag, 1.43 * lag + 0.55),
                note="D = 2.46 ± 0.17, with finite-size correction; exponent 0.99",
            ),
        ),
        box=water_box(),
        leak=LeakFigure(
            "last fifth of every trajectory",
            is_random=False,
            nearest=1.2 + 0.2 * rng.random(60),
            independent=1.98,
            leaks=False,
        ),
        findings=FINDINGS,
        reproduction=Reproduction(
            protocol="name: water\nseed: 1\nsystem:\n  molecules: {H2O: 64}\n" * 4,
            command="brine run water.yaml --out results",
            seed=1,
            versions={"brine": "0.1.0", "numpy": "2.1.0", "openmm": "8.1.1"},
            data_hashes={"labels": "9f2c" * 16},
            fingerprint=ORACLE,
        ),
    )
