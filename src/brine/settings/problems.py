"""What is wrong with a protocol, in sentences with key paths."""

import difflib
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from brine.settings.section import Section

_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "less_than_equal": ("at most", "le"),
    "greater_than": ("above", "gt"),
    "less_than": ("below", "lt"),
}
_OF_KIND = ("_type", "_parsing", "_from_float")
_KINDS = {
    "string": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "tuple": "a list",
    "dict": "a section of keys and values",
    "model": "a section of keys and values",
}
"""What is wanted, by the first word of pydantic's name of the problem."""


def problems(model: type[Section], error: ValidationError) -> list[str]:
    """One sentence for each problem of `error`, key path first."""
    return [
        _sentence(model, detail)
        for detail in error.errors(include_url=False)
        if not (detail["type"] == "too_short" and detail["input"])
    ]  # a list is also too short where none of its items is valid


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`` Did you mean `…`?`` with a leading space; empty if nothing is close."""
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return f" Did you mean `{by_lower[close[0]]}`?" if close else ""


def _sentence(model: type[Section], detail: ErrorDetails) -> str:
    keys, owner, annotation = _walk(model, detail["loc"])
    path = ".".join(keys) or "protocol"
    context = detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            return _unknown_key(model, keys, owner)
        case "missing":
            return f"`{path}` is missing."
        case "union_tag_invalid" | "union_tag_not_found":
            return _wrong_kind(path, annotation, detail["input"])
        case "literal_error":
            known = [str(value) for value in _literals(annotation)]
            hint = did_you_mean(str(detail["input"]), known)
            return f"`{path}` must be {_one_of(known)}, got {_shown(detail)}.{hint}"
        case "too_short":
            return f"`{path}` must not be empty, got {_shown(detail)}."
        case "value_error":
            return f"`{path}`: {context.get('error')}"
        case "greater_than_equal" | "less_than_equal" | "greater_than" | "less_than":
            words, key = _BOUNDS[detail["type"]]
            return f"`{path}` must be {words} {context[key]:g}, got {_shown(detail)}."
        case kind if kind.endswith(_OF_KIND) and (word := kind.split("_")[0]) in _KINDS:
            wanted = _KINDS[word]
            return f"`{path}` must be {wanted}, got {_shown(detail)}."
        case _:
            constraint = detail["msg"].removeprefix("Input should be ")
            constraint = constraint[0].lower() + constraint[1:]
            return f"`{path}` must be {constraint}, got {_shown(detail)}."


def _walk(
    model: type[Section], location: Sequence[str | int]
) -> tuple[list[str], type[Section] | None, Any]:
    """Key path without union tags, the section of its last key, and what is there."""
    keys: list[str] = []
    owner: type[Section] | None = model
    annotation: Any = model
    for item in location:
        annotation = _bare(annotation)
        if get_origin(annotation) is dict:
            keys.append(str(item))
            annotation = get_args(annotation)[1]
        elif get_origin(annotation) in (tuple, list):
            keys[-1] += f"[{item}]"
            annotation = get_args(annotation)[0]
        elif len(members := _sections(annotation)) > 1:
            chosen = [s for s in members if item in _kinds(s)]
            annotation = owner = chosen[0] if chosen else None
        else:
            owner = members[0] if members else None
            keys.append(str(item))
            fields = owner.model_fields if owner else {}
            annotation = fields[item].annotation if item in fields else None
    return keys, owner, annotation


def _unknown_key(
    model: type[Section], keys: Sequence[str], owner: type[Section] | None
) -> str:
    path, word = ".".join(keys), keys[-1]
    known = list(owner.model_fields) if owner else []
    hint = did_you_mean(word, known)
    if not hint:
        elsewhere = [p for p, name in _all_keys(model) if name == word and p != path]
        hint = f" Did you mean `{elsewhere[0]}`?" if elsewhere else ""
    if not hint:
        hint = f" Known here: {', '.join(known)}."
    return f"`{path}` is not a key that brine knows.{hint}"


def _wrong_kind(path: str, annotation: Any, found: Any) -> str:
    known = [kind for section in _sections(annotation) for kind in _kinds(section)]
    if not isinstance(found, dict):
        return f"`{path}` must be a section with a `kind`, got {found!r}."
    kind = found.get("kind")
    hint = did_you_mean(str(kind), known)
    return f"`{path}.kind` must be {_one_of(known)}, got {kind!r}.{hint}"


def _all_keys(model: type[Section], path: str = "") -> Iterator[tuple[str, str]]:
    for name, field in model.model_fields.items():
        yield f"{path}{name}", name
        for section in _sections(field.annotation):
            yield from _all_keys(section, f"{path}{name}.")


def _bare(annotation: Any) -> Any:
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return annotation


def _sections(annotation: Any) -> list[type[Section]]:
    """The sections that may stand where `annotation` is asked for."""
    annotation = _bare(annotation)
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return [annotation]
    return [s for part in get_args(annotation) for s in _sections(part)]


def _kinds(section: type[Section]) -> list[str]:
    field = section.model_fields.get("kind")
    return [str(kind) for kind in _literals(field.annotation)] if field else []


def _literals(annotation: Any) -> list[Any]:
    """The values of the `Literal` inside `annotation`."""
    found: list[Any] = []
    for part in get_args(_bare(annotation)):
        found.extend(_literals(part) if get_args(part) else [part])
    return [value for value in found if isinstance(value, str | int | float)]


def _one_of(known: Sequence[str]) -> str:
    return " or ".join(f"`{name}`" for name in known)


def _shown(detail: ErrorDetails) -> str:
    text = repr(detail["input"])
    return text if len(text) <= 60 else f"{text[:57]}…"
