"""Configuration files become frozen models, or one line per problem."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field, ValidationError

from common.config import Frozen, load, suggest
from common.errors import UsageError


class Dough(Frozen):
    flour: Literal["wheat", "rye"]
    grams: Annotated[int, Field(ge=1)] = 500
    hours: float = 8


class Recipe(Frozen):
    name: str
    dough: Dough
    toppings: tuple[str, ...] = ()
    since: date = date(2022, 1, 1)
    secret: dict[str, str] = Field(default_factory=dict, repr=False)


GOOD = "name: bread\ndough: {flour: rye}\n"
KEYS = "name, dough, toppings, since, secret"


def loaded(tmp_path: Path, content: str | bytes) -> Recipe:
    path = tmp_path / "recipe.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return load(Recipe, path)


def problems(tmp_path: Path, content: str | bytes) -> list[str]:
    with pytest.raises(UsageError) as caught:
        loaded(tmp_path, content)
    assert caught.value.exit_code == 2
    return str(caught.value).splitlines()


@pytest.mark.parametrize("content", [GOOD, f"\ufeff{GOOD}", GOOD.replace("\n", "\r\n"), f"# bread\n{GOOD}"])
def test_file_becomes_the_model_with_its_defaults(tmp_path: Path, content: str) -> None:
    assert loaded(tmp_path, content) == Recipe(name="bread", dough=Dough(flour="rye", grams=500), toppings=())


def test_the_model_gives_the_types(tmp_path: Path) -> None:
    recipe = loaded(tmp_path, "{name: 007, dough: {flour: rye, grams: 250}, toppings: [NO, 1.0, null, ~, 0x1F]}")
    assert (recipe.name, recipe.dough.grams) == ("007", 250)
    assert recipe.toppings == ("NO", "1.0", "null", "~", "0x1F")


def test_anchor_can_be_reused(tmp_path: Path) -> None:
    assert loaded(tmp_path, GOOD + "toppings: [&seed sesame, *seed]\n").toppings == ("sesame", "sesame")


def test_loaded_model_is_frozen(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        loaded(tmp_path, GOOD).name = "cake"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("dough: {flour: rye}", "name: missing key. Add it."),
        (GOOD + "oven: hot", f"oven: unknown key. Allowed: {KEYS}."),
        (GOOD.replace("name", "nam"), f"nam: unknown key. Did you mean 'name'? Allowed: {KEYS}."),
        (
            "name: bread\ndough: {flour: rye, gram: 3}",
            "dough.gram: unknown key. Did you mean 'grams'? Allowed: flour, grams, hours.",
        ),
        ("name: bread\ndough: rye", "dough: expected keys with values, got 'rye'. Allowed: flour, grams, hours."),
        ("", f"expected keys with values, got None. Allowed: {KEYS}."),
        (
            "name: bread\ndough: {flour: wheet}",
            "dough.flour: unknown value 'wheet'. Did you mean 'wheat'? Allowed: wheat, rye.",
        ),
        ("name: bread\ndough: {flour: rye, grams: lots}", "dough.grams: expected an integer such as 18, got 'lots'."),
        ("name: bread\ndough: {flour: rye, grams: 0}", "dough.grams: must be greater than or equal to 1, got '0'."),
        ("name: bread\ndough: {flour: rye, hours: .inf}", "dough.hours: must be a valid number"),
        ("name: bread\ndough: {flour: rye, hours: inf}", "dough.hours: must be a finite number, got 'inf'."),
        (f"name: [{'x' * 999}]\ndough: {{flour: rye}}", f"name: must be a valid string, got ['{'x' * 198}...."),
        (GOOD + "toppings: sesame", "toppings: expected a list such as [com, net], got 'sesame'."),
        (GOOD + "secret: tr0ub4dor", "secret: must be a valid dictionary, got a value that is not shown."),
        (GOOD + "name: cake", "line 3: duplicate key 'name'."),
        (GOOD + "? [name]\n: cake", "line 3: found unhashable key."),
        (GOOD + "\tname: cake", "line 3: found character '\\t' that cannot start any token."),
        (GOOD + "oven: \a", "contains a character that YAML does not allow."),
        (GOOD.encode() + b"# \xe9", "not UTF-8 text. Save it as UTF-8."),
    ],
)
def test_problem_is_one_line_with_key_and_fix(tmp_path: Path, content: str | bytes, problem: str) -> None:
    [line] = problems(tmp_path, content)
    assert line.startswith(f"recipe.yaml: {problem}")


def test_each_problem_has_its_line(tmp_path: Path) -> None:
    assert problems(tmp_path, "dough: {flour: rice, grams: none}") == [
        "recipe.yaml: name: missing key. Add it.",
        "recipe.yaml: dough.flour: unknown value 'rice'. Allowed: wheat, rye.",
        "recipe.yaml: dough.grams: expected an integer such as 18, got 'none'.",
    ]


def test_missing_file_is_named_with_its_option(tmp_path: Path) -> None:
    problem = f"^{tmp_path}/absent.yaml: No such file or directory. Pass another file with --compare.$"
    with pytest.raises(UsageError, match=problem):
        load(Recipe, tmp_path / "absent.yaml", "--compare")


def test_suggestion_needs_a_near_match() -> None:
    assert suggest("sparc", ["spark", "duckdb"]) == "Did you mean 'spark'? Allowed: spark, duckdb."
    assert suggest("pandas", ["spark", "duckdb"]) == "Allowed: spark, duckdb."
