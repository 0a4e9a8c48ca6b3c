"""The shipped configuration, and the values that section 1's configuration accepts and refuses."""

import re
from datetime import date
from pathlib import Path

import pytest

from common.errors import UsageError
from common.paths import ROOT
from section1.config import DuckdbSettings, ProcessConfig, Rules, SparkSettings, load_process
from section1.core.label_sql import latest_adult_birthday
from section1.test import oracle

GOOD = """\
engine: spark
source: section1/resource/src/application
destination: section1/resource/dest
time_zone: Asia/Singapore
parts: 1
spark:
  master: local[*]
  driver_memory: 1g
duckdb:
  memory_limit: 512MB
rules:
  as_of: 2022-01-01
  adult_age: 18
  email_endings: [com, net]
  date_shapes: [yyyy-MM-dd, yyyy/MM/dd, MM/dd/yyyy, dd-MM-yyyy]
"""
SHIPPED = ProcessConfig(
    engine="spark",
    source=ROOT / "section1" / "resource" / "src" / "application",
    destination=ROOT / "section1" / "resource" / "dest",
    time_zone="Asia/Singapore",
    parts=1,
    spark=SparkSettings(master="local[*]", driver_memory="1g"),
    duckdb=DuckdbSettings(memory_limit="512MB"),
    rules=Rules(
        as_of=date(2022, 1, 1),
        adult_age=18,
        email_endings=("com", "net"),
        date_shapes=("yyyy-MM-dd", "yyyy/MM/dd", "MM/dd/yyyy", "dd-MM-yyyy"),
    ),
)
KEYS = "engine, source, destination, time_zone, parts, spark, duckdb, rules"
SHAPES = "yyyy-MM-dd, yyyy-dd-MM, yyyy/MM/dd, yyyy/dd/MM, MM/dd/yyyy, dd/MM/yyyy, MM-dd-yyyy, dd-MM-yyyy"
ALLOWED = re.compile(
    r"expected .+ such as|expected keys with values|Allowed: .+\.|must be a valid string|"
    r"must be (greater|less) than or equal to [-\d]+"
)


def refusal(tmp_path: Path, content: str) -> str:
    """Return why this configuration is refused."""
    path = tmp_path / "broken.yaml"
    path.write_text(content)
    with pytest.raises(UsageError) as caught:
        load_process(str(path))
    return str(caught.value)


def with_value(key: str, value: object) -> str:
    """Return the good configuration with another value of a key such as rules.adult_age."""
    name = key.rpartition(".")[2]
    changed, count = re.subn(rf"(?m)^( *){name}:.*$", rf"\g<1>{name}: {value}", GOOD)
    assert count == 1
    return changed


def test_shipped_configuration_has_these_values() -> None:
    assert load_process("section1_process.yaml") == SHIPPED


def test_shipped_rules_are_the_membership_policy() -> None:
    rules = load_process("section1_process.yaml").rules
    assert (rules.email_endings, rules.date_shapes) == (oracle.EMAIL_ENDINGS, oracle.DATE_SHAPES)
    assert latest_adult_birthday(rules) == oracle.LAST_ADULT_BIRTHDAY


@pytest.mark.parametrize("master", ["local", "local[4]", "spark://host:7077", "yarn", "k8s://https://host:443"])
def test_every_kind_of_master_is_accepted(tmp_path: Path, master: str) -> None:
    path = tmp_path / "good.yaml"
    path.write_text(with_value("spark.master", master))
    assert load_process(str(path)).spark.master == master


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("engine", "sparc", "unknown value 'sparc'. Did you mean 'spark'? Allowed: spark, duckdb."),
        ("parts", "0", "must be greater than or equal to 1, got '0'."),
        ("rules.adult_age", "151", "must be less than or equal to 150, got '151'."),
        ("rules.adult_age", "eighteen", "expected an integer such as 18, got 'eighteen'."),
        ("rules.as_of", "2022-13-01", "expected a date since 1900 such as 2022-01-01, got '2022-13-01'."),
        ("time_zone", "Singapur", "expected a time zone such as Asia/Singapore, got 'Singapur'."),
        ("duckdb.memory_limit", "1g", "expected an amount of memory for DuckDB such as 512MB, got '1g'."),
        ("spark.driver_memory", "1GB", "expected an amount of memory for Java such as 1g, got '1GB'."),
        ("rules.email_endings", "[]", "expected at least one ending such as [com, net], got []."),
        ("rules.date_shapes", "[]", "expected at least one shape such as [yyyy-MM-dd], got []."),
        ("rules.date_shapes", "[MM/dd/yyyy, dd/MM/yyyy]", "MM/dd/yyyy and dd/MM/yyyy are ambiguous. Keep one."),
    ],
)
def test_refused_value_has_exactly_this_line(tmp_path: Path, key: str, value: str, problem: str) -> None:
    assert refusal(tmp_path, with_value(key, value)) == f"broken.yaml: {key}: {problem}"


