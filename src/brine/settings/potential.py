"""Settings of a potential and of its fit."""

from typing import Literal

from brine.settings.section import Section


class NativeSettings(Section):
    """The native potential."""

    kind: Literal["native"] = "native"
    readout: Literal["linear"] = "linear"
