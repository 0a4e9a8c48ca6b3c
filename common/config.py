"""Reads a YAML file into a frozen model; the one place that opens configuration."""

import re
import reprlib
from collections.abc import Hashable
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from common.errors import UsageError

_SHORT = reprlib.Repr()
_SHORT.maxlist, _SHORT.maxstring, _SHORT.maxlevel = 10, 200, 2
_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map")}  # of what has none
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_LARGEST = 200_000  # bytes of a file, and values in it once aliases are written out
_LONGEST, _MOST_PROBLEMS = 1000, 20  # characters of a line, and lines, that somebody reads

Model = TypeVar("Model", bound=BaseModel)


class Frozen(BaseModel):
    """A part of the configuration: not a key more, not a key less, never changed, and no infinite number."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class _Loader(yaml.BaseLoader):
    """YAML in which every scalar is text (the model gives the types) and a key stands once."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Refuse tags, which YAML's parsers read differently and which would mean nothing."""
        if node.tag not in _TAGS:
            raise yaml.MarkedYAMLError(problem=f"the tag {node.tag!r} means nothing here", problem_mark=node.start_mark)
        return super().construct_object(node, deep)

    def construct_scalar(self, node: yaml.ScalarNode) -> str:
        """Refuse what only an escape can write and no file's name, server or log takes."""
        text: str = super().construct_scalar(node)
        if _NO_TEXT.search(text):
            problem = "an escape stands for a NUL, or for half a letter"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
        return text

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Refuse a key that stands twice, of which YAML would silently keep the last."""
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(problem="a key must be text", problem_mark=key.start_mark)
            if key.value in seen:
                problem = f"the key {key.value!r} stands twice"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def load(model: type[Model], path: Path, option: str = "--task-config") -> Model:
    """Return the file as `model`. Raises: UsageError, a line a problem: file, key, value and what is allowed.

    `option` is the one that names the file.
    """
    try:
        with path.open("rb") as file:
            content = _content(file.read(_LARGEST + 1))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; name another file with {option}") from None
    except _Unreadable as error:
        raise UsageError(_shorten(f"{path.name}: {error}")) from None
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise UsageError(*(_shorten(f"{path.name}: {said}") for said in _problems(model, error.errors()))) from None


def nearest(word: str, allowed: list[str]) -> str:
    """Return what is allowed, the nearest first where one is near: "did you mean 'spark'? (spark, duckdb)"."""
    guess = get_close_matches(word, allowed, n=1)
    hint = f"did you mean '{guess[0]}'? " if guess else ""
    return f"{hint}(allowed: {', '.join(allowed)})"


def _shorten(line: str) -> str:
    """Return what somebody reads of a line."""
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."


class _Unreadable(Exception):
    """The file is no YAML that could be a configuration; says why."""


def _content(text: bytes) -> Any:
    """Return texts, lists and mappings of YAML, neither too many nor too deep. Raises: _Unreadable."""
    if len(text) > _LARGEST:
        raise _Unreadable(f"is larger than {_LARGEST:,} bytes; it is no configuration")
    try:
        content = yaml.load(text.decode("utf-8"), Loader=_Loader)  # noqa: S506 - it makes text alone
    except UnicodeDecodeError:
        raise _Unreadable("is no UTF-8 text; save it as UTF-8") from None
    except yaml.YAMLError as error:
        raise _Unreadable(_yaml_problem(error)) from None
    except RecursionError:
        raise _Unreadable("is nested too deeply") from None
    except (ValueError, OverflowError):  # what PyYAML makes of "\UFFFFFFFF"
        raise _Unreadable("has an escape or a directive whose number is too large") from None
    _require_few_values(content)
    return content


def _require_few_values(content: Any) -> None:
    """Raise _Unreadable where aliases make much of little: the model would look at each use of them."""
    seen, waiting = 0, [content]
    while waiting:
        part = waiting.pop()
        seen += 1
        waiting.extend(part.values() if isinstance(part, dict) else part if isinstance(part, list) else ())
        if seen + len(waiting) > _LARGEST:
            raise _Unreadable(f"has more than {_LARGEST:,} values once its aliases are written out")


def _yaml_problem(error: yaml.YAMLError) -> str:
    """Say in one line what is wrong with the YAML, and where."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    return "is no YAML: it has characters that YAML forbids"


def _problems(model: type[BaseModel], errors: list[ErrorDetails]) -> list[str]:
    """Say each problem in a line; a key that is missing because it is misspelt is one problem."""
    misspelt = set()
    for details in errors:
        *parents, last = details["loc"] or ("",)
        if details["type"] == "extra_forbidden":
            guess = get_close_matches(str(last), _keys(model, parents), n=1)
            misspelt.add((*parents, *guess))
    told = [details for details in errors if details["type"] != "missing" or details["loc"] not in misspelt]
    more = [f"and {len(told) - _MOST_PROBLEMS:,} problems more"] if len(told) > _MOST_PROBLEMS else []
    return [_problem(model, details) for details in told[:_MOST_PROBLEMS]] + more


def _problem(model: type[BaseModel], details: ErrorDetails) -> str:
    """Say in one line which key is wrong, its value and what is allowed."""
    *parents, last = details["loc"] or ("",)
    key = ".".join(str(part) for part in details["loc"])
    key = key if key.isprintable() else repr(key)
    value = _shown(model, details)
    context = details.get("ctx", {})
    match details["type"]:
        case "missing":
            return f"{key}: is missing; add it"
        case "extra_forbidden":
            return f"{key}: is no key here; {nearest(str(last), _keys(model, parents))}"
        case "model_type":
            where = f"{key}: {value}" if key else "the file:"
            return f"{where} must hold keys with values {nearest('', _keys(model, [*parents, last]))}"
        case "literal_error":
            allowed = re.findall("'(.*?)'", context["expected"])
            return f"{key}: {value} is unknown; {nearest(str(details['input']), allowed)}"
        case "int_parsing" | "int_type":
            return f"{key}: {value} is no whole number (e.g. 18)"
        case "value_error":
            return f"{key}: {value} {context['error']}"
        case "tuple_type":
            return f"{key}: {value} is no list (e.g. [com, net])"
    return f"{key}: {value}: {details['msg'].removeprefix('Input ')}"


def _shown(model: type[BaseModel], details: ErrorDetails) -> str:
    """Return a value as a line can hold it; what a field hides (repr=False), such as a password, stays hidden."""
    field = model.model_fields.get(str(next(iter(details["loc"]), "")))
    return _SHORT.repr(details["input"]) if field is None or field.repr else "what stands there"


def _keys(model: type[BaseModel], parents: list[int | str]) -> list[str]:
    """Return the keys that the model has below `parents`."""
    for parent in parents:
        field = model.model_fields.get(str(parent))
        if field is not None and isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            model = field.annotation
    return list(model.model_fields)
