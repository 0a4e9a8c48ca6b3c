"""The command as its users type it: what it takes, what it refuses, and with which exit code."""

import fcntl
import os
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from common.paths import ROOT
from section1.config import CONF
from section1.test.support import BATCH, application, csv_of, rows_of, write_files

COMMAND = [sys.executable, str(ROOT / "section1_manage.py")]
OPTIONS = [
    "-h, --help",
    "--task-config",
    "--engine",
    "--master",
    "--batch",
    "--src-path",
    "--dest-path",
    "--reprocess",
    "--dry-run",
    "--compare",
]
HEAVY = {"pydantic", "duckdb", "pyspark", "pyarrow", "sqlglot", "yaml", "rich", "section1.main"}
WIDE = {"COLUMNS": "300"}
SHORT_RUN = "-XX:TieredStopAtLevel=1 -XX:-UsePerfData"  # Java compiles less when it will not run for long


class Ran(NamedTuple):
    """How the command ended."""

    code: int
    out: str
    err: str


def command(*arguments: str, folder: Path, python: tuple[str, ...] = ()) -> Ran:
    """Run the command in `folder` with these arguments alone."""
    words = [COMMAND[0], *python, COMMAND[1], *arguments]
    ran = subprocess.run(words, cwd=folder, env=os.environ | WIDE, capture_output=True, text=True)
    return Ran(ran.returncode, ran.stdout, without_progress(ran.stderr))


def without_progress(text: str) -> str:
    """Drop the line that a slow machine sees every ten seconds."""
    return re.sub(r"^\w.* \.\.\. \d+ s\n", "", text, flags=re.MULTILINE)


def manage(folder: Path, *arguments: str, batch: str = BATCH) -> Ran:
    """Publish folder/src to folder/dest on DuckDB; later arguments win over these."""
    paths = ["--src-path", "src", "--dest-path", "dest"]
    shipped = ["--task-config", "section1_process.yaml", "--engine", "duckdb", "--batch", batch]
    return command(*shipped, *paths, *arguments, folder=folder)


