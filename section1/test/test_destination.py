"""The destination folder by itself: what counts there, what reaches the disk before what, and what a failure leaves."""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from errno import EIO, EMFILE
from pathlib import Path
from random import Random

import pytest

from common.errors import Busy
from section1.core.report import Counts, FileRead, Report
from section1.operator.destination import Destination, ReportUnreadable, Stage
from section1.test.support import BATCH

NEXT = "2026-11-23T17"
PAGE = b"<p>so many rows"
SLOT = {"successful_application": b"good\n", "unsuccessful_application": b"bad\n"}


def report(batch: str = BATCH, engine: str = "duckdb") -> Report:
    return Report(
        batch=batch,
        started_at="2026-11-23T16:00:00+08:00",
        engine=engine,
        versions={},
        files=(FileRead(name="李.csv", bytes=1, sha256="0", rows=1),),
        skipped=(),
        refused=(),
        rows=1,
        counts=Counts(),
        seconds={},
    )


def fill(stage: Stage, said: str = "") -> None:
    for name, content in SLOT.items():
        (stage.output(name) / "part-00000.csv").write_bytes(content + said.encode())


@pytest.fixture
def destination(tmp_path: Path) -> Destination:
    return Destination(tmp_path / "not" / "there" / "yet")


@pytest.fixture
def published(destination: Destination) -> Destination:
    """A destination with one batch and its page."""
    publish(destination)
    destination.put_page(BATCH, PAGE)
    return destination


def publish(destination: Destination, batch: str = BATCH, said: str = "") -> None:
    with destination.lock(), destination.stage() as stage:
        fill(stage, said)
        destination.publish(stage, report(batch, said or "duckdb"))


def replace(destination: Destination) -> None:
    with destination.lock(), destination.stage() as stage:
        fill(stage, "new")
        with destination.replacing(BATCH, stage):
            destination.publish(stage, report(engine="new"))


def everything_in(destination: Destination) -> dict[str, bytes]:
    paths = [path for path in destination.root.rglob("*") if path.is_file() and path.name != ".lock"]
    return {str(path.relative_to(destination.root)): path.read_bytes() for path in paths}


class Disk:
    """What is asked of the disk, in its order; the call whose turn `fails` names is refused."""

    def __init__(self, root: Path, fails: tuple[int, ...] = ()) -> None:
        self.root, self.fails, self.asked = root, fails, list[str]()
        self._fsync, self._rename = os.fsync, Path.rename

    def ask(self, what: str) -> None:
        self.asked.append(what.replace(f"{self.root}", "").replace(f"/.staging/{os.getpid()}", "/STAGE"))
        if len(self.asked) in self.fails:
            raise OSError(EIO, "Input/output error")

    def fsync(self, descriptor: int) -> None:
        self.ask(f"flush {Path(f'/proc/self/fd/{descriptor}').readlink()}")
        self._fsync(descriptor)

    def rename(self, source: Path, target: Path) -> Path:
        self.ask(f"rename {source} {target}")
        return self._rename(source, target)


@pytest.fixture
def on_disk(destination: Destination, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Disk]:
    def watched(*fails: int) -> Disk:
        disk = Disk(destination.root, fails)
        monkeypatch.setattr(os, "fsync", disk.fsync)
        monkeypatch.setattr(Path, "rename", lambda source, target: disk.rename(source, target))
        return disk

    return watched


def test_a_published_batch_counts_and_is_what_was_staged(published: Destination) -> None:
    assert list(published.committed()) == [BATCH]
    assert published.committed()[BATCH].files == report().files
    assert (published.holds(BATCH), published.holds(NEXT)) == (True, False)
    assert everything_in(published) == {
        f"successful_application/{BATCH}/part-00000.csv": b"good\n",
        f"unsuccessful_application/{BATCH}/part-00000.csv": b"bad\n",
        f"report/{BATCH}.json": (report().model_dump_json(indent=2) + "\n").encode(),
        f"report/{BATCH}.html": PAGE,
    }


