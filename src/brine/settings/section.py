"""What every section of a protocol has in common."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Discriminator


class Section(BaseModel):
    """Base of all settings: frozen, and a key it does not know is an error.

    The same class serves Python and YAML; defaults stand in the class only.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        validate_default=True,
    )


def choice(default: str) -> Discriminator:
    """The discriminator of a union on `kind`, where no `kind` means `default`."""

    def kind_of(value: Any) -> str | None:
        if isinstance(value, Mapping):
            kind = value.get("kind", default)
            return kind if isinstance(kind, str) else None
        found = getattr(value, "kind", None)
        return found if isinstance(found, str) else None

    return Discriminator(kind_of)