def manage_on_spark(folder: Path, *arguments: str) -> Ran:
    """Publish folder/src to folder/dest on the engine that is configured."""
    shipped = ["--task-config", "section1_process.yaml", "--batch", BATCH, "--src-path", "src", "--dest-path", "dest"]
    return command(*shipped, *arguments, folder=folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose src holds one file of one good row."""
    write_files(tmp_path / "src", {"a.csv": csv_of(application())})
    return tmp_path


def published(folder: Path) -> list[str]:
    """Return the names of the batches that count."""
    return sorted(path.stem for path in (folder / "dest" / "report").glob("*.json"))


def test_help_shows_every_option_an_example_and_the_exit_codes(tmp_path: Path) -> None:
    ran = command("--help", folder=tmp_path)
    assert (ran.code, ran.err) == (0, "")
    assert re.findall(r"^  (-h, --help|--[-a-z]+)", ran.out, re.MULTILINE) == OPTIONS
    assert "example:\n  ./section1_runner.sh run --src-path my/applications --dest-path my/results\n" in ran.out
    codes = ran.out.partition("exit codes:\n")[2]
    assert re.findall(r"^  (\d+) ", codes, re.MULTILINE) == ["0", "1", "2", "3", "75"]


def test_every_option_in_the_help_says_what_it_does(tmp_path: Path) -> None:
    options = command("--help", folder=tmp_path).out.partition("options:\n")[2].partition("\nexample")[0]
    one_line_each = re.sub(r"\n {10,}", "  ", options).strip().splitlines()
    assert len(one_line_each) == len(OPTIONS)
    assert all(re.fullmatch(r" *-.*?  +\w.*", line) for line in one_line_each)


def imported(ran: Ran) -> set[str]:
    """Return the modules that a command under -X importtime has told of."""
    return {line.split("|")[-1].strip() for line in ran.err.splitlines() if line.startswith("import time:")}


@pytest.mark.parametrize("arguments", [["--help"], ["--engine", "pandas"], []])
def test_help_and_a_mistyped_argument_import_nothing_heavy(tmp_path: Path, arguments: list[str]) -> None:
    modules = imported(command(*arguments, folder=tmp_path, python=("-X", "importtime")))
    assert "common.cli" in modules
    assert modules & HEAVY == set()


def test_a_run_on_duckdb_imports_nothing_that_it_can_do_without(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.csv": csv_of(application())})
    shipped = ["--task-config", "section1_process.yaml", "--engine", "duckdb"]
    folders = ["--src-path", str(tmp_path), "--dest-path", str(tmp_path / "dest")]
    modules = imported(command(*shipped, *folders, folder=tmp_path, python=("-X", "importtime")))
    assert "section1.core.summary" in modules
    assert modules & HEAVY == HEAVY - {"pyspark", "rich"}


@pytest.mark.parametrize(
    "batch",
    [
        *("", "x", "2026-11-23", "2026-11-23T24", "2026-11-23T1", "2026-11-23 16", "2026-13-01T00", "2026-02-29T00"),
        *("0000-01-01T00", "2026-11-23T16-2", "../2026-11-23T16", "２０２６-11-23T16", "2026-11-23T16\n"),
    ],
)
def test_a_batch_that_is_no_hour_is_refused_in_one_line(folder: Path, batch: str) -> None:
    ran = manage(folder, batch=batch)
    assert ran == (2, "", f"section1_manage.py: --batch: {batch!r} is no hour (e.g. 2026-11-23T16)\n")
    assert not (folder / "dest").exists()


@pytest.mark.parametrize("batch", ["2026-11-23", "2026-11-23T16-1", "2026-11-23T16-02"])
def test_a_batch_to_replace_must_have_the_name_of_one(folder: Path, batch: str) -> None:
    ran = manage(folder, "--reprocess", batch=batch)
    assert ran == (2, "", f"section1_manage.py: --batch: {batch!r} is no hour (e.g. 2026-11-23T16)\n")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--engine", "pandas"], "argument --engine: invalid choice: 'pandas' (choose from 'spark', 'duckdb')"),
        (["--colour"], "unrecognized arguments: --colour"),
        (["--dry"], "unrecognized arguments: --dry"),
        (["more"], "unrecognized arguments: more"),
        (["--batch"], "argument --batch: expected one argument"),
    ],
)
def test_a_mistaken_argument_is_refused_in_one_line(folder: Path, arguments: list[str], problem: str) -> None:
    ran = manage(folder, *arguments)
    assert ran == (2, "", f"section1_manage.py: {problem}. See --help.\n")
    assert not (folder / "dest").exists()


@pytest.mark.parametrize("master", ["", "lokal", "spark:/host", "host:7077", "spark://a b"])
def test_a_master_that_is_none_is_refused_in_one_line(folder: Path, master: str) -> None:
    ran = manage_on_spark(folder, "--master", master)
    assert ran == (2, "", f"section1_manage.py: --master: {master!r} is no Spark master (e.g. spark://host:7077)\n")
    assert not (folder / "dest").exists()


def test_a_master_is_for_spark(folder: Path) -> None:
    ran = manage(folder, "--master", "local[1]")
    assert ran == (2, "", "section1_manage.py: --master: is for Spark; leave --engine duckdb out\n")


def test_a_master_nobody_answers_at_fails_in_one_line_and_publishes_nothing(folder: Path) -> None:
    ran = manage_on_spark(folder, "--master", "spark://127.0.0.1:9")
    gone = (
        "no Spark master answered, or no executor stayed alive. Nothing was published. "
        "Read the logs of the master and the workers, or pass another --master."
    )
    assert (ran.code, ran.err.splitlines()[-1]) == (1, f"section1_manage.py: spark://127.0.0.1:9: {gone}")
    assert published(folder) == []


def test_the_configuration_must_be_named(tmp_path: Path) -> None:
    problem = "the following arguments are required: --task-config"
    assert command(folder=tmp_path) == (2, "", f"section1_manage.py: {problem}. See --help.\n")


def test_a_configuration_that_is_nowhere_is_refused_in_one_line(folder: Path) -> None:
    ran = manage(folder, "--task-config", "section1_proces.yaml")
    problem = "section1_proces.yaml: No such file or directory. Pass another file with --task-config."
    assert ran == (2, "", f"section1_manage.py: {problem}\n")


def test_a_broken_configuration_is_refused_in_one_line(folder: Path) -> None:
    broken = (CONF / "section1_process.yaml").read_text().replace("engine: spark ", "engine: sparc ")
    (folder / "mine.yaml").write_text(broken)
    ran = manage(folder, "--task-config", "mine.yaml")
    problem = "mine.yaml: engine: unknown value 'sparc'. Did you mean 'spark'? Allowed: spark, duckdb."
    assert ran == (2, "", f"section1_manage.py: {problem}\n")


def test_to_replace_a_batch_one_must_name_it(folder: Path) -> None:
    arguments = ["--task-config", "section1_process.yaml", "--src-path", "src", "--dest-path", "dest", "--reprocess"]
    problem = "--reprocess: name the batch to replace with --batch, such as --batch 2026-11-23T16"
    assert command(*arguments, folder=folder) == (2, "", f"section1_manage.py: {problem}\n")


def test_a_missing_source_folder_is_refused_with_the_option_that_names_another(folder: Path) -> None:
    ran = manage(folder, "--src-path", "absent")
    assert ran == (2, "", f"section1_manage.py: {folder}/absent: no such folder; give another one with --src-path\n")
    assert published(folder) == []


def test_a_file_is_no_source_folder(folder: Path) -> None:
    ran = manage(folder, "--src-path", "src/a.csv")
    assert ran == (2, "", f"section1_manage.py: {folder}/src/a.csv: no such folder; give another one with --src-path\n")


def test_a_destination_that_cannot_be_written_fails_in_one_line(folder: Path) -> None:
    (folder / "file").touch()
    ran = manage(folder, "--dest-path", "file/dest")
    assert ran == (1, "", f"section1_manage.py: {folder}/file/dest: Not a directory. Nothing was published.\n")


def test_folders_are_relative_to_the_callers_own(folder: Path) -> None:
    ran = manage(folder)
    assert (ran.code, ran.err) == (0, "")
    assert published(folder) == [BATCH]
    assert rows_of(folder / "dest" / "successful_application" / BATCH) == [
        ("Ada", "Lim", "19901210", "91234567", "ada@lim.com", "true", "Lim_1218b")
    ]
    reports = [f"report/{BATCH}.json", f"report/{BATCH}.html"]
    places = [f"successful_application/{BATCH}", f"unsuccessful_application/{BATCH}", *reports]
    assert ran.out.splitlines()[-4:] == [f"  {folder}/dest/{place}" for place in places]


def test_a_configuration_may_be_named_by_its_path(folder: Path) -> None:
    (folder / "mine.yaml").write_text((CONF / "section1_process.yaml").read_text().replace("parts: 1 ", "parts: 3 "))
    assert manage(folder, "--task-config", "mine.yaml").code == 0
    parts = ["part-00000.csv", "part-00001.csv", "part-00002.csv"]
    assert sorted(part.name for part in (folder / "dest" / "successful_application" / BATCH).iterdir()) == parts


def test_without_a_batch_the_hour_in_the_configured_time_zone_is_made(folder: Path) -> None:
    def hour() -> str:
        return datetime.now(ZoneInfo("Asia/Singapore")).strftime("%Y-%m-%dT%H")

    before = hour()
    arguments = ["--task-config", "section1_process.yaml", "--engine", "duckdb", "--src-path", "src"]
    assert command(*arguments, "--dest-path", "dest", folder=folder).code == 0
    assert published(folder) in ([before], [hour()])


def test_another_run_at_work_is_75_in_one_line(folder: Path) -> None:
    (folder / "dest").mkdir()
    with (folder / "dest" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = manage(folder)
    assert ran == (75, "", f"section1_manage.py: {folder}/dest: another run is in progress. Wait until it ends.\n")
    assert published(folder) == []


def test_a_table_that_cannot_be_printed_does_not_deny_what_was_published(folder: Path) -> None:
    arguments = ["--task-config", "section1_process.yaml", "--engine", "duckdb", "--batch", BATCH]
    with Path("/dev/full").open("w") as full:
        words = [*COMMAND, *arguments, "--src-path", "src", "--dest-path", "dest"]
        ran = subprocess.run(words, cwd=folder, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (ran.returncode, published(folder)) == (0, [BATCH])
    assert "nothing was published" not in ran.stderr
