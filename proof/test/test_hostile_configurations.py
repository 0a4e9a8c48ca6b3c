"""Whatever a configuration's file holds: the model that it says, or a few lines that name the file; never more."""

import re
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
import yaml
from pydantic import BaseModel

from common.config import load
from common.errors import UsageError
from common.paths import ROOT
from common.postgresql import Server
from common.test.hostile import mutated, verdicts
from section1.config import ProcessConfig as Applications
from section3.capacity.facts import Prices
from section3.capacity.model import Model
from section4.config import ProcessConfig as Covid

SERVER = "host: db.example.org\nport: 5432\ndatabase: my_database\npasswords:\n  covid_loader: a word\n"
MODELS: dict[str, tuple[type[BaseModel], str]] = {
    "section1_process.yaml": (Applications, (ROOT / "section1/conf/section1_process.yaml").read_text()),
    "section3_model.yaml": (Model, (ROOT / "section3/conf/section3_model.yaml").read_text()),
    "section3_prices.yaml": (Prices, (ROOT / "section3/conf/section3_prices.yaml").read_text()),
    "section4_process.yaml": (Covid, (ROOT / "section4/conf/section4_process.yaml").read_text()),
    "postgresql.yaml": (Server, SERVER),
}
# "By hand": found by reading or trying, not by mutated input.
MENDED = {
    "section1_process.yaml": "escapes; keys that broke the line; lines without end; a time zone of 1,000 folders",
    "section3_model.yaml": "escapes; lines without end; by hand: infinite figures",
    "section3_prices.yaml": "escapes; keys that broke the line; lines without end; by hand: infinite figures",
    "section4_process.yaml": "escapes; keys that broke the line; tags; by hand, of all five: aliases without end",
    "postgresql.yaml": "escapes; keys that broke the line; lines without end; by hand: NUL, port 0, a password shown",
}
SMALL = 2000  # bytes; of a larger file most cases have two sections alone: to read it whole takes 20 ms
WORDS = (
    b"&a ", b"*a", b"<<: *a\n", b"!!python/object:os.system ", b"!<x%FF> ", b"!!binary ", b"%YAML 1.1\n",
    b"%TAG ! x\n", b"? ", b"- ", b"| ", b">+9 ", b"{a: ", b"[", b"]", b"}", b"---\n", b"...\n", b"  ", b"#", b"null",
    b"~", b"yes", b".inf", b"infinity", b"nan", b"@", b"`", b'"\\0"', b'"\\ud800"', b'"\\U00110000"', b'"\\n"',
    b'"a\\nb": 1\n', b"1:30", b"0b1", b"+1", b"1.0",
)  # fmt: skip

DEEP = "is nested too deeply"
ESCAPE = "an escape stands for a NUL, or for half a letter"
HUGE = "has an escape or a directive whose number is too large"
BOMB = b"a: &a [%s]\nb: &b [%s]\nc: [%s]" % (b"x," * 1000, b"*a," * 1000, b"*b," * 1000)
# What it showed, the text, and what is said of it as section 1's configuration.
CORPUS: dict[str, tuple[bytes, str]] = {
    "PyYAML has no letter of that number": (b'a: "\\U00110000"', HUGE),
    "a version that Python refuses to count": (b"%YAML 1." + b"9" * 5000 + b"\n---\na: b\n", HUGE),
    "a NUL, which no file's name may hold": (b'source: "a\\0b"', f"line 1: {ESCAPE}"),
    "half a letter, which no encoding has": (b'\nsource: "\\udc80"', f"line 2: {ESCAPE}"),
    "a line break in a key": (b'"a\\nb": 1\n"a\\nb": 2\n', "line 2: the key 'a\\nb' stands twice"),
    "a list that holds itself": (b"a: &a [*a]", "line 1: found unconstructable recursive node"),
    "a billion values": (BOMB, "has more than 200,000 values once its aliases are written out"),
    "a file without end": (b"#" * 1_000_000, "is larger than 200,000 bytes; it is no configuration"),
    "brackets": (b"[" * 10_000, DEEP),
    "braces": (b"{" * 10_000, DEEP),
    "lists in lists": (b"- " * 10_000, DEEP),
    "keys in keys": (b"? " * 10_000, DEEP),
    "a tab": (b"engine: spark\n\tsource: a", "line 2: found character '\\t' that cannot start any token"),
    "Latin-1": (b"engine: \xe9", "is no UTF-8 text; save it as UTF-8"),
    "UTF-16": ("engine: spark".encode("utf-16"), "is no UTF-8 text; save it as UTF-8"),
    "overlong UTF-8": (b"engine: \xc0\xaf", "is no UTF-8 text; save it as UTF-8"),
    "two documents": (b"a: b\n---\nc: d\n", "line 2: but found another document"),
    "a control character": (b"engine: \x1b[2J", "is no YAML: it has characters that YAML forbids"),
}
# An edit of section 1's good file and all that is said of it.
EDITS: dict[str, tuple[str, str, str]] = {
    "a time zone that Python's import recurses over": ("Asia/Singapore", "a" + "/a" * 1000, "is no time zone"),
    "a tag": ("parts: 1", "parts: !!python/object:os.system 1", "the tag 'tag:yaml.org,2002:python/object:os.system'"),
    "a comma that PyYAML alone takes for part of a tag": ("[com, net]", "[!, com]", "the tag '!,' means nothing here"),
    "not a number": ("parts: 1", "parts: nan", "parts: 'nan' is no whole number (e.g. 18)"),
    "five thousand digits": ("parts: 1", f"parts: {'1' * 5000}", "parts: '1111"),
    "an end of line that only Unicode has": ("engine: spark", "engine: spark\u2028\u2029", ""),
    "digits of another script": ("parts: 1", "parts: \u0661", "parts: '\u0661' is no whole number (e.g. 18)"),
    "a day that does not exist": ("2022-01-01", "2022-02-30", "rules.as_of: '2022-02-30' is no date since 1900"),
    "a merge key is a key": ("parts: 1", "<<: {parts: 1}", "<<: is no key here"),
}


