"""Protocols as YAML."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import yaml
from pydantic import ValidationError

from brine.errors import SettingsError
from brine.settings.problems import problems
from brine.settings.protocol import Protocol
from brine.settings.section import Section
from brine.settings.sweep import Sweep, SweepFile, laid_over

SWEEP: Final = "sweep"
"""The section that makes many protocols of one file"""
Schema = TypeVar("Schema", bound=Section)


def load_protocol(path: str | Path) -> Protocol:
    """The protocol in the YAML file `path`.

    Raises
    ------
    SettingsError
        The file is missing, is no YAML, repeats a key, or holds a key or a value that
        brine cannot use; all such problems are in one message.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SettingsError(
            f"{path} does not exist; `brine init water {path}` writes one."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        problem = error.strerror if isinstance(error, OSError) else error
        raise SettingsError(f"{path} cannot be read as text: {problem}.") from error
    return parse_protocol(text, name=str(path))


@dataclass(frozen=True)
class SweepProtocol:
    """A protocol file with a `sweep`.

    Attributes
    ----------
    name : str
        The protocol's.
    seed : int
    sweep : Sweep
    content : mapping
        The rest of the file, as it was given.
    """

    name: str
    seed: int
    sweep: Sweep
    content: Mapping[str, Any]

    def member(self, overlay: Mapping[str, Any]) -> Protocol:
        """The protocol with `overlay` laid over it.

        Raises
        ------
        SettingsError
            It holds a key or a value that brine cannot use.
        """
        return validate_protocol(laid_over(self.content, overlay))


def load_sweep(path: str | Path) -> SweepProtocol | None:
    """The sweep in the YAML file `path`, None where it holds a single protocol.

    Raises
    ------
    SettingsError
        As for `load_protocol`.
    """
    protocol = load_protocol(path)
    content = dict(_read_yaml(Path(path).read_text(encoding="utf-8"), str(path)))
    if SWEEP not in content:
        return None
    varied = _validated(SweepFile, {SWEEP: content.pop(SWEEP)}, str(path))
    return SweepProtocol(protocol.name, protocol.seed, varied.sweep, content)


def parse_protocol(text: str, *, name: str = "protocol") -> Protocol:
    """The protocol in a YAML `text`; `name` stands in front of problems."""
    content = _read_yaml(text, name)
    if not isinstance(content, Mapping):
        raise SettingsError(
            f"{name} must hold keys and values (`name: water`), "
            f"got {'nothing' if content is None else type(content).__name__}."
        )
    one = {key: value for key, value in content.items() if key != SWEEP}
    return validate_protocol(one, name=name)


def validate_protocol(
    content: Mapping[str, Any], *, name: str = "protocol"
) -> Protocol:
    """The protocol in nested mappings, or every problem with it in one error."""
    return _validated(Protocol, content, name)


def _validated(model: type[Schema], content: Any, name: str) -> Schema:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        found = problems(model, error)
    if len(found) == 1:
        raise SettingsError(f"{name}: {found[0]}")
    lines = "\n".join(f"  {number}. {p}" for number, p in enumerate(found, start=1))
    raise SettingsError(f"{name} has {len(found)} problems:\n{lines}")


def dump_protocol(protocol: Protocol) -> str:
    """The protocol as YAML with every default written out."""
    content = protocol.model_dump(mode="json")
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


class _Loader(yaml.SafeLoader):
    """Safe YAML in which a repeated key is an error."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    loader.flatten_mapping(node)
    keys: dict[Any, int] = {}
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        line = key_node.start_mark.line + 1
        if not isinstance(key, str):
            raise SettingsError(f"line {line}: a key must be a word, got {key!r}.")
        if key in keys:
            raise SettingsError(
                f"line {line} gives `{key}` a second time (first on line {keys[key]}); "
                "keep one."
            )
        keys[key] = line
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def _read_yaml(text: str, name: str) -> Any:
    try:
        return yaml.load(text, Loader=_Loader)
    except SettingsError as error:
        raise SettingsError(f"{name}: {error}") from None
    except (TypeError, ValueError) as error:
        # PyYAML's own constructors, of dates and numbers that cannot be.
        raise SettingsError(f"{name} holds a value that cannot be: {error}.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "is not YAML"
        raise SettingsError(f"{name}{place}: {problem}.") from error
