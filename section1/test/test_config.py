"""A broken configuration is refused in one line before anything is read."""

import re
from datetime import date
from pathlib import Path

import pytest

from common.errors import UsageError
from common.paths import ROOT
from section1.config import DuckdbSettings, ProcessConfig, Rules, SparkSettings, load_process
from section1.core.label_sql import latest_adult_birthday
from section1.test import oracle
from section1_manage import job, parser

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
TOP = "engine, source, destination, time_zone, parts, spark, duckdb, rules"
OF_RULES = "as_of, adult_age, email_endings, date_shapes"
SHAPES = "yyyy-MM-dd, yyyy-dd-MM, yyyy/MM/dd, yyyy/dd/MM, MM/dd/yyyy, dd/MM/yyyy, MM-dd-yyyy, dd-MM-yyyy"
ALL_SHAPES = "date_shapes: [yyyy-MM-dd, yyyy/MM/dd, MM/dd/yyyy, dd-MM-yyyy]"
SPARK = "spark:\n  master: local[*]\n  driver_memory: 1g\n"
SAYS_WHAT_IS_ALLOWED = re.compile(
    r"expected .+ such as|expected keys with values|Allowed: .+\.|must be a valid string|"
    r"must be (greater|less) than or equal to [-\d]+"
)


def refusal(tmp_path: Path, content: str | bytes) -> str:
    """Return why the job refuses this file; it must do so before it looks at either folder."""
    path = tmp_path / "broken.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return refusal_of(tmp_path, path)


def refusal_of(tmp_path: Path, config: Path) -> str:
    folders = ["--src-path", str(tmp_path / "absent"), "--dest-path", str(tmp_path / "dest")]
    with pytest.raises(UsageError) as caught:
        job(parser().parse_args(["--task-config", str(config), *folders]))
    assert caught.value.exit_code == 2
    assert not (tmp_path / "dest").exists(), f"accepted, and went on to: {caught.value}"
    return str(caught.value)


def with_fault(good: str, bad: str) -> str:
    assert GOOD.count(good) == 1
    return GOOD.replace(good, bad)


def test_the_shipped_configuration_holds_exactly_this() -> None:
    assert load_process("section1_process.yaml") == SHIPPED


def test_the_shipped_rules_are_the_membership_policy() -> None:
    rules = load_process("section1_process.yaml").rules
    assert (rules.email_endings, rules.date_shapes) == (oracle.EMAIL_ENDINGS, oracle.DATE_SHAPES)
    assert latest_adult_birthday(rules) == oracle.LAST_ADULT_BIRTHDAY


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_the_same_values_load_with_any_line_end_and_mark(tmp_path: Path, mark: bytes, line_end: bytes) -> None:
    path = tmp_path / "same.yaml"
    path.write_bytes(mark + GOOD.encode().replace(b"\n", line_end))
    assert load_process(str(path)) == SHIPPED


