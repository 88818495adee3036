"""Tolerances of the verdict."""

from brine.settings.section import Section


class ValidationSettings(Section):
    """Tolerances of the gates."""
