"""--dry-run and --compare read and report, and leave every byte, name and date unchanged."""

import fcntl
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from common.paths import ROOT
from section1.config import CONF, ProcessConfig
from section1.test.command import COMMAND, CONFIG, PATHS, QUICK_JAVA, Ran, figures_of, run, unprivileged
from section1.test.engines import SPARK_IF_SLOW
from section1.test.support import BATCH, Tree, application, config_for, csv_of, publish, tree, write_files

DIFFICULT = {
    "bom.csv": b"\xef\xbb\xbf" + csv_of(application()),
    "crlf.CSV": csv_of(application()).replace(b"\n", b"\r\n"),
    "empty.csv": b"",
    "plain.csv": csv_of(application(), application(mobile_no="1")),
    "quotes.csv": csv_of(application(name='"Lim, Ada"'), "a,b", '"open'),
}
ALL_READ = {
    **{"files read": "4", "files skipped, already in a batch": "0", "files refused": "1"},
    **{"rows in": "7", "successful": "4", "unsuccessful": "3"},
    **{"row_malformed": "2", "name_missing": "0", "mobile_invalid": "1", "birthday_missing": "0"},
    **{"birthday_invalid": "0", "under_18": "0", "email_invalid": "0"},
}


def run_in(directory: Path, *command: str) -> Ran:
    """Run a command whose temporary files are in directory/tmp."""
    temporary = str(directory / "tmp")
    java = f"{QUICK_JAVA} -Djava.io.tmpdir={temporary}"
    return run(command, directory, {"JAVA_TOOL_OPTIONS": java, "TMPDIR": temporary, "PYTHONDONTWRITEBYTECODE": "1"})


def job_in(directory: Path, *arguments: str) -> Ran:
    return run_in(directory, *unprivileged(), *COMMAND, *CONFIG, "--engine", "duckdb", "--batch", BATCH, *arguments)


def checksums(everything: Tree) -> dict[str, str]:
    """Leave out modes and times, which differ for the temporary directory while a run uses it."""
    return {name: checksum for name, (_, _, checksum) in everything.items()}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A directory with the difficult files in src, an empty tmp and a stricter configuration."""
    (tmp_path / "tmp").mkdir()
    (tmp_path / "strict.yaml").write_text(
        (CONF / "section1_process.yaml").read_text().replace("adult_age: 18", "adult_age: 99")
    )
    write_files(tmp_path / "src", DIFFICULT)
    return tmp_path


@pytest.fixture
def destination(directory: Path) -> Path:
    """A destination with a batch of plain.csv and the leftovers of a killed run."""
    config = config_for(directory)
    write_files(config.source, {"plain.csv": DIFFICULT["plain.csv"]})
    publish(config)
    write_files(config.source, DIFFICULT)
    write_files(config.destination / ".staging" / "4711" / "source", {"0000000": b"half"})
    write_files(config.destination / "successful_application" / "2026-11-23T15", {"part-00000.csv": b"half"})
    return config.destination


@pytest.mark.integration
def test_dry_run_of_the_sample_creates_no_file_in_the_project(directory: Path) -> None:
    project = directory / "project"  # a copy, so that no other process writes there
    for part in ("common", "section1"):
        excluded = shutil.ignore_patterns("__pycache__", "test", "dest", "log")
        shutil.copytree(ROOT / part, project / part, ignore=excluded)
    shutil.copy2(ROOT / "section1_manage.py", project)
    before = tree(project)
    options = [*CONFIG, "--batch", BATCH, "--engine", "duckdb", "--dry-run"]
    ran = run_in(directory, sys.executable, str(project / "section1_manage.py"), *options)
    figures = figures_of(ran.out)
    assert (ran.code, ran.err) == (0, "")
    assert (figures["rows in"], figures["successful"], figures["unsuccessful"]) == ("5,000", "709", "4,291")
    assert (tree(project), list((directory / "tmp").iterdir())) == (before, [])


@pytest.mark.integration
@SPARK_IF_SLOW
def test_dry_run_needs_no_destination(directory: Path, engine: str) -> None:
    before = tree(directory)
    ran = run_in(directory, *COMMAND, *CONFIG, "--engine", engine, "--batch", BATCH, *PATHS, "--dry-run")
    assert (ran.code, ran.err) == (3, "")
    assert ALL_READ.items() <= figures_of(ran.out).items()
    assert f"batch {BATCH}: dry run, nothing written" in ran.out
    assert "successful_application" not in ran.out
    assert checksums(tree(directory)) == checksums(before)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("arguments", "figures"),
    [
        (["--dry-run"], {"files read": "3", "files skipped, already in a batch": "1", "rows in": "5"}),
        (["--dry-run", "--reprocess"], ALL_READ),
        (["--compare", "strict.yaml", "--reprocess"], {"rows in": "7", "newly unsuccessful": "4"}),
    ],
)
def test_locked_read_only_destination_stays_unchanged(
    directory: Path, destination: Path, arguments: list[str], figures: dict[str, str]
) -> None:
    before = tree(destination), tree(directory / "src")
    for path in (destination, *destination.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    with (destination / ".lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = job_in(directory, *PATHS, *arguments)
    for path in (destination, *destination.rglob("*")):
        path.chmod(before[0][str(path)][0] & 0o777)
    assert (ran.code, ran.err) == (3, "")
    assert figures.items() <= figures_of(ran.out).items()
    assert (tree(destination), tree(directory / "src")) == before
    assert list((directory / "tmp").iterdir()) == []


@pytest.mark.integration
def test_failed_dry_run_leaves_nothing(directory: Path) -> None:
    write_files(directory / "src", {"a.csv": b"", "b.csv": b"name\n"})
    before = tree(directory)
    ran = job_in(directory, *PATHS, "--dry-run")
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert checksums(tree(directory)) == checksums(before)


@pytest.mark.parametrize("reprocess", [False, True])
def test_dry_run_reports_what_a_run_would_do(
    config: ProcessConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reprocess: bool
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    first = publish(config, dry_run=True, reprocess=reprocess)
    assert (first.report.batch, first.report.rows, first.report.counts.successful) == (BATCH, 1, 1)
    assert (first.nothing_new, first.replaced, config.destination.exists()) == (False, False, False)
    publish(config)
    before = tree(config.destination)
    second = publish(config, dry_run=True, reprocess=reprocess)
    found = second.report.batch, second.report.rows, second.nothing_new, second.replaced
    assert found == ((BATCH, 1, False, True) if reprocess else (f"{BATCH}-2", 0, True, False))
    assert (tree(config.destination), list((tmp_path / "tmp").iterdir())) == (before, [])
