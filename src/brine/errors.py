"""Every error brine raises on purpose.

One tree, so that ``except BrineError`` is enough; each class also inherits the
builtin that a user would expect. A message is one sentence that names the file,
the key or the frame, the value found, and the remedy.
"""


class BrineError(Exception):
    """Base of every error raised on purpose."""


class InputError(BrineError, ValueError):
    """A value handed in cannot be used."""


class ShapeError(InputError):
    """An array does not have the shape that is asked for."""


class SettingsError(InputError):
    """A protocol has a key or a value that brine cannot use."""


class DataFileError(InputError):
    """A file of frames cannot be read, or says something impossible."""


class MissingLabelError(InputError):
    """A label (energy, forces, stress) is needed and absent."""


class UnknownElementError(InputError):
    """A potential meets an element it was not trained on."""


class PotentialFileError(InputError):
    """A file is not a potential, is damaged, or comes from a newer version."""


class UnconvergedError(BrineError, ArithmeticError):
    """A label's self-consistent field did not converge."""


class UnstableRunError(BrineError, RuntimeError):
    """Molecular dynamics was stopped by a guard."""


class OutputError(BrineError, OSError):
    """A result cannot be written."""


class MissingPackageError(BrineError, ImportError):
    """An optional package is needed and not installed."""


def in_one_line(problem: object) -> str:
    """What another package says of an error, for the middle of a sentence."""
    return " ".join(str(problem).split()).rstrip(".") or type(problem).__name__
