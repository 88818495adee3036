"""What a fingerprint says beside the level of theory."""

import re

_NOISE = re.compile(r"force-noise=([0-9.eE+-]+)meV/Å")


def force_noise_text(noise: float) -> str:
    """The part of a fingerprint that says how far forces are from converged ones.

    Parameters
    ----------
    noise : float, eV/Å
    """
    return f"force-noise={1e3 * noise:g}meV/Å"


def force_noise(fingerprint: str) -> float | None:
    """What `force_noise_text` has written into `fingerprint`, eV/Å; None if nothing."""
    found = _NOISE.search(fingerprint)
    return 1e-3 * float(found.group(1)) if found else None
