"""Potentials on disk: one zip of arrays and JSON, versioned, never pickled."""

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brine.errors import PotentialFileError
from brine.potentials.descriptor import Descriptor
from brine.potentials.foreign import ForeignPotential, is_foreign, read_foreign
from brine.potentials.linear import LinearReadout
from brine.potentials.native import NativePotential
from brine.potentials.neural import NeuralReadout
from brine.potentials.posterior import Calibration, Posterior
from brine.settings.potential import NativeSettings

FORMAT = "brine-potential"
VERSION = 2


def write_potential(potential: NativePotential, path: Path) -> None:
    """Write `potential` to `path`, whole or not at all."""
    header = {
        "format": FORMAT,
        "version": VERSION,
        "settings": potential.descriptor.settings.model_dump(mode="json"),
        "elements": list(potential.elements),
        "calibration": vars(potential.calibration),
        "provenance": dict(potential.provenance),
    }
    readout = potential.readout
    lower = np.tril_indices(len(readout.posterior.scale))
    _write(
        path,
        header,
        weights=readout.weights,
        shortest=potential.shortest,
        scale=readout.posterior.scale,
        precision_factor=readout.posterior.precision_factor[lower],
    )


def write_foreign(potential: ForeignPotential, path: Path) -> None:
    """Write a model of another package to `path`, whole or not at all."""
    header = {
        "format": FORMAT,
        "version": VERSION,
        "kind": "foreign",
        "name": potential.name,
        "provenance": dict(potential.provenance),
    }
    content, source = (
        np.frombuffer(part, dtype=np.uint8)
        for part in (potential.content, potential.source)
    )
    _write(path, header, content=content, source=source)


def load(path: Path | str) -> NativePotential | ForeignPotential:
    """The potential in the file `path`.

    A frozen or compiled model of another package, named with that package's suffix,
    is one as it is.

    Raises
    ------
    PotentialFileError
        The file is absent, damaged, no potential, or made by a newer version.
    """
    path = Path(path)
    if is_foreign(path):
        return read_foreign(path)
    try:
        if path.is_file() and not zipfile.is_zipfile(path):
            raise ValueError("no complete zip archive")
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            header = json.loads(bytes(archive["header"]))
            if not isinstance(header, dict) or header.get("format") != FORMAT:
                raise KeyError("format")
            if int(header["version"]) > VERSION:
                raise PotentialFileError(
                    f"{path} has format version {header['version']}, this brine reads "
                    f"up to {VERSION}; install the brine that wrote it, or a newer one."
                )
            arrays = {name: archive[name] for name in archive.files}
            if header.get("kind") == "foreign":
                content, name = bytes(arrays["content"]), str(header["name"])
                if name != Path(name).name or not is_foreign(Path(name)):
                    raise ValueError(f"{name!r} is no name of a model's file")
                source = bytes(arrays.get("source", b""))
                return ForeignPotential(name, content, header["provenance"], source)
            return _assemble(header, arrays)
    except FileNotFoundError:
        raise PotentialFileError(
            f"no potential at {path}; `brine train` writes one."
        ) from None
    except (
        *(KeyError, ValueError, TypeError, OSError, EOFError, zipfile.BadZipFile),
    ) as error:
        if isinstance(error, PotentialFileError):
            raise
        raise PotentialFileError(
            f"{path} is not a brine potential or is damaged ({error}); "
            "train it again or restore the file."
        ) from None


def _write(path: Path, header: dict[str, Any], **arrays: Any) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    text = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
    try:
        with temporary.open("wb") as stream:
            np.savez(stream, header=text, **arrays)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _assemble(
    header: dict[str, Any], arrays: dict[str, NDArray[np.float64]]
) -> NativePotential:
    settings = NativeSettings.model_validate(header["settings"])
    descriptor = Descriptor(tuple(header["elements"]), settings)
    scale = arrays["scale"]
    factor = np.zeros((len(scale), len(scale)))
    factor[np.tril_indices(len(scale))] = arrays["precision_factor"]
    kinds: dict[str, type[LinearReadout] | type[NeuralReadout]] = {
        "linear": LinearReadout,
        "neural": NeuralReadout,
    }
    readout = kinds[settings.readout](arrays["weights"], Posterior(scale, factor))
    readout.check(descriptor)
    return NativePotential(
        descriptor=descriptor,
        readout=readout,
        calibration=Calibration(**header["calibration"]),
        shortest=arrays["shortest"],
        provenance=header["provenance"],
    )