@pytest.mark.parametrize(
    ("good", "bad", "problem"),
    [
        ("engine: spark", "engin: spark", f"engin: unknown key. Did you mean 'engine'? Allowed: {KEYS}."),
        ("  master:", "  mastr:", "spark.mastr: unknown key. Did you mean 'master'? Allowed: master, driver_memory."),
        (
            "[com, net]",
            "[com, .net]",
            "rules.email_endings.1: expected the last label of a host such as com, got '.net'.",
        ),
        (
            "dd-MM-yyyy",
            "dd.MM.yyyy",
            f"rules.date_shapes.3: unknown value 'dd.MM.yyyy'. Did you mean 'dd/MM/yyyy'? Allowed: {SHAPES}.",
        ),
    ],
)
def test_refused_key_or_item_has_exactly_this_line(tmp_path: Path, good: str, bad: str, problem: str) -> None:
    assert refusal(tmp_path, GOOD.replace(good, bad)) == f"broken.yaml: {problem}"


WRONG: dict[str, list[object]] = {
    "engine": ['""', "null", "Spark", "pandas", "true", ["spark"]],
    "source": ['""', '"  "', ["src"]],
    "destination": ['""', "null", ["dest"]],
    "time_zone": ['""', "Asia", "../UTC", "+08:00", ["UTC"]],
    "parts": ['""', "one", "1.5", "true", "0x10", "-1", "1001", ["1"]],
    "spark.master": ['""', "lokal", "local[0]", "spark//a", ["yarn"]],
    "spark.driver_memory": ["1", "0g", "1t", "g", "-1g", ["1g"]],
    "duckdb.memory_limit": ["512", "80%", "1gb", {"MB": "512"}],
    "rules.as_of": ['""', "2022-1-1", "2022-02-29", "01/01/2022", "today", "20220101", "1899-12-31", ["2022"]],
    "rules.adult_age": ['""', "-1", "18.5", "false", {"years": "18"}],
    "rules.email_endings": ['""', "com", {"com": "net"}],
    "rules.date_shapes": ['""', "yyyy-MM-dd", {"a": "yyyy-MM-dd"}],
}


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in WRONG.items() for value in values])
def test_refused_value_is_named_with_what_is_allowed(tmp_path: Path, key: str, value: object) -> None:
    line = refusal(tmp_path, with_value(key, value))
    assert "\n" not in line
    assert line.startswith(f"broken.yaml: {key}: ")
    assert (repr(value.strip('"')) if isinstance(value, str) else repr(value)) in line
    assert ALLOWED.search(line), line


@pytest.mark.parametrize("line", [line for line in GOOD.splitlines() if not line.endswith(":")])
def test_every_key_is_required(tmp_path: Path, line: str) -> None:
    key = line.split(":")[0]
    parents = re.findall(r"^(\w+):$", GOOD[: GOOD.index(line)], re.MULTILINE) if key.startswith(" ") else []
    without = GOOD.replace(f"{line}\n", "").replace("duckdb:\nrules", "duckdb: {}\nrules")
    assert refusal(tmp_path, without) == f"broken.yaml: {'.'.join([*parents[-1:], key.strip()])}: missing key. Add it."


@pytest.mark.parametrize("part", ["spark", "duckdb", "rules"])
def test_every_group_of_keys_is_required(tmp_path: Path, part: str) -> None:
    group = rf"^{part}:\n(  .*\n)+"
    without, bare = (re.sub(group, text, GOOD, flags=re.MULTILINE) for text in ("", f"{part}: bare\n"))
    assert refusal(tmp_path, without) == f"broken.yaml: {part}: missing key. Add it."
    assert refusal(tmp_path, bare).startswith(f"broken.yaml: {part}: expected keys with values, got 'bare'. Allowed: ")
