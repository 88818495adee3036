"""What every section of a protocol has in common."""

from collections.abc import Mapping
from typing import Any, get_args, get_origin

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    ValidationInfo,
    field_validator,
)


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

    @field_validator("*", mode="before")
    @classmethod
    def _is_no_truth_value(cls, value: Any, info: ValidationInfo) -> Any:
        """YAML reads `yes`, `on` and `true` alike, and Python counts them as one."""
        several = value if isinstance(value, list | tuple) else [value]
        field = cls.model_fields[info.field_name or ""]
        if isinstance(value, Mapping) and get_origin(field.annotation) is dict:
            of_values = get_args(field.annotation)[1]
            bools = of_values is Any or bool in get_args(of_values)
            several = [] if bools else list(value.values())
        if any(isinstance(one, bool) for one in several):
            raise ValueError(f"must not be true or false, got {value}.")
        return value


def choice(default: str, *, by_key: Mapping[str, str] | None = None) -> Discriminator:
    """The discriminator of a union on `kind`.

    Where there is no `kind`, a key of `by_key` means that kind, and otherwise it is
    `default`.
    """

    def kind_of(value: Any) -> str | None:
        if isinstance(value, Mapping):
            implied = (kind for key, kind in (by_key or {}).items() if key in value)
            kind = value.get("kind", next(implied, default))
            return kind if isinstance(kind, str) else None
        found = getattr(value, "kind", None)
        return found if isinstance(found, str) else None

    return Discriminator(kind_of)
