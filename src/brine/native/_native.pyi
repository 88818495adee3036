import enum
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

# structures
def neighbour_pairs(
    positions: NDArray[np.float64],
    cell: NDArray[np.float64],
    periodic: NDArray[np.bool_],
    cutoff: float,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]: ...

class ForceField:
    def compute(
        self,
        positions: NDArray[np.float64],
        cell: NDArray[np.float64],
        periodic: NDArray[np.bool_],
    ) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]: ...
    def forget(self) -> None: ...
    def closest_margin(self) -> float: ...

# potentials
class DescriptorShape:
    def __init__(
        self,
        *,
        n_elements: int,
        n_two: int,
        n_three: int,
        l_max: int,
        two_cutoff: float,
        three_cutoff: float,
        two_scale: float,
        three_scale: float,
    ) -> None: ...
    @property
    def n_features(self) -> int: ...
    @property
    def two_start(self) -> int: ...
    @property
    def three_start(self) -> int: ...

class PairTables:
    def __init__(
        self,
        start: float,
        step: float,
        values: NDArray[np.float64],
        shortest: NDArray[np.float64],
    ) -> None: ...

class LinearModel:
    def __init__(
        self,
        shape: DescriptorShape,
        bias: NDArray[np.float64],
        tables: PairTables,
        quadratic: NDArray[np.float64],
    ) -> None: ...

class NeuralShape:
    def __init__(self, *, products: int, hidden: int, body_order: int) -> None: ...
    def n_products(self, descriptor: DescriptorShape) -> int: ...
    def n_inputs(self, descriptor: DescriptorShape) -> int: ...

class NeuralModel:
    def __init__(
        self,
        shape: DescriptorShape,
        bias: NDArray[np.float64],
        tables: PairTables,
        neural: NeuralShape,
        weights: NDArray[np.float64],
    ) -> None: ...

class NativeForceField(ForceField):
    def __init__(
        self,
        model: LinearModel | NeuralModel,
        element: NDArray[np.int32],
        n_own: int,
        skin: float,
        threads: int,
    ) -> None: ...

class SinglePrecisionForceField(ForceField):
    def __init__(
        self,
        model: LinearModel | NeuralModel,
        element: NDArray[np.int32],
        n_own: int,
        skin: float,
        threads: int,
    ) -> None: ...

class NeuralTrainer:
    def __init__(self, model: NeuralModel, threads: int) -> None: ...
    def add_frame(
        self,
        element: NDArray[np.int32],
        positions: NDArray[np.float64],
        cell: NDArray[np.float64],
        periodic: NDArray[np.bool_],
    ) -> None: ...
    def evaluate(
        self, weights: NDArray[np.float64], frames: list[int]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]: ...
    def layers(
        self, weights: NDArray[np.float64], frames: list[int]
    ) -> NDArray[np.float64]: ...
    def gradient(
        self,
        weights: NDArray[np.float64],
        frames: list[int],
        energy: NDArray[np.float64],
        motion: NDArray[np.float64],
        strain: NDArray[np.float64],
    ) -> NDArray[np.float64]: ...

class SinglePrecisionNeuralTrainer(NeuralTrainer): ...

def radial_functions(
    r: NDArray[np.float64], n: int, cutoff: float, scale: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
def design_rows(
    shape: DescriptorShape,
    element: NDArray[np.int32],
    positions: NDArray[np.float64],
    cell: NDArray[np.float64],
    periodic: NDArray[np.bool_],
) -> NDArray[np.float64]: ...
def atom_features(
    shape: DescriptorShape,
    element: NDArray[np.int32],
    positions: NDArray[np.float64],
    cell: NDArray[np.float64],
    periodic: NDArray[np.bool_],
) -> NDArray[np.float64]: ...

# dynamics
class Thermostat(enum.Enum):
    none = 0
    svr = 1
    langevin = 2

class Halt(enum.Enum):
    none = 0
    energy = 1
    force = 2
    temperature = 3
    jump = 4
    volume = 5
    distance = 6

class DynamicsSettings:
    timestep: float
    thermostat: Thermostat
    time_constant: float
    start_temperature: float
    end_temperature: float
    ramp_steps: int
    bond_time: float
    def add_bond(self, first: int, second: int, a: int, b: int, c: int) -> None: ...
    barostat: bool
    pressure: float
    compressibility: float
    pressure_time: float
    barostat_interval: int
    centre_fixed: bool
    seed: int
    max_temperature: float
    max_jump: float
    min_volume: float
    max_volume: float
    min_margin: float
    history_stride: int
    history_length: int
    def __init__(self) -> None: ...

class PythonForceField(ForceField):
    def __init__(
        self,
        function: Callable[
            [NDArray[np.float64], NDArray[np.float64]],
            tuple[float, NDArray[np.float64], NDArray[np.float64]],
        ],
    ) -> None: ...

class HarmonicField(ForceField):
    def __init__(self, anchors: NDArray[np.float64], stiffness: float) -> None: ...

class LennardJonesField(ForceField):
    def __init__(self, epsilon: float, sigma: float, cutoff: float) -> None: ...

Snapshot = tuple[
    int,
    float,
    float,
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.float64],
]

class Dynamics:
    def __init__(
        self,
        field: ForceField,
        positions: NDArray[np.float64],
        velocities: NDArray[np.float64],
        masses: NDArray[np.float64],
        cell: NDArray[np.float64],
        periodic: NDArray[np.bool_],
        settings: DynamicsSettings,
    ) -> None: ...
    def run(self, n_steps: int, seconds: float) -> Halt: ...
    def synchronise(self) -> None: ...
    def restore(
        self,
        positions: NDArray[np.float64],
        velocities: NDArray[np.float64],
        cell: NDArray[np.float64],
        step: int,
        bath: float,
        earlier_temperature: float,
        random_state: str,
    ) -> bool: ...
    def history(self) -> list[Snapshot]: ...
    @property
    def positions(self) -> NDArray[np.float64]: ...
    @property
    def velocities(self) -> NDArray[np.float64]: ...
    @property
    def forces(self) -> NDArray[np.float64]: ...
    @property
    def cell(self) -> NDArray[np.float64]: ...
    @property
    def step(self) -> int: ...
    @property
    def energy(self) -> float: ...
    @property
    def kinetic_energy(self) -> float: ...
    @property
    def temperature(self) -> float: ...
    @property
    def pressure(self) -> float: ...
    @property
    def volume(self) -> float: ...
    @property
    def conserved_energy(self) -> float: ...
    @property
    def bath(self) -> float: ...
    @property
    def earlier_temperature(self) -> float: ...
    @property
    def target_temperature(self) -> float: ...
    @property
    def halt_value(self) -> float: ...
    @property
    def random_state(self) -> str: ...

# observables
def radial_counts(
    positions: NDArray[np.float64],
    cells: NDArray[np.float64],
    types: NDArray[np.int32],
    groups: NDArray[np.int32],
    n_types: int,
    r_max: float,
    n_bins: int,
) -> NDArray[np.uint32]: ...