def test_the_first_batch_is_on_disk_step_by_step(destination: Destination, on_disk: Callable[..., Disk]) -> None:
    disk = on_disk()
    publish(destination)
    assert disk.asked == [
        *(f"flush {folder}" for folder in list(destination.root.parents)[2::-1]),  # each holds the next one's name
        "flush /STAGE/report.json",
        *moved("successful_application"),
        *moved("unsuccessful_application"),
        "flush ",
        f"rename /STAGE/report.json /report/{BATCH}.json",
        "flush /report",
        "flush /STAGE",
    ]


def moved(output: str) -> list[str]:
    return [
        f"flush /STAGE/{output}/part-00000.csv",
        f"flush /STAGE/{output}",
        "flush ",
        f"rename /STAGE/{output} /{output}/{BATCH}",
        f"flush /{output}",
        "flush /STAGE",
    ]


def test_a_page_is_on_disk_before_it_is_there(published: Destination, on_disk: Callable[..., Disk]) -> None:
    disk = on_disk()
    published.put_page(BATCH, b"another")
    assert disk.asked == [f"flush /.staging/{BATCH}.html", f"rename /.staging/{BATCH}.html /report/{BATCH}.html"]
    assert published.page(BATCH).read_bytes() == b"another"


def test_a_batch_is_withdrawn_report_first_and_replaced_without_its_page(
    published: Destination, on_disk: Callable[..., Disk]
) -> None:
    disk = on_disk()
    replace(published)
    renames = [asked for asked in disk.asked if asked.startswith("rename")]
    assert renames == [
        f"rename /report/{BATCH}.html /STAGE/withdrawn/report.html",
        f"rename /report/{BATCH}.json /STAGE/withdrawn/report.json",
        f"rename /successful_application/{BATCH} /STAGE/withdrawn/successful_application",
        f"rename /unsuccessful_application/{BATCH} /STAGE/withdrawn/unsuccessful_application",
        f"rename /STAGE/successful_application /successful_application/{BATCH}",
        f"rename /STAGE/unsuccessful_application /unsuccessful_application/{BATCH}",
        f"rename /STAGE/report.json /report/{BATCH}.json",
    ]
    assert everything_in(published) == {
        f"successful_application/{BATCH}/part-00000.csv": b"good\nnew",
        f"unsuccessful_application/{BATCH}/part-00000.csv": b"bad\nnew",
        f"report/{BATCH}.json": (report(engine="new").model_dump_json(indent=2) + "\n").encode(),
    }
    assert not list((published.root / ".staging").iterdir())


@pytest.mark.parametrize("fails", range(1, 18))
def test_a_first_batch_whose_publishing_fails_does_not_count(
    fails: int, destination: Destination, on_disk: Callable[..., Disk]
) -> None:
    on_disk(fails)
    with pytest.raises(OSError, match="Input/output error"):
        publish(destination)
    assert (destination.committed(), destination.newest()) == ({}, None)
    on_disk()
    destination.clean()
    assert everything_in(destination) == {}
    publish(destination)
    assert list(destination.committed()) == [BATCH]


@pytest.mark.parametrize("fails", range(1, 27))
def test_a_batch_whose_replacement_fails_is_put_back_whole(
    fails: int, published: Destination, on_disk: Callable[..., Disk]
) -> None:
    before = everything_in(published)
    on_disk(fails)
    with pytest.raises(OSError, match="Input/output error"):
        replace(published)
    after = everything_in(published)
    # A page is made again by the next run; it goes first, and whoever cannot withdraw the report does not put it back.
    assert before.keys() - after.keys() == ({f"report/{BATCH}.html"} if fails in (4, 5, 6) else set())
    assert after.items() <= before.items()


