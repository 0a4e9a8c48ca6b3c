"""Nothing is published when the input changes under the job, or when a row does not come out."""

import os
from collections.abc import Callable
from errno import ENOSPC
from pathlib import Path

import pytest

from section1 import main
from section1.core.report import Counts, Report
from section1.main import RowsLost, engine_of
from section1.operator.destination import Destination, Stage
from section1.operator.engine import Engine
from section1.operator.source import Source, SourceChanged
from section1.test.support import application, config_for, csv_of, publish, write_files
from section1.test.test_manage_batches import FIRST_FILE, SUCCESSFUL_HEADER, everything_in


class Meddling:
    """DuckDB, but something happens before and after it labels, and it counts otherwise."""

    name = "meddling"

    def __init__(self, engine: Engine, before: Callable[[Source], object], after: Callable[[Path], object], lost: int):
        self._engine, self._before, self._after, self._lost = engine, before, after, lost

    def versions(self) -> dict[str, str]:
        return {}

    def label(self, source: Source, successful: Path, unsuccessful: Path) -> Counts:
        self._before(source)
        counts = self._engine.label(source, successful, unsuccessful)
        self._after(successful)
        return counts.model_copy(update={"successful": counts.successful - self._lost})


def meddle(
    monkeypatch: pytest.MonkeyPatch,
    before: Callable[[Source], object] = lambda _: None,
    after: Callable[[Path], object] = lambda _: None,
    lost: int = 0,
) -> None:
    monkeypatch.setattr(main, "engine_of", lambda config: Meddling(engine_of(config), before, after, lost))


@pytest.mark.parametrize(
    "change",
    [
        lambda path: os.utime(path, ns=(1, 1)),
        lambda path: path.write_bytes(path.read_bytes() + b"x,y,z,1\n"),
        lambda path: path.write_bytes(path.read_bytes().swapcase()),
        lambda path: path.unlink(),
        lambda path: (path.with_name("new").write_bytes(path.read_bytes()), path.with_name("new").rename(path)),
    ],
    ids=["touched", "longer", "same length", "gone", "another file"],
)
def test_a_file_that_changes_during_the_run_publishes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], object]
) -> None:
    config = config_for(tmp_path)
    # A row in quotes is labelled from the staging folder, so that the engine does not notice.
    write_files(config.source, {"a.csv": csv_of(application(name='"Ada Lim"')), "b.csv": FIRST_FILE})
    meddle(monkeypatch, before=lambda source: change(source.files[0].path))
    with pytest.raises(SourceChanged) as caught:
        publish(config)
    assert str(caught.value) == (
        "a.csv: changed while it was read, nothing was published; run again once it is complete"
    )
    assert (caught.value.exit_code, everything_in(config)) == (1, {})


def test_a_lost_row_publishes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = config_for(tmp_path)
    write_files(config.source, {"a.csv": csv_of(application(), application(mobile_no="1"))})
    meddle(monkeypatch, lost=1)
    with pytest.raises(RowsLost) as caught:
        publish(config)
    said = "2 rows were read, 0 + 1 counted, 1 + 1 written; nothing was published; please report this line"
    assert str(caught.value) == said
    assert (caught.value.exit_code, everything_in(config)) == (1, {})


def test_a_row_too_many_publishes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = config_for(tmp_path)
    write_files(config.source, {"a.csv": FIRST_FILE})
    meddle(monkeypatch, lost=-1)
    with pytest.raises(RowsLost, match=r"^1 rows were read, 2 \+ 0 counted, 1 \+ 0 written; "):
        publish(config)
    assert everything_in(config) == {}


@pytest.mark.parametrize("written", [SUCCESSFUL_HEADER, SUCCESSFUL_HEADER + b"a,b\n" * 2])
def test_a_part_file_without_just_its_rows_publishes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: bytes
) -> None:
    config = config_for(tmp_path)
    write_files(config.source, {"a.csv": FIRST_FILE})
    meddle(monkeypatch, after=lambda folder: (folder / "part-00000.csv").write_bytes(written))
    with pytest.raises(RowsLost, match=r"^1 rows were read, 1 \+ 0 counted, [02] \+ 0 written; "):
        publish(config)
    assert everything_in(config) == {}


def test_a_part_file_that_did_not_come_publishes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = config_for(tmp_path)
    write_files(config.source, {"a.csv": FIRST_FILE})
    meddle(monkeypatch, after=lambda folder: (folder / "part-00000.csv").unlink())
    with pytest.raises(RowsLost):
        publish(config)
    assert everything_in(config) == {}


@pytest.mark.parametrize("published", [False, True])
def test_a_batch_whose_replacement_fails_is_put_back(
    published: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config_for(tmp_path)
    write_files(config.source, {"a.csv": FIRST_FILE})
    publish(config)
    before = everything_in(config)
    publish_for_real = Destination.publish

    def fail(destination: Destination, stage: Stage, report: Report) -> None:
        if published:
            publish_for_real(destination, stage, report)
        raise OSError(ENOSPC, "No space left on device")

    monkeypatch.setattr(Destination, "publish", fail)
    write_files(config.source, {"a.csv": csv_of(application(name="Bob Tan"))})
    with pytest.raises(OSError, match="No space left"):
        publish(config, reprocess=True)
    assert everything_in(config) == before


def test_a_row_lost_while_replacing_leaves_the_old_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = config_for(tmp_path)
    write_files(config.source, {"a.csv": FIRST_FILE})
    publish(config)
    before = everything_in(config)
    meddle(monkeypatch, lost=1)
    with pytest.raises(RowsLost):
        publish(config, reprocess=True)
    assert everything_in(config) == before