@pytest.mark.parametrize("master", ["local", "local[4]", "spark://host:7077", "yarn", "k8s://https://host:443"])
def test_every_kind_of_master_is_accepted(tmp_path: Path, master: str) -> None:
    path = tmp_path / "good.yaml"
    path.write_text(with_fault("local[*]", master))
    assert load_process(str(path)).spark.master == master


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        (
            "engine: spark",
            "engine: sparc",
            "engine: unknown value 'sparc'. Did you mean 'spark'? Allowed: spark, duckdb.",
        ),
        ("engine: spark", "engine: pandas", "engine: unknown value 'pandas'. Allowed: spark, duckdb."),
        ("engine: spark", "engine: true", "engine: unknown value 'true'. Allowed: spark, duckdb."),
        ("engine: spark", "engin: spark", f"engin: unknown key. Did you mean 'engine'? Allowed: {TOP}."),
        ("parts: 1", "part: 1", f"part: unknown key. Did you mean 'parts'? Allowed: {TOP}."),
        (
            "  master:",
            "  mastr:",
            "spark.mastr: unknown key. Did you mean 'master'? Allowed: master, driver_memory.",
        ),
        (
            "adult_age:",
            "adultage:",
            f"rules.adultage: unknown key. Did you mean 'adult_age'? Allowed: {OF_RULES}.",
        ),
        ("parts: 1", "parts: 1\nextra: 1", f"extra: unknown key. Allowed: {TOP}."),
        ("parts: 1", "parts: 0", "parts: must be greater than or equal to 1, got '0'."),
        ("adult_age: 18", "adult_age: 151", "rules.adult_age: must be less than or equal to 150, got '151'."),
        ("adult_age: 18", "adult_age: eighteen", "rules.adult_age: expected an integer such as 18, got 'eighteen'."),
        (
            "as_of: 2022-01-01",
            "as_of: 2022-13-01",
            "rules.as_of: expected a date since 1900 such as 2022-01-01, got '2022-13-01'.",
        ),
        ("Asia/Singapore", "Singapur", "time_zone: expected a time zone such as Asia/Singapore, got 'Singapur'."),
        ("512MB", "1g", "duckdb.memory_limit: expected an amount of memory for DuckDB such as 512MB, got '1g'."),
        (
            "driver_memory: 1g",
            "driver_memory: 1GB",
            "spark.driver_memory: expected an amount of memory for Java such as 1g, got '1GB'.",
        ),
        (
            "[com, net]",
            "[com, .net]",
            "rules.email_endings.1: expected the last label of a host such as com, got '.net'.",
        ),
        ("[com, net]", "[]", "rules.email_endings: expected at least one ending such as [com, net], got []."),
        (ALL_SHAPES, "date_shapes: []", "rules.date_shapes: expected at least one shape such as [yyyy-MM-dd], got []."),
        (
            ALL_SHAPES,
            "date_shapes: [MM/dd/yyyy, dd/MM/yyyy]",
            "rules.date_shapes: MM/dd/yyyy and dd/MM/yyyy cannot be told apart. Keep one.",
        ),
        (
            "dd-MM-yyyy",
            "dd.MM.yyyy",
            f"rules.date_shapes.3: unknown value 'dd.MM.yyyy'. Did you mean 'dd/MM/yyyy'? Allowed: {SHAPES}.",
        ),
        ("parts: 1", "parts: 1\nparts: 2", "line 6: duplicate key 'parts'."),
        ("  adult_age: 18", "  as_of: 2022-01-01", "line 13: duplicate key 'as_of'."),
        ("parts: 1", "\tparts: 1", "line 5: found character '\\t' that cannot start any token."),
        ("engine: spark", "engine: 'spark", "line 16: found unexpected end of stream."),
        ("engine: spark", "engine: spark: duckdb", "line 1: mapping values are not allowed here."),
        ("parts: 1", "parts: *one", "line 5: found undefined alias 'one'."),
        ("parts: 1", "parts: &one [*one]", "line 5: found unconstructable recursive node."),
        ("engine: spark", "---\n---\nengine: spark", "line 2: but found another document."),
        ("parts: 1", "parts: \x07", "contains a character that YAML does not allow."),
    ],
)
def test_a_fault_is_told_in_exactly_this_line(tmp_path: Path, good: str, bad: str, said: str) -> None:
    assert refusal(tmp_path, with_fault(good, bad)) == f"broken.yaml: {said}"


WRONG: list[tuple[str, str, object]] = [
    *(("engine: spark", "engine", value) for value in ("", "null", "Spark", ["spark"], {"spark": "1"})),
    *((GOOD.splitlines()[1], "source", value) for value in ("", "  ", ["src"], {"a": "b"})),
    *((GOOD.splitlines()[2], "destination", value) for value in ("", "null", ["dest"], {"a": "b"})),
    *(("time_zone: Asia/Singapore", "time_zone", value) for value in ("", "Asia", "../UTC", "+08:00", ["UTC"])),
    *(("parts: 1", "parts", value) for value in ("", "one", "1.5", "true", "0x10", "-1", "1001", ["1"])),
    *((SPARK, "spark", value) for value in ("", "local", ["master"])),
    *(("  master: local[*]", "spark.master", value) for value in ("", "lokal", "local[0]", "spark//a", ["yarn"])),
    *(("  driver_memory: 1g", "spark.driver_memory", value) for value in ("1", "0g", "1t", "g", "-1g", ["1g"])),
    *(("  memory_limit: 512MB", "duckdb.memory_limit", value) for value in ("512", "80%", "1gb", {"MB": "512"})),
    *(("  as_of: 2022-01-01", "rules.as_of", value) for value in ("2022-1-1", "2022-02-29", "01/01/2022")),
    *(("  as_of: 2022-01-01", "rules.as_of", value) for value in ("", "today", "20220101", "1899-12-31", ["2022"])),
    *(("  adult_age: 18", "rules.adult_age", value) for value in ("", "-1", "18.5", "false", {"years": "18"})),
    *(("  email_endings: [com, net]", "rules.email_endings", value) for value in ("", "com", {"com": "net"})),
    *((f"  {ALL_SHAPES}", "rules.date_shapes", value) for value in ("", "yyyy-MM-dd", {"a": "yyyy-MM-dd"})),
]