def test_a_published_replacement_gives_way_to_the_batch_that_it_replaced(
    published: Destination, on_disk: Callable[..., Disk]
) -> None:
    before, disk = everything_in(published), on_disk()

    def interrupted() -> None:
        with published.stage() as stage, published.replacing(BATCH, stage):
            fill(stage)
            published.publish(stage, report())
            disk.asked.clear()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [asked for asked in disk.asked if asked.startswith("rename")] == [
        f"rename /report/{BATCH}.json /STAGE/failed/report.json",
        f"rename /successful_application/{BATCH} /STAGE/failed/successful_application",
        f"rename /STAGE/withdrawn/successful_application /successful_application/{BATCH}",
        f"rename /unsuccessful_application/{BATCH} /STAGE/failed/unsuccessful_application",
        f"rename /STAGE/withdrawn/unsuccessful_application /unsuccessful_application/{BATCH}",
        f"rename /STAGE/withdrawn/report.html /report/{BATCH}.html",
        f"rename /STAGE/withdrawn/report.json /report/{BATCH}.json",
    ]
    assert everything_in(published) == before


def test_a_batch_that_cannot_be_put_back_is_named(
    published: Destination, on_disk: Callable[..., Disk], caplog: pytest.LogCaptureFixture
) -> None:
    def failing() -> None:
        with published.stage() as stage, published.replacing(BATCH, stage):
            on_disk(1)
            raise RuntimeError("the body")

    with pytest.raises(RuntimeError, match="the body"):
        failing()
    assert [line.getMessage() for line in caplog.records] == [
        f"batch {BATCH} is withdrawn and could not be put back; replace it again"
    ]
    assert published.committed() == {}


def test_a_batch_without_one_of_its_outputs_can_be_replaced(published: Destination) -> None:
    lost = published.root / "successful_application" / BATCH
    (lost / "part-00000.csv").unlink()
    lost.rmdir()
    with suppress(RuntimeError), published.stage() as stage, published.replacing(BATCH, stage):
        raise RuntimeError
    assert (published.holds(BATCH), lost.exists()) == (True, False)
    replace(published)
    assert (lost / "part-00000.csv").read_bytes() == b"good\nnew"


def test_only_one_run_is_at_work_and_whoever_ends_makes_room(destination: Destination) -> None:
    with destination.lock():
        open_files = files_open()
        with pytest.raises(Busy, match="another run is in progress"), destination.lock():
            pass
        assert files_open() == open_files
    with destination.lock():
        assert (destination.root / ".lock").stat().st_mode & 0o777 == 0o666 & ~umask()
    assert files_open() == open_files - 1


def files_open() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def umask() -> int:
    now = os.umask(0)
    os.umask(now)
    return now


def test_a_lock_that_cannot_be_closed_does_not_undo_what_is_done(
    destination: Destination, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: int) -> None:
        raise OSError(EIO, "Input/output error")

    with destination.lock():
        monkeypatch.setattr(os, "close", refuse)
    monkeypatch.undo()
    assert destination.root.is_dir()


def test_files_are_closed_after_they_are_on_disk(published: Destination, on_disk: Callable[..., Disk]) -> None:
    open_files = files_open()
    published.put_page(BATCH, PAGE)
    on_disk(1)
    with pytest.raises(OSError, match="Input/output"):
        published.put_page(BATCH, PAGE)
    assert files_open() == open_files


@pytest.mark.parametrize("content", [b"{}", report(NEXT).model_dump_json().encode()])
def test_what_is_no_report_of_its_batch_is_named(published: Destination, content: bytes) -> None:
    published.marker(BATCH).write_bytes(content)
    with pytest.raises(ReportUnreadable) as caught:
        published.committed()
    said = "is no report of this batch; restore it, or remove it to withdraw the batch"
    assert str(caught.value) == f"{published.marker(BATCH)}: {said}"


def test_a_report_without_what_later_runs_need_to_know_is_named(published: Destination) -> None:
    published.marker(BATCH).write_bytes(b"x")
    with pytest.raises(ReportUnreadable):
        published.committed()


