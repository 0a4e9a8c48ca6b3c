"""The destination by itself: the order of flushes and renames, and what a failed or replaced batch leaves."""

import os
from collections.abc import Callable
from contextlib import suppress
from errno import EIO
from pathlib import Path

import pytest

from section1.core.report import Counts, FileRead, Report
from section1.operator.destination import Destination, Stage
from section1.test.support import BATCH

PAGE = b"<p>so many rows"
OUTPUTS = {"successful_application": b"good\n", "unsuccessful_application": b"bad\n"}


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


def fill(stage: Stage, end: str = "") -> None:
    for name, content in OUTPUTS.items():
        (stage.output(name) / "part-00000.csv").write_bytes(content + end.encode())


def publish(destination: Destination) -> None:
    with destination.lock(), destination.stage() as stage:
        fill(stage)
        destination.publish(stage, report())


def replace(destination: Destination) -> None:
    with destination.lock(), destination.stage() as stage:
        fill(stage, "new")
        with destination.replacing(BATCH, stage):
            destination.publish(stage, report(engine="new"))


@pytest.fixture
def destination(tmp_path: Path) -> Destination:
    return Destination(tmp_path / "not" / "created" / "yet")


@pytest.fixture
def published(destination: Destination) -> Destination:
    """A destination with one batch and its page."""
    publish(destination)
    destination.put_page(BATCH, PAGE)
    return destination


def contents(destination: Destination) -> dict[str, bytes]:
    paths = [path for path in destination.root.rglob("*") if path.is_file() and path.name != ".lock"]
    return {str(path.relative_to(destination.root)): path.read_bytes() for path in paths}


def batch_contents(engine: str = "duckdb", end: bytes = b"") -> dict[str, bytes]:
    return {
        f"successful_application/{BATCH}/part-00000.csv": b"good\n" + end,
        f"unsuccessful_application/{BATCH}/part-00000.csv": b"bad\n" + end,
        f"report/{BATCH}.json": (report(engine=engine).model_dump_json(indent=2) + "\n").encode(),
    }


class Disk:
    """Logs flushes and renames in order; the calls with the numbers in `fails` fail."""

    def __init__(self, root: Path, fails: tuple[int, ...] = ()) -> None:
        self.root, self.fails, self.calls = root, fails, list[str]()
        self._fsync, self._rename = os.fsync, Path.rename

    def log(self, call: str) -> None:
        self.calls.append(call.replace(f"{self.root}", "").replace(f"/.staging/{os.getpid()}", "/STAGE"))
        if len(self.calls) in self.fails:
            raise OSError(EIO, "Input/output error")

    def fsync(self, descriptor: int) -> None:
        self.log(f"flush {Path(f'/proc/self/fd/{descriptor}').readlink()}")
        self._fsync(descriptor)

    def rename(self, source: Path, target: Path) -> Path:
        self.log(f"rename {source} {target}")
        return self._rename(source, target)

    @property
    def renames(self) -> list[str]:
        return [call for call in self.calls if call.startswith("rename")]


@pytest.fixture
def disk_of(destination: Destination, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Disk]:
    def watched(*fails: int) -> Disk:
        disk = Disk(destination.root, fails)
        monkeypatch.setattr(os, "fsync", disk.fsync)
        monkeypatch.setattr(Path, "rename", lambda source, target: disk.rename(source, target))
        return disk

    return watched


def test_batch_is_flushed_and_renamed_step_by_step(destination: Destination, disk_of: Callable[..., Disk]) -> None:
    disk = disk_of()
    publish(destination)
    assert disk.calls == [
        *(f"flush {parent}" for parent in list(destination.root.parents)[2::-1]),  # each has the next one's name
        "flush /STAGE/report.json",
        *moved("successful_application"),
        *moved("unsuccessful_application"),
        "flush ",
        f"rename /STAGE/report.json /report/{BATCH}.json",
        "flush /report",
        "flush /STAGE",
    ]
    assert contents(destination) == batch_contents()


def moved(output: str) -> list[str]:
    return [
        f"flush /STAGE/{output}/part-00000.csv",
        f"flush /STAGE/{output}",
        "flush ",
        f"rename /STAGE/{output} /{output}/{BATCH}",
        f"flush /{output}",
        "flush /STAGE",
    ]


def test_page_is_flushed_before_it_is_renamed(published: Destination, disk_of: Callable[..., Disk]) -> None:
    disk = disk_of()
    published.put_page(BATCH, b"another")
    assert disk.calls == [f"flush /.staging/{BATCH}.html", f"rename /.staging/{BATCH}.html /report/{BATCH}.html"]
    assert published.page(BATCH).read_bytes() == b"another"