def drawn(random: Random, sections: list[bytes]) -> bytes:
    """Return a hostile text."""
    is_whole = sum(map(len, sections)) < SMALL or random.random() < 0.05
    return mutated(random, [b"".join(sections if is_whole else random.sample(sections, 2))], WORDS)


def require_told(error: UsageError, name: str) -> list[str]:
    """Return why a file is refused: at most 21 lines that somebody can read, each naming the file."""
    lines = str(error).split("\n")
    assert len(lines) <= 21
    for line in lines:
        assert line.startswith(f"{name}: ")
        assert line.isprintable()
        assert len(line) < 1200
    return lines


def said_of(model: type[BaseModel], path: Path) -> list[str]:
    """Return why a file is refused."""
    with pytest.raises(UsageError) as refused:
        load(model, path)
    return require_told(refused.value, path.name)


@pytest.mark.parametrize("name", MODELS)
def test_a_hostile_file_is_what_it_says_or_is_refused(
    name: str, tmp_path: Path, budget: Callable[[int, int], int], record: Callable[[dict[str, str]], None]
) -> None:
    model, shipped = MODELS[name]
    path = tmp_path / name
    sections = re.split(rb"(?m)^(?=\w)", re.sub(r" +#.*", "", shipped).encode())

    def accepts(content: bytes) -> bool:
        path.write_bytes(content)
        try:
            found = load(model, path)
        except UsageError as error:
            require_told(error, name)
            return False
        assert found == model.model_validate(yaml.load(content.decode(), Loader=yaml.CBaseLoader))
        return True

    row = verdicts(name, budget(300, 100_000), lambda random: drawn(random, sections), accepts)
    record(row | {"found and mended": MENDED[name]})


@pytest.mark.parametrize("showed", CORPUS)
def test_a_file_of_the_corpus_is_refused_in_this_line(showed: str, tmp_path: Path) -> None:
    content, line = CORPUS[showed]
    path = tmp_path / "hostile.yaml"
    path.write_bytes(content)
    assert said_of(Applications, path) == [f"hostile.yaml: {line}"]


@pytest.mark.parametrize("showed", EDITS)
def test_an_edit_of_the_corpus_is_refused_in_a_line_or_makes_no_difference(showed: str, tmp_path: Path) -> None:
    good, hostile, said = EDITS[showed]
    shipped = MODELS["section1_process.yaml"][1]
    path = tmp_path / "hostile.yaml"
    path.write_text(shipped)
    same = load(Applications, path)
    assert shipped.count(good) == 1
    path.write_text(shipped.replace(good, hostile))
    if said:
        assert any(said in line for line in said_of(Applications, path))
    else:
        assert load(Applications, path) == same


@pytest.mark.parametrize("infinite", ["inf", "infinity", "-inf", "nan", "1e400"])
def test_no_figure_is_infinite(infinite: str, tmp_path: Path) -> None:
    name = "section3_model.yaml"
    path = tmp_path / name
    path.write_text(re.sub(r"image_mb: [\d.]+", f"image_mb: {infinite}", MODELS[name][1]))
    assert [line for line in said_of(Model, path) if "should be a finite number" in line or "greater" in line]


@pytest.mark.parametrize(
    ("good", "hostile"), [("db.example.org", "''"), ("5432", "0"), ("5432", "65536"), ("my_database", "''")]
)
def test_a_server_that_cannot_be_is_refused(good: str, hostile: str, tmp_path: Path) -> None:
    path = tmp_path / "postgresql.yaml"
    path.write_text(SERVER.replace(good, hostile))
    assert len(said_of(Server, path)) == 1


@pytest.mark.parametrize(
    "hostile", ["passwords: tr0ub4dor", "passwords: {covid_loader: [tr0ub4dor]}", "passwords: [tr0ub4dor]"]
)
def test_a_password_in_a_wrong_place_is_not_shown(hostile: str, tmp_path: Path) -> None:
    path = tmp_path / "postgresql.yaml"
    path.write_text(SERVER.partition("passwords")[0] + hostile)
    [line] = said_of(Server, path)
    assert line.startswith("postgresql.yaml: passwords")
    assert "what stands there" in line
    assert "tr0ub4dor" not in line


def test_of_many_problems_twenty_are_told(tmp_path: Path) -> None:
    path = tmp_path / "hostile.yaml"
    path.write_text("".join(f"key{number}: 1\n" for number in range(5000)))
    assert said_of(Server, path)[20:] == ["hostile.yaml: and 4,982 problems more"]


def test_a_file_that_never_ends_is_not_read_to_its_end() -> None:
    assert said_of(Server, Path("/dev/zero")) == ["zero: is larger than 200,000 bytes; it is no configuration"]