def test_batches_are_told_by_name_and_what_is_none_is_not_counted(destination: Destination) -> None:
    hours = [f"2026-11-{day:02}T16" for day in range(1, 29)]
    for batch in Random(7).sample(hours, len(hours)):
        publish(destination, batch)
    for name in ("notes.json", f"{BATCH}.backup.json", f"{NEXT}.txt"):
        (destination.root / "report" / name).write_bytes(b"")
    assert list(destination.committed()) == hours


def test_the_newest_batch_is_the_one_published_last(destination: Destination) -> None:
    for batch, moment in ((BATCH, 200), (NEXT, 100)):
        publish(destination, batch)
        os.utime(destination.marker(batch), (moment, moment))
    assert destination.newest() == (BATCH, 200.0)


def test_a_folder_that_cannot_be_read_is_not_taken_for_an_empty_one(
    published: Destination, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> Iterator[Path]:
        raise OSError(EMFILE, "Too many open files")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(OSError, match="Too many open files"):
        published.committed()


def test_what_killed_runs_left_is_removed_and_said_and_nothing_else(
    published: Destination, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    root = published.root
    for folder in (f"successful_application/{NEXT}", f"unsuccessful_application/{NEXT}", ".staging/1/source"):
        (root / folder).mkdir(parents=True)
    (root / "successful_application" / "notes").mkdir()
    (root / "successful_application" / "2020-01-01T00").symlink_to(tmp_path)
    (root / ".staging" / "file").touch()
    for name in (f"{NEXT}.html", "notes.html", f"{NEXT}.txt"):
        (root / "report" / name).touch()
    with caplog.at_level(logging.INFO):
        published.clean()
    left = [
        ".staging/1",
        ".staging/file",
        f"report/{NEXT}.html",
        "successful_application/2020-01-01T00",
        f"successful_application/{NEXT}",
        f"unsuccessful_application/{NEXT}",
    ]
    assert [line.getMessage() for line in caplog.records] == [
        f"removing what an interrupted run left: {path}" for path in left
    ]
    assert not any((root / path).exists() for path in left)
    assert sorted(str(path.relative_to(root)) for path in root.rglob("*")) == [
        ".lock",
        ".staging",
        "report",
        f"report/{BATCH}.html",
        f"report/{BATCH}.json",
        f"report/{NEXT}.txt",
        "report/notes.html",
        "successful_application",
        f"successful_application/{BATCH}",
        f"successful_application/{BATCH}/part-00000.csv",
        "successful_application/notes",
        "unsuccessful_application",
        f"unsuccessful_application/{BATCH}",
        f"unsuccessful_application/{BATCH}/part-00000.csv",
    ]


def test_a_stage_is_there_while_a_run_is_and_no_longer(destination: Destination) -> None:
    with destination.stage() as stage:
        assert stage.root == destination.root / ".staging" / str(os.getpid())
        folders = sorted(path.name for path in stage.root.iterdir())
        assert folders == ["source", "successful_application", "unsuccessful_application"]
        assert stage.source == stage.root / "source"
    assert not stage.root.exists()


def test_a_stage_that_cannot_be_removed_is_left_to_the_next_run_and_named(
    destination: Destination, caplog: pytest.LogCaptureFixture
) -> None:
    with destination.stage() as stage:
        stage.root.rename(stage.root.with_name("elsewhere"))
    assert [line.getMessage() for line in caplog.records] == [
        f"{stage.root} stays until the next run: No such file or directory"
    ]


def test_a_batchs_places_are_its_outputs_its_report_and_a_page_that_is_there(published: Destination) -> None:
    root = published.root
    places = [root / name / BATCH for name in SLOT] + [root / "report" / f"{BATCH}.json"]
    assert published.places(BATCH) == [*places, root / "report" / f"{BATCH}.html"]
    published.page(BATCH).unlink()
    assert published.places(BATCH) == places


def test_a_destination_behind_a_link_is_the_folder_itself(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert Destination(tmp_path / "link").root == tmp_path.resolve() / "real"
