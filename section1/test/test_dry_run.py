"""A dry run reads, labels and reports, and leaves every byte, name and date as it was."""

import fcntl
import os
import re
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from common.paths import ROOT
from section1.test.support import BATCH, application, config_for, csv_of, publish, write_files
from section1.test.test_manage import SHORT_RUN, without_progress

Tree = dict[str, tuple[int, int, str]]

MESSY = {
    "bom.csv": b"\xef\xbb\xbf" + csv_of(application()),
    "crlf.CSV": csv_of(application()).replace(b"\n", b"\r\n"),
    "empty.csv": b"",
    "plain.csv": csv_of(application(), application(mobile_no="1")),
    "quotes.csv": csv_of(application(name='"Lim, Ada"'), "a,b", '"open'),
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what runs the job, so that nobody else writes there meanwhile; its tmp is the job's."""
    root = tmp_path / "project"
    for part in ("common", "section1"):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__", "test", "dest", "log"))
    shutil.copy2(ROOT / "section1_manage.py", root)
    (tmp_path / "tmp").mkdir()
    write_files(tmp_path / "src", MESSY)
    return root


def tree(folder: Path) -> Tree:
    """Return mode, time of change and content of everything below, the folder itself included."""
    paths = [folder, *folder.rglob("*")]
    return {str(path): (path.lstat().st_mode, path.lstat().st_mtime_ns, content_of(path)) for path in paths}


def content_of(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def dry_run(project: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the copy in its own folder, as the README says."""
    shipped = ["--task-config", "section1_process.yaml", "--batch", BATCH, "--dry-run"]
    temporary = project.parent / "tmp"
    java = {"JAVA_TOOL_OPTIONS": f"{SHORT_RUN} -Djava.io.tmpdir={temporary}"}
    place = java | {"TMPDIR": str(temporary), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "300"}
    return subprocess.run(
        [sys.executable, "section1_manage.py", *shipped, *arguments],
        cwd=project,
        env=os.environ | place,
        capture_output=True,
        text=True,
    )


def of_messy_files(project: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Dry-run src to dest, both beside the copy."""
    folders = ["--src-path", str(project.parent / "src"), "--dest-path", str(project.parent / "dest")]
    return dry_run(project, "--engine", "duckdb", *folders, *arguments)


def told(ran: "subprocess.CompletedProcess[str]") -> tuple[int, str, dict[str, str]]:
    """Return exit code, errors, and the closing table's numbers."""
    lines = (re.fullmatch(r" *([a-z][\w ,-]*?) {2,}([\d,]+) *", line) for line in ran.stdout.splitlines())
    return ran.returncode, without_progress(ran.stderr), {line[1]: line[2] for line in lines if line}


ALL_READ = {
    "files read": "4",
    "files skipped, in a batch already": "0",
    "files refused": "1",
    "rows in": "7",
    "successful": "4",
    "unsuccessful": "3",
    "row_malformed": "2",
    "name_missing": "0",
    "mobile_invalid": "1",
    "birthday_missing": "0",
    "birthday_invalid": "0",
    "under_18": "0",
    "email_invalid": "0",
}


def test_the_sample_is_labelled_and_nothing_is_made_in_the_project(project: Path) -> None:
    before = tree(project.parent)
    code, errors, numbers = told(dry_run(project, "--engine", "duckdb"))
    assert (code, errors) == (0, "")
    assert (numbers["rows in"], numbers["successful"], numbers["unsuccessful"]) == ("5,000", "709", "4,291")
    assert content(tree(project.parent)) == content(before)
    assert tree(project) == before_of(before, project)


def content(everything: Tree) -> dict[str, str]:
    """Leave out the times: the temporary folder's own changes while something is in it."""
    return {name: digest for name, (_, _, digest) in everything.items()}


def before_of(everything: Tree, folder: Path) -> Tree:
    """Return the part of a tree that lies in `folder`."""
    inside = (str(folder), f"{folder}{os.sep}")
    return {name: entry for name, entry in everything.items() if name == inside[0] or name.startswith(inside[1])}


@pytest.mark.parametrize("engine", ["duckdb", "spark"])
def test_messy_files_are_staged_far_from_an_absent_destination(project: Path, engine: str) -> None:
    before = tree(project.parent)
    ran = of_messy_files(project, "--engine", engine)
    code, errors, numbers = told(ran)
    assert (code, errors) == (3, "")
    assert ALL_READ.items() <= numbers.items()
    assert f"batch {BATCH}: dry run, nothing written" in ran.stdout
    assert "successful_application" not in ran.stdout
    assert content(tree(project.parent)) == content(before)


def with_batch(project: Path) -> Path:
    """Publish one of the messy files, and leave what a killed run leaves."""
    config = config_for(project.parent)
    write_files(config.source, {"plain.csv": MESSY["plain.csv"]})
    publish(config)
    write_files(config.source, MESSY)
    write_files(config.destination / ".staging" / "4711" / "source", {"0000000": b"half"})
    write_files(config.destination / "successful_application" / "2026-11-23T15", {"part-00000.csv": b"half"})
    return config.destination


def test_a_destination_and_what_a_killed_run_left_there_stay_as_they_are(project: Path) -> None:
    destination = with_batch(project)
    before = tree(destination), tree(project), tree(project.parent / "src")
    code, errors, numbers = told(of_messy_files(project))
    assert (code, errors) == (3, "")
    assert (numbers["files read"], numbers["files skipped, in a batch already"], numbers["rows in"]) == ("3", "1", "5")
    assert (tree(destination), tree(project), tree(project.parent / "src")) == before
    assert list((project.parent / "tmp").iterdir()) == []


def test_replacing_a_batch_can_be_tried_dry(project: Path) -> None:
    destination = with_batch(project)
    before = tree(destination)
    code, errors, numbers = told(of_messy_files(project, "--reprocess"))
    assert (code, errors) == (3, "")
    assert ALL_READ.items() <= numbers.items()
    assert tree(destination) == before


def test_a_dry_run_neither_waits_for_another_run_nor_disturbs_it(project: Path) -> None:
    destination = with_batch(project)
    before = tree(destination)
    with (destination / ".lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert told(of_messy_files(project))[:2] == (3, "")
    assert tree(destination) == before


def test_a_dry_run_that_fails_leaves_nothing_either(project: Path) -> None:
    write_files(project.parent / "src", {"a.csv": b"", "b.csv": b"name\n"})
    before = tree(project.parent)
    code, errors, _ = told(of_messy_files(project))
    assert (code, errors.count("\n")) == (1, 1)
    assert content(tree(project.parent)) == content(before)
