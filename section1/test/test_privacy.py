"""An applicant's values are in the published CSVs and nowhere else, whatever fails."""

import re
import sys
from pathlib import Path

import pytest

from common.paths import ROOT
from section1.test.command import COMMAND, CONFIG, PROGRAM, QUICK_JAVA, error, run
from section1.test.personal_data import APPLICANT, LABELLED, REFUSED, SECRETS, personal_data_in
from section1.test.support import BATCH, csv_of, write_files

pytestmark = pytest.mark.integration

PLAIN = {"plain.csv": csv_of(*[APPLICANT] * 2000)}
STAGED = {"staged.csv": csv_of(*[APPLICANT] * 2000, f'"{APPLICANT}" x')}


def printed(directory: Path, *arguments: str, command: list[str] = COMMAND) -> tuple[int, str]:
    """Label directory/src; return the exit code and everything that was printed."""
    paths = ["--src-path", str(directory / "src"), "--dest-path", str(directory / "dest")]
    java = f"{QUICK_JAVA} -Djava.io.tmpdir={directory}"
    environment = {"JAVA_TOOL_OPTIONS": java, "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(directory)}
    ran = run([*command, *CONFIG, "--batch", BATCH, "--engine", "duckdb", *paths, *arguments], ROOT, environment)
    return ran.code, ran.out + ran.err


def failing(directory: Path, way: str, *arguments: str) -> tuple[int, str]:
    return printed(directory, *arguments, command=[sys.executable, "-m", "section1.test.failing_engine", way])


def personal_data_left(directory: Path) -> list[str]:
    """Return the applicant's values in names and contents of all files but the input and the published CSVs."""
    paths = [path for path in directory.rglob("*") if path.is_file() and path.parent != directory / "src"]
    others = [path for path in paths if path.suffix != ".csv" or directory / "dest" not in path.parents]
    return personal_data_in("\n".join(f"{path}\n{path.read_bytes().decode('utf-8', 'replace')}" for path in others))


def test_batch_has_every_value_in_its_csvs_only(tmp_path: Path) -> None:
    write_files(tmp_path / "src", LABELLED | REFUSED)
    code, output = printed(tmp_path)
    assert (code, personal_data_in(output), personal_data_left(tmp_path)) == (3, [], [])
    parts = (tmp_path / "dest").rglob("part-*.csv")
    assert personal_data_in("".join(part.read_text() for part in parts)) == list(SECRETS)
    assert '"shared_membership_ids": 1\n' in (tmp_path / "dest" / "report" / f"{BATCH}.json").read_text()
    for arguments in (["--dry-run"], [], ["--reprocess"], ["--batch", "2026-11-23T17"]):
        code, output = printed(tmp_path, *arguments)
        assert (code, personal_data_in(output)) == (3, [])
    assert personal_data_left(tmp_path) == []


@pytest.mark.parametrize("names", [list(REFUSED)[:3], list(REFUSED)[3:]])
def test_refused_files_are_not_quoted(tmp_path: Path, names: list[str]) -> None:
    write_files(tmp_path / "src", {name: REFUSED[name] for name in names})
    code, output = printed(tmp_path)
    assert (code, output.startswith(f"{PROGRAM}: no file can be read: {names[0]}: ")) == (1, True)
    assert (personal_data_in(output), personal_data_left(tmp_path)) == ([], [])


@pytest.mark.parametrize(
    ("way", "files", "line"),
    [
        ("engine error", PLAIN, "duckdb: No space left on device. Nothing was published."),
        ("ragged lines", PLAIN, "duckdb: InvalidInputException. Nothing was published."),
        ("garbage", STAGED, "duckdb: InvalidInputException. Nothing was published."),
        ("full disk", PLAIN, "duckdb: File too large. Nothing was published."),
    ],
)
def test_failing_engine_is_not_quoted(tmp_path: Path, way: str, files: dict[str, bytes], line: str) -> None:
    write_files(tmp_path / "src", files)
    assert failing(tmp_path, way) == (1, error(line))
    assert personal_data_left(tmp_path) == []


@pytest.mark.parametrize(
    ("way", "text"),
    [
        ("unexpected error", "This is a bug"),
        ("file error without a file", "input or output: OSError"),
        ("full disk while staging", "File too large"),
    ],
)
def test_other_errors_quote_nothing_in_their_one_line(tmp_path: Path, way: str, text: str) -> None:
    varied = (f"{APPLICANT}{number}" for number in range(5000))
    write_files(tmp_path / "src", {"a.csv": csv_of(*varied, f'"{APPLICANT}" x')})
    code, output = failing(tmp_path, way)
    assert (code, output.count("\n"), output.startswith(f"{PROGRAM}: "), text in output) == (1, 1, True, True)
    assert (personal_data_in(output), personal_data_left(tmp_path)) == ([], [])


@pytest.mark.slow
def test_failing_spark_is_not_quoted(tmp_path: Path) -> None:
    write_files(tmp_path / "src", PLAIN)
    code, output = failing(tmp_path, "ragged lines", "--engine", "spark")
    assert (code, personal_data_in(output), personal_data_left(tmp_path)) == (1, [], [])
    assert re.fullmatch(rf"{PROGRAM}: spark: \w+. Nothing was published.\n", output)
