"""The command line: help, options, summaries and exit codes."""

import fcntl
import os
import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from section1.config import CONF
from section1.test.command import (
    COMMAND,
    CONFIG,
    HEAVY,
    PATHS,
    Ran,
    error,
    figures_of,
    imported_by,
    run,
    run_cli,
    run_job,
)
from section1.test.support import BATCH, application, csv_of, everything_in, published, rows_of, write_files

pytestmark = pytest.mark.integration

OPTIONS = [
    *("-h, --help", "--task-config", "--engine", "--master", "--batch", "--src-path", "--dest-path"),
    *("--reprocess", "--dry-run", "--compare"),
]
NO_EMAIL = b"name,date_of_birth,mobile_no\nAda Lim,1990-12-10,91234567\n"
NOTHING_TO_DO = f"Batch {BATCH} is published and no file is new. Nothing to do.\n"
SHIPPED = (CONF / "section1_process.yaml").read_text()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A directory whose src holds one file of one successful row."""
    write_files(tmp_path / "src", {"a.csv": csv_of(application())})
    return tmp_path


def require_refusal(ran: Ran, line: str, directory: Path) -> None:
    """Require exit code 2, exactly this line and no destination."""
    assert ran == (2, "", line)
    assert not (directory / "dest").exists()


def test_help_shows_options_example_and_exit_codes(tmp_path: Path) -> None:
    ran = run_cli(tmp_path, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert re.findall(r"^  (-h, --help|--[-a-z]+)", ran.out, re.MULTILINE) == OPTIONS
    assert "example:\n  ./section1_runner.sh run --src-path my/applications --dest-path my/results\n" in ran.out
    codes = ran.out.partition("exit codes:\n")[2]
    assert re.findall(r"^  (\d+) ", codes, re.MULTILINE) == ["0", "1", "2", "3", "75"]
    options = ran.out.partition("options:\n")[2].partition("\nexample")[0]
    described = re.sub(r"\n {10,}", "  ", options).strip().splitlines()
    assert all(re.fullmatch(r" *-.*?  +\w.*", line) for line in described)


@pytest.mark.parametrize("arguments", [["--help"], ["--engine", "pandas"]])
def test_help_and_bad_arguments_import_nothing_heavy(arguments: list[str]) -> None:
    modules = imported_by(COMMAND[1], *arguments)
    assert "common.cli" in modules
    assert modules & HEAVY == set()


def test_run_on_duckdb_imports_neither_spark_nor_rich(directory: Path) -> None:
    modules = imported_by(COMMAND[1], *CONFIG, "--engine", "duckdb", *PATHS, directory=directory)
    assert "section1.core.summary" in modules
    assert modules & HEAVY == HEAVY - {"pyspark", "rich"}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--engine", "pandas"], "argument --engine: invalid choice: 'pandas' (choose from 'spark', 'duckdb')"),
        (["--dry"], "unrecognized arguments: --dry"),
        (["more"], "unrecognized arguments: more"),
        (["--batch"], "argument --batch: expected one argument"),
    ],
)
def test_unknown_argument_is_refused_in_one_line(directory: Path, arguments: list[str], problem: str) -> None:
    require_refusal(run_job(directory, *arguments), f"section1_manage.py: {problem}. See --help.\n", directory)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--batch", "2026-11-23T24"], "--batch: expected an hour such as 2026-11-23T16, got '2026-11-23T24'."),
        (["--batch", "2026-11-23T16-2"], "--batch: expected an hour such as 2026-11-23T16, got '2026-11-23T16-2'."),
        (
            ["--batch", "2026-11-23", "--reprocess"],
            "--batch: expected an hour such as 2026-11-23T16, got '2026-11-23'.",
        ),
        (
            ["--engine", "spark", "--master", "lokal"],
            "--master: expected a Spark master such as spark://host:7077, got 'lokal'.",
        ),
        (["--master", "local[1]"], "--master: not allowed with --engine duckdb. Remove one of the two."),
        (
            ["--task-config", "mine.yaml"],
            "mine.yaml: engine: unknown value 'sparc'. Did you mean 'spark'? Allowed: spark, duckdb.",
        ),
    ],
)
def test_invalid_value_is_refused_in_one_line(directory: Path, arguments: list[str], problem: str) -> None:
    (directory / "mine.yaml").write_text(SHIPPED.replace("engine: spark ", "engine: sparc "))
    require_refusal(run_job(directory, *arguments), error(problem), directory)


def test_reprocess_without_batch_is_refused(directory: Path) -> None:
    problem = "--reprocess: missing --batch. Name the batch to replace, such as --batch 2026-11-23T16."
    require_refusal(run_cli(directory, *CONFIG, *PATHS, "--reprocess"), error(problem), directory)


@pytest.mark.parametrize("source", ["absent", "src/a.csv"])
def test_source_path_must_be_a_directory(directory: Path, source: str) -> None:
    problem = f"{directory}/{source}: no such directory. Pass another one with --src-path."
    assert run_job(directory, "--src-path", source) == (2, "", error(problem))
    assert published(directory / "dest") == []


def test_unwritable_destination_fails_in_one_line(directory: Path) -> None:
    (directory / "file").touch()
    problem = f"{directory}/file/dest: Not a directory. Nothing was published."
    assert run_job(directory, "--dest-path", "file/dest") == (1, "", error(problem))


@pytest.mark.slow
def test_unreachable_master_fails_and_publishes_nothing(directory: Path) -> None:
    ran = run_job(directory, "--master", "spark://127.0.0.1:9", engine="spark")
    problem = (
        "spark://127.0.0.1:9: no Spark master answered, or no executor stayed alive. Nothing was published. "
        "Read the logs of the master and the workers, or pass another --master."
    )
    assert (ran.code, f"{ran.err.splitlines()[-1]}\n") == (1, error(problem))
    assert published(directory / "dest") == []


def test_relative_paths_start_at_the_working_directory(directory: Path) -> None:
    ran = run_job(directory)
    assert (ran.code, ran.err, published(directory / "dest")) == (0, "", [BATCH])
    assert rows_of(directory / "dest" / "successful_application" / BATCH) == [
        ("Ada", "Lim", "19901210", "91234567", "ada@lim.com", "true", "Lim_1218b")
    ]
    reports = [f"report/{BATCH}.json", f"report/{BATCH}.html"]
    paths = [f"successful_application/{BATCH}", f"unsuccessful_application/{BATCH}", *reports]
    assert ran.out.splitlines()[-4:] == [f"  {directory}/dest/{path}" for path in paths]


def test_task_config_may_be_a_path(directory: Path) -> None:
    (directory / "mine.yaml").write_text(SHIPPED.replace("parts: 1 ", "parts: 3 "))
    assert run_job(directory, "--task-config", "mine.yaml").code == 0
    parts = ["part-00000.csv", "part-00001.csv", "part-00002.csv"]
    assert sorted(part.name for part in (directory / "dest" / "successful_application" / BATCH).iterdir()) == parts


def test_default_batch_is_the_hour_in_the_configured_zone(directory: Path) -> None:
    def hour() -> str:
        return datetime.now(ZoneInfo("Asia/Singapore")).strftime("%Y-%m-%dT%H")

    before = hour()
    assert run_cli(directory, *CONFIG, "--engine", "duckdb", *PATHS).code == 0
    assert published(directory / "dest") in ([before], [hour()])


def test_destination_locked_by_another_run_exits_75(directory: Path) -> None:
    (directory / "dest").mkdir()
    with (directory / "dest" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = run_job(directory)
    assert ran == (75, "", error(f"{directory}/dest: another run is in progress. Wait until it ends."))
    assert published(directory / "dest") == []


def test_full_standard_output_does_not_fail_a_published_run(directory: Path) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        ran = run([*COMMAND, *CONFIG, "--engine", "duckdb", "--batch", BATCH, *PATHS], directory, stdout=full)
    finally:
        os.close(full)
    assert (ran.code, published(directory / "dest")) == (0, [BATCH])
    assert "Nothing was published" not in ran.err


@pytest.mark.parametrize("name", ["no email.csv", "a [copy].csv", "a:warning:.csv"])
def test_refused_file_is_listed_and_the_others_are_published(directory: Path, name: str) -> None:
    write_files(directory / "src", {"a.csv": csv_of(application()), name: NO_EMAIL, "nothing.csv": b""})
    ran = run_job(directory)
    figures = figures_of(ran.out)
    assert (ran.code, ran.err, published(directory / "dest")) == (3, "", [BATCH])
    assert (figures["files read"], figures["files refused"], figures["successful"]) == ("1", "2", "1")
    assert (figures[name], figures["nothing.csv"]) == ("column 'email' is missing", "empty file")


def test_only_refused_files_publish_nothing(directory: Path) -> None:
    write_files(directory / "src", {"a.csv": NO_EMAIL, "b.csv": b""})
    problems = "a.csv: column 'email' is missing; b.csv: empty file"
    problem = f"no file can be read: {problems}. Nothing was published. Fix or remove the files."
    assert run_job(directory) == (1, "", error(problem))
    assert published(directory / "dest") == []


def test_second_run_without_new_file_changes_nothing(directory: Path) -> None:
    assert run_job(directory).code == 0
    before = everything_in(directory / "dest")
    assert run_job(directory) == (0, NOTHING_TO_DO, "")
    (directory / "src" / "b.csv").write_bytes(NO_EMAIL)
    assert run_job(directory) == (3, f"{NOTHING_TO_DO}refused: b.csv: column 'email' is missing\n", "")
    assert everything_in(directory / "dest") == before


def test_reprocess_of_an_absent_batch_publishes_it(directory: Path) -> None:
    ran = run_job(directory, "--reprocess")
    assert (ran.code, ran.out.splitlines()[0].strip()) == (0, f"batch {BATCH}: published, none replaced")