@pytest.mark.parametrize(("good", "key", "value"), WRONG)
def test_a_wrong_value_is_named_with_its_key_and_what_is_allowed(
    tmp_path: Path, good: str, key: str, value: object
) -> None:
    indent = " " * 2 * key.count(".")
    line = refusal(tmp_path, with_fault(good, f"{indent}{key.split('.')[-1]}: {as_yaml(value)}\n"))
    assert "\n" not in line
    assert line.startswith(f"broken.yaml: {key}: ")
    assert repr(value) in line
    assert SAYS_WHAT_IS_ALLOWED.search(line), line


def as_yaml(value: object) -> str:
    """Write text that needs no quotes bare, so that it is what a person would write."""
    if isinstance(value, str):
        return value if re.fullmatch("[^ \0]+", value) else f'"{value}"'.replace("\0", "\\0")
    return str(value)


@pytest.mark.parametrize("line", [line for line in GOOD.splitlines() if not line.endswith(":")])
def test_every_key_is_needed(tmp_path: Path, line: str) -> None:
    key = line.split(":")[0]
    parents = re.findall(r"^(\w+):$", GOOD[: GOOD.index(line)], re.MULTILINE) if key.startswith(" ") else []
    without = with_fault(f"{line}\n", "").replace("duckdb:\nrules", "duckdb: {}\nrules")
    assert refusal(tmp_path, without) == (
        f"broken.yaml: {'.'.join([*parents[-1:], key.strip()])}: missing key. Add it."
    )


@pytest.mark.parametrize("part", ["spark", "duckdb", "rules"])
def test_every_group_of_keys_is_needed(tmp_path: Path, part: str) -> None:
    without = re.sub(rf"^{part}:\n(  .*\n)+", "", GOOD, flags=re.MULTILINE)
    assert refusal(tmp_path, without) == f"broken.yaml: {part}: missing key. Add it."


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (GOOD.encode("utf-16"), "not UTF-8 text. Save it as UTF-8."),
        (GOOD.replace("Singapore", "Besançon").encode("latin-1"), "not UTF-8 text. Save it as UTF-8."),
        (b"- engine\n- spark\n", f"expected keys with values, got ['engine', 'spark']. Allowed: {TOP}."),
        (b"spark\n", f"expected keys with values, got 'spark'. Allowed: {TOP}."),
        (b"PK\x03\x04\x00", "contains a character that YAML does not allow."),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    assert refusal(tmp_path, content) == f"broken.yaml: {said}"


@pytest.mark.parametrize("content", ["", "\n\n", "# nothing but a comment\n"])
def test_an_empty_file_is_one_fault_and_takes_one_line(tmp_path: Path, content: str) -> None:
    line = refusal(tmp_path, content)
    assert "\n" not in line
    assert line.startswith("broken.yaml: expected keys with values, ")


def test_a_missing_file_is_named_with_the_option_that_names_another(tmp_path: Path) -> None:
    path = tmp_path / "absent.yaml"
    assert refusal_of(tmp_path, path) == f"{path}: No such file or directory. Pass another file with --task-config."


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert refusal_of(tmp_path, tmp_path) == f"{tmp_path}: Is a directory. Pass another file with --task-config."
