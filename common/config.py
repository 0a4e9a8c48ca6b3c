"""Strict configuration: a YAML file becomes a frozen model, or one clear line per problem."""

import re
from collections.abc import Hashable
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from common.errors import UsageError

_MAX_QUOTED = 200  # characters of a refused value

Model = TypeVar("Model", bound=BaseModel)


class Frozen(BaseModel):
    """A part of the configuration: immutable, without unknown keys, without infinite numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class _Loader(yaml.BaseLoader):
    """Loads every scalar as text, so that the country code NO is not `false`. Rejects duplicate keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Return the mapping. Raises: yaml.MarkedYAMLError for a key that occurs twice."""
        seen = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"duplicate key {key.value!r}", problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def load(model: type[Model], path: Path, option: str = "--task-config") -> Model:
    """Read a YAML file as `model`; `option` is the command-line option that names the file. Raises: UsageError."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_Loader)  # noqa: S506 - loads text only
        return model.model_validate(content)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}. Pass another file with {option}.") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path.name}: not UTF-8 text. Save it as UTF-8.") from None
    except yaml.YAMLError as error:
        raise UsageError(f"{path.name}: {_yaml_problem(error)}.") from None
    except ValidationError as error:
        raise UsageError(*(f"{path.name}: {problem}" for problem in _problems(model, error.errors()))) from None


def suggest(word: str, allowed: list[str]) -> str:
    """Return a hint such as "Did you mean 'spark'? Allowed: spark, duckdb."."""
    guess = get_close_matches(word, allowed, n=1)
    hint = f"Did you mean '{guess[0]}'? " if guess else ""
    return f"{hint}Allowed: {', '.join(allowed)}."


def _yaml_problem(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    return "contains a character that YAML does not allow"


def _problems(model: type[BaseModel], errors: list[ErrorDetails]) -> list[str]:
    """Return one line per problem. A misspelt key is one problem, not an unknown key and a missing one."""
    misspelt = set[tuple[int | str, ...]]()
    for details in errors:
        *parents, last = details["loc"] or ("",)
        if details["type"] == "extra_forbidden":
            misspelt.update((*parents, guess) for guess in get_close_matches(str(last), _keys(model, parents), n=1))
    return [_problem(model, error) for error in errors if error["type"] != "missing" or error["loc"] not in misspelt]


def _problem(model: type[BaseModel], details: ErrorDetails) -> str:
    """Return the key, what is allowed and the refused value."""
    *parents, last = details["loc"] or ("",)
    key = ".".join(str(part) for part in details["loc"])
    got = f"got {_quoted(model, details)}."
    context = details.get("ctx", {})
    match details["type"]:
        case "missing":
            return f"{key}: missing key. Add it."
        case "extra_forbidden":
            return f"{key}: unknown key. {suggest(str(last), _keys(model, parents))}"
        case "model_type":
            where = f"{key}: " if key else ""
            return f"{where}expected keys with values, {got} {suggest('', _keys(model, [*parents, last]))}"
        case "literal_error":
            allowed = re.findall("'(.*?)'", context["expected"])
            return f"{key}: unknown value {_quoted(model, details)}. {suggest(str(details['input']), allowed)}"
        case "int_parsing" | "int_type":
            return f"{key}: expected an integer such as 18, {got}"
        case "tuple_type":
            return f"{key}: expected a list such as [com, net], {got}"
        case "value_error":  # from our validators; a message that ends with a period is complete
            message = str(context["error"])
            return f"{key}: {message}" if message.endswith(".") else f"{key}: {message}, {got}"
    return f"{key}: {re.sub('^[A-Za-z]+ should', 'must', details['msg'])}, {got}"


def _quoted(model: type[BaseModel], details: ErrorDetails) -> str:
    """Return the refused value, unless its field is hidden (repr=False) as passwords are."""
    field = model.model_fields.get(str(next(iter(details["loc"]), "")))
    if field is not None and not field.repr:
        return "a value that is not shown"
    text = repr(details["input"])
    return text if len(text) <= _MAX_QUOTED else f"{text[:_MAX_QUOTED]}..."


def _keys(model: type[BaseModel], parents: list[int | str]) -> list[str]:
    """Return the keys that the model has below `parents`."""
    for parent in parents:
        field = model.model_fields.get(str(parent))
        if field is not None and isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            model = field.annotation
    return list(model.model_fields)
