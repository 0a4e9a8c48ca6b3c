"""A YAML file becomes a frozen model, or one line a fault says why not."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field, ValidationError

from common.config import Frozen, load, nearest
from common.errors import UsageError


class Dough(Frozen):
    flour: Literal["wheat", "rye"]
    grams: Annotated[int, Field(ge=1)] = 500


class Recipe(Frozen):
    name: str
    dough: Dough
    toppings: tuple[str, ...] = ()
    since: date = date(2022, 1, 1)


GOOD = "name: bread\ndough: {flour: rye}\n"


def written(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "recipe.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def loaded(tmp_path: Path, content: str | bytes) -> Recipe:
    return load(Recipe, written(tmp_path, content))


def refusal(tmp_path: Path, content: str | bytes) -> str:
    with pytest.raises(UsageError) as caught:
        loaded(tmp_path, content)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_a_file_becomes_the_model_with_its_defaults(tmp_path: Path) -> None:
    bread = Recipe(name="bread", dough=Dough(flour="rye", grams=500), toppings=(), since=date(2022, 1, 1))
    assert loaded(tmp_path, GOOD) == bread


def test_the_model_gives_the_types_and_yaml_none(tmp_path: Path) -> None:
    recipe = loaded(tmp_path, "{name: 007, dough: {flour: rye, grams: 250}, toppings: [yes, 1.0, null, ~, 0x1F]}")
    assert (recipe.name, recipe.dough.grams) == ("007", 250)
    assert recipe.toppings == ("yes", "1.0", "null", "~", "0x1F")


def test_what_was_loaded_cannot_be_changed(tmp_path: Path) -> None:
    recipe = loaded(tmp_path, GOOD)
    with pytest.raises(ValidationError, match="frozen"):
        recipe.name = "cake"


def test_an_anchor_may_be_used_again(tmp_path: Path) -> None:
    assert loaded(tmp_path, GOOD + "toppings: [&seed sesame, *seed]\n").toppings == ("sesame", "sesame")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("dough: {flour: rye}", "name: is missing; add it"),
        (GOOD + "oven: hot", "oven: is no key here; (allowed: name, dough, toppings, since)"),
        (
            GOOD + "topping: []",
            "topping: is no key here; did you mean 'toppings'? (allowed: name, dough, toppings, since)",
        ),
        (
            "name: bread\ndough: {flour: rye, gram: 3}",
            "dough.gram: is no key here; did you mean 'grams'? (allowed: flour, grams)",
        ),
        (
            "name: bread\ndough: {flour: wheet}",
            "dough.flour: 'wheet' is unknown; did you mean 'wheat'? (allowed: wheat, rye)",
        ),
        ("name: bread\ndough: {flour: rye, grams: lots}", "dough.grams: 'lots' is no whole number (e.g. 18)"),
        (
            "name: bread\ndough: {flour: rye, grams: 0}",
            "dough.grams: '0': should be greater than or equal to 1",
        ),
        (GOOD + "toppings: sesame", "toppings: 'sesame' is no list (e.g. [com, net])"),
        (GOOD + "name: cake", "line 3: the key 'name' stands twice"),
        (GOOD + "\tname: cake", "line 3: found character '\\t' that cannot start any token"),
        (GOOD.encode() + b"# \xe9", "is no UTF-8 text; save it as UTF-8"),
    ],
)
def test_a_fault_takes_one_line(tmp_path: Path, content: str | bytes, said: str) -> None:
    assert refusal(tmp_path, content) == f"recipe.yaml: {said}"


def test_each_fault_has_its_line(tmp_path: Path) -> None:
    assert refusal(tmp_path, "dough: {flour: rice, grams: none}").splitlines() == [
        "recipe.yaml: name: is missing; add it",
        "recipe.yaml: dough.flour: 'rice' is unknown; (allowed: wheat, rye)",
        "recipe.yaml: dough.grams: 'none' is no whole number (e.g. 18)",
    ]


def test_a_misspelt_key_is_one_fault_and_not_a_missing_key_too(tmp_path: Path) -> None:
    assert refusal(tmp_path, GOOD.replace("name", "nam")) == (
        "recipe.yaml: nam: is no key here; did you mean 'name'? (allowed: name, dough, toppings, since)"
    )


@pytest.mark.parametrize("content", ["? [name, nom]\n: bread\n", "? {name: nom}\n: bread\n", "{[name]: bread}"])
def test_a_key_that_is_no_text_is_refused(tmp_path: Path, content: str) -> None:
    line = refusal(tmp_path, content)
    assert "\n" not in line
    assert line.startswith("recipe.yaml: line 1: ")


def test_a_file_nested_without_end_is_refused(tmp_path: Path) -> None:
    line = refusal(tmp_path, "[" * 5000)
    assert "\n" not in line
    assert line.startswith("recipe.yaml: ")


def test_a_value_that_aliases_blow_up_is_not_printed_whole(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 4)]
    said = refusal(tmp_path, "\n".join(["dough: {flour: rye}", *lines, "name: *a3"]))
    assert max(len(line) for line in said.splitlines()) < 1000


def test_a_missing_file_is_named_by_its_path(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load(Recipe, tmp_path / "absent.yaml")
    assert str(caught.value) == (
        f"{tmp_path}/absent.yaml: No such file or directory; name another file with --task-config"
    )


def test_the_nearest_word_is_guessed_only_when_one_is_near() -> None:
    assert nearest("sparc", ["spark", "duckdb"]) == "did you mean 'spark'? (allowed: spark, duckdb)"
    assert nearest("pandas", ["spark", "duckdb"]) == "(allowed: spark, duckdb)"
