"""The unit system: Å, eV, fs, amu, e, K; and the factors that lead out of it.

Stress is the Cauchy stress in eV/Å³, tension positive, without kinetic term.
Constants are CODATA 2018 (10.1103/RevModPhys.93.025010).
"""

from typing import Final

BOLTZMANN: Final = 8.617333262145e-5
"""eV/K"""
KINETIC: Final = 103.642696562
"""eV in one amu Å²/fs²: kinetic energy = KINETIC · ½ m v²"""
BAR: Final = 6.241509074e-7
"""eV/Å³ in one bar"""
GRAM_PER_ML: Final = 0.602214076
"""amu/Å³ in one g/mL"""
BOHR: Final = 0.529177210903
"""Å"""
HARTREE: Final = 27.211386245988
"""eV"""
COULOMB: Final = 14.3996454784255
"""e²/(4πε₀) in eV Å"""
DIFFUSION: Final = 1e-4
"""Å²/fs in 1e-9 m²/s: D in 1e-9 m²/s = D in Å²/fs / DIFFUSION"""
