"""The destination by itself: committed batches, the lock, the stage, and cleaning up after killed runs."""

import logging
import os
from collections.abc import Iterator
from errno import EIO, EMFILE
from pathlib import Path
from random import Random

import pytest

from common.batches import ReportInvalid
from common.errors import Busy
from section1.operator.destination import Destination
from section1.test.support import BATCH, NEXT_BATCH

OUTPUTS = ("successful_application", "unsuccessful_application")


@pytest.fixture
def destination(tmp_path: Path) -> Destination:
    return Destination(tmp_path / "dest")


def commit(destination: Destination, batch: str = BATCH) -> None:
    """Write a batch of one file."""
    for output in OUTPUTS:
        (destination.root / output / batch).mkdir(parents=True)
    destination.marker(batch).parent.mkdir(exist_ok=True)
    files = '[{"name": "a.csv", "bytes": 1, "sha256": "0", "rows": 1}]'
    destination.marker(batch).write_text(f'{{"batch": "{batch}", "files": {files}}}')


@pytest.fixture
def committed(destination: Destination) -> Destination:
    commit(destination)
    return destination


def files_open() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def umask() -> int:
    now = os.umask(0)
    os.umask(now)
    return now


def test_lock_is_exclusive_and_released(destination: Destination) -> None:
    with destination.lock():
        open_files = files_open()
        with pytest.raises(Busy, match="another run is in progress"), destination.lock():
            pass
        assert files_open() == open_files
    with destination.lock():
        assert (destination.root / ".lock").stat().st_mode & 0o777 == 0o666 & ~umask()
    assert files_open() == open_files - 1


def test_fork_that_fails_is_not_reported_as_another_run(destination: Destination) -> None:
    with pytest.raises(BlockingIOError), destination.lock():  # os.fork raises it for EAGAIN
        raise BlockingIOError


def test_lock_that_cannot_be_closed_is_ignored(destination: Destination, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int) -> None:
        raise OSError(EIO, "Input/output error")

    with destination.lock():
        monkeypatch.setattr(os, "close", refuse)
    monkeypatch.undo()
    assert destination.root.is_dir()


@pytest.mark.parametrize("content", [b"{}", b"x", f'{{"batch": "{NEXT_BATCH}", "files": []}}'.encode()])
def test_invalid_report_is_refused(committed: Destination, content: bytes) -> None:
    committed.marker(BATCH).write_bytes(content)
    with pytest.raises(ReportInvalid) as caught:
        committed.committed()
    problem = "not a valid report of this batch. Restore it, or remove it to withdraw the batch."
    assert str(caught.value) == f"{committed.marker(BATCH)}: {problem}"


def test_committed_batches_are_sorted_and_other_files_ignored(destination: Destination) -> None:
    hours = [f"2026-11-{day:02}T16" for day in range(1, 29)]
    for batch in Random(7).sample(hours, len(hours)):
        commit(destination, batch)
    for name in ("notes.json", f"{BATCH}.backup.json", f"{NEXT_BATCH}.txt"):
        (destination.root / "report" / name).write_bytes(b"")
    assert list(destination.committed()) == hours
    assert (destination.holds(BATCH), destination.holds(NEXT_BATCH)) == (True, False)


def test_newest_batch_is_the_last_published(destination: Destination) -> None:
    for batch, moment in ((BATCH, 200), (NEXT_BATCH, 100)):
        commit(destination, batch)
        os.utime(destination.marker(batch), (moment, moment))
    assert destination.newest() == (BATCH, 200.0)


def test_unreadable_directory_is_not_an_empty_one(committed: Destination, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> Iterator[Path]:
        raise OSError(EMFILE, "Too many open files")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(OSError, match="Too many open files"):
        committed.committed()


def test_clean_removes_and_logs_leftovers_and_nothing_else(
    committed: Destination, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    root = committed.root
    kept = {*root.rglob("*"), root / "report" / f"{NEXT_BATCH}.txt", root / "report" / "notes.html"}
    kept |= {root / ".staging", root / "successful_application" / "notes"}
    left = [
        ".staging/1",
        ".staging/file",
        f"report/{NEXT_BATCH}.html",
        "successful_application/2020-01-01T00",
        f"successful_application/{NEXT_BATCH}",
        f"unsuccessful_application/{NEXT_BATCH}",
    ]
    for name in (".staging/1/source", left[4], left[5], "successful_application/notes"):
        (root / name).mkdir(parents=True)
    (root / "successful_application" / "2020-01-01T00").symlink_to(tmp_path)
    for name in (".staging/file", f"report/{NEXT_BATCH}.html", "report/notes.html", f"report/{NEXT_BATCH}.txt"):
        (root / name).touch()
    with caplog.at_level(logging.INFO):
        committed.clean()
    assert caplog.messages == [f"removing the remains of an interrupted run: {path}" for path in left]
    assert set(root.rglob("*")) == kept


def test_stage_exists_only_during_a_run(destination: Destination) -> None:
    with destination.stage() as stage:
        assert stage.root == destination.root / ".staging" / str(os.getpid())
        assert sorted(path.name for path in stage.root.iterdir()) == ["source", *OUTPUTS]
        assert stage.source == stage.root / "source"
    assert not stage.root.exists()


def test_stage_that_cannot_be_removed_is_logged(destination: Destination, caplog: pytest.LogCaptureFixture) -> None:
    with destination.stage() as stage:
        stage.root.rename(stage.root.with_name("elsewhere"))
    assert caplog.messages == [f"cannot remove {stage.root}: No such file or directory. The next run removes it."]


def test_places_of_a_batch_include_an_existing_page(committed: Destination) -> None:
    places = [committed.root / name / BATCH for name in OUTPUTS] + [committed.root / "report" / f"{BATCH}.json"]
    assert committed.paths(BATCH) == places
    committed.page(BATCH).touch()
    assert committed.paths(BATCH) == [*places, committed.root / "report" / f"{BATCH}.html"]


def test_destination_behind_a_link_is_the_directory_itself(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert Destination(tmp_path / "link").root == tmp_path.resolve() / "real"