def test_replaced_batch_is_withdrawn_report_first(published: Destination, disk_of: Callable[..., Disk]) -> None:
    disk = disk_of()
    replace(published)
    assert disk.renames == [
        f"rename /report/{BATCH}.html /STAGE/withdrawn/report.html",
        f"rename /report/{BATCH}.json /STAGE/withdrawn/report.json",
        f"rename /successful_application/{BATCH} /STAGE/withdrawn/successful_application",
        f"rename /unsuccessful_application/{BATCH} /STAGE/withdrawn/unsuccessful_application",
        f"rename /STAGE/successful_application /successful_application/{BATCH}",
        f"rename /STAGE/unsuccessful_application /unsuccessful_application/{BATCH}",
        f"rename /STAGE/report.json /report/{BATCH}.json",
    ]
    assert contents(published) == batch_contents("new", b"new")
    assert not list((published.root / ".staging").iterdir())


@pytest.mark.parametrize("fails", range(1, 18))
def test_failed_first_batch_is_not_committed(
    fails: int, destination: Destination, disk_of: Callable[..., Disk]
) -> None:
    disk_of(fails)
    with pytest.raises(OSError, match="Input/output error"):
        publish(destination)
    assert (destination.committed(), destination.newest()) == ({}, None)
    disk_of()
    destination.clean()
    assert contents(destination) == {}
    publish(destination)
    assert list(destination.committed()) == [BATCH]


@pytest.mark.parametrize("fails", range(1, 27))
def test_failed_replacement_restores_the_batch(
    fails: int, published: Destination, disk_of: Callable[..., Disk]
) -> None:
    before = contents(published)
    disk_of(fails)
    with pytest.raises(OSError, match="Input/output error"):
        replace(published)
    after = contents(published)
    # The page is withdrawn first and not restored when withdrawing the report fails; the next run writes it again.
    assert before.keys() - after.keys() == ({f"report/{BATCH}.html"} if fails in (4, 5, 6) else set())
    assert after.items() <= before.items()


def test_interrupted_replacement_restores_the_batch_report_last(
    published: Destination, disk_of: Callable[..., Disk]
) -> None:
    before, disk = contents(published), disk_of()

    def interrupted() -> None:
        with published.stage() as stage, published.replacing(BATCH, stage):
            fill(stage)
            published.publish(stage, report())
            disk.calls.clear()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert disk.renames == [
        f"rename /report/{BATCH}.json /STAGE/failed/report.json",
        f"rename /successful_application/{BATCH} /STAGE/failed/successful_application",
        f"rename /STAGE/withdrawn/successful_application /successful_application/{BATCH}",
        f"rename /unsuccessful_application/{BATCH} /STAGE/failed/unsuccessful_application",
        f"rename /STAGE/withdrawn/unsuccessful_application /unsuccessful_application/{BATCH}",
        f"rename /STAGE/withdrawn/report.html /report/{BATCH}.html",
        f"rename /STAGE/withdrawn/report.json /report/{BATCH}.json",
    ]
    assert contents(published) == before


def test_batch_that_cannot_be_restored_is_logged(
    published: Destination, disk_of: Callable[..., Disk], caplog: pytest.LogCaptureFixture
) -> None:
    def failing() -> None:
        with published.stage() as stage, published.replacing(BATCH, stage):
            disk_of(1)
            raise RuntimeError("the body")

    with pytest.raises(RuntimeError, match="the body"):
        failing()
    assert caplog.messages == [f"batch {BATCH} is withdrawn and cannot be restored. Reprocess it again."]
    assert published.committed() == {}


def test_batch_without_one_output_can_be_replaced(published: Destination) -> None:
    lost = published.root / "successful_application" / BATCH
    (lost / "part-00000.csv").unlink()
    lost.rmdir()
    with suppress(RuntimeError), published.stage() as stage, published.replacing(BATCH, stage):
        raise RuntimeError
    assert (published.holds(BATCH), lost.exists()) == (True, False)
    replace(published)
    assert (lost / "part-00000.csv").read_bytes() == b"good\nnew"


def test_failed_page_leaves_no_open_file(published: Destination, disk_of: Callable[..., Disk]) -> None:
    open_files = len(list(Path("/proc/self/fd").iterdir()))
    disk_of(1)
    with pytest.raises(OSError, match="Input/output"):
        published.put_page(BATCH, PAGE)
    assert len(list(Path("/proc/self/fd").iterdir())) == open_files
