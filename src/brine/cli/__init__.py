"""The command line: parse, call, print; no science.

`main` is what the command ``brine`` calls. Commands import the rooms they need when
they run, so that ``brine --help`` answers at once.
"""

from brine.cli.application import main

__all__ = ["main"]
