"""Every key of a protocol, as its settings describe themselves."""

import re
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from brine.errors import InputError
from brine.settings.problems import did_you_mean
from brine.settings.protocol import Protocol
from brine.settings.section import Section
from brine.settings.sweep import SweepFile

_BOUNDS = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most"}


def protocol_keys(prefix: str = "") -> str:
    """Markdown: a table for each section, with defaults and what a key means.

    Parameters
    ----------
    prefix : str
        Only sections whose path begins so, such as ``labels.sampling``.

    Raises
    ------
    InputError
        There is no such section.
    """
    seen: set[type[Section]] = set()
    found = [*_sections(Protocol, "", seen), *_sections(SweepFile, "", seen)]
    tables = [
        _table(title, model) for title, model in found if title.startswith(prefix)
    ]
    if not tables:
        names = sorted({re.split("[,.]", title)[0] for title, _ in found} - {""})
        raise InputError(
            f"`SECTION` must be a path such as labels.sampling that begins with "
            f"{', '.join(names)}, got {prefix!r}." + did_you_mean(prefix, names)
        )
    return "\n\n".join(tables) + "\n"


def _sections(
    model: type[Section], path: str, seen: set[type[Section]]
) -> Iterator[tuple[str, type[Section]]]:
    """Titles and models: this one, then those inside it, each where it is first met."""
    if model is Protocol:
        yield "", model
    for name, field in model.model_fields.items():
        inner = f"{path}.{name}" if path else name
        found = _models(field.annotation)
        for one in found:
            if one in seen:
                continue
            seen.add(one)
            kind = _kind(one)
            several = kind and len(found) > 1
            yield (f"{inner}, kind: {kind}" if several else inner), one
            yield from _sections(one, inner, seen)


def _models(annotation: Any) -> list[type[Section]]:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return [annotation]
    found = [model for part in get_args(annotation) for model in _models(part)]
    return list(dict.fromkeys(found))


def _kind(model: type[Section]) -> str:
    field = model.model_fields.get("kind")
    return get_args(field.annotation)[0] if field else ""


def _table(title: str, model: type[Section]) -> str:
    words = (model.__doc__ or "").strip().replace("\n    ", " ")
    lines = [f"## `{title}`" if title else "## The file", "", words, ""]
    lines += ["| key | default | |", "|---|---|---|"]
    for name, field in model.model_fields.items():
        if name == "kind":
            continue
        words = (field.description or "").replace("\n", " ")
        meaning = [words or _named_section(field), _allowed(field)]
        text = " ".join(filter(None, meaning)).replace("|", "\\|")
        lines.append(f"| `{name}` | {_default(field)} | {text} |")
    return "\n".join(lines)


def _named_section(field: FieldInfo) -> str:
    """What stands for the words of a key that is a section."""
    models = _models(field.annotation)
    kinds = ", ".join(f"`{_kind(model)}`" for model in models)
    if len(models) > 1:
        return f"A section of its own, of kind {kinds}."
    return "A section of its own." if models else ""


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value is PydanticUndefined:
        return "must be given"
    if isinstance(value, Section) or value in ({}, []):
        return ""
    if isinstance(value, tuple | list):
        return f"`[{', '.join(map(str, value))}]`"
    return "null" if value is None else f"`{value}`"


def _allowed(field: FieldInfo) -> str:
    """Choices and bounds."""
    choices = _choices(field.annotation)
    found = [f"One of {', '.join(f'`{c}`' for c in choices)}."] if choices else []
    bounds = [
        f"{words} {getattr(bound, name):g}"
        for bound in field.metadata
        for name, words in _BOUNDS.items()
        if hasattr(bound, name)
    ]
    if bounds:
        found.append(f"({', '.join(bounds)})")
    return " ".join(found)


def _choices(annotation: Any) -> tuple[str, ...]:
    if get_origin(annotation) is Literal:
        values = get_args(annotation)
        return values if len(values) > 1 else ()
    return next(filter(None, map(_choices, get_args(annotation))), ())
