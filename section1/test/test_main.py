"""The job in this process: what it takes, what it tells, what it publishes, and what it leaves alone."""

import logging
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from common.errors import Busy
from common.progress import Progress
from section1 import main
from section1.config import ProcessConfig
from section1.core.batch import in_time
from section1.core.moves import Move
from section1.core.report import Committed, Counts, FileRead, FileRefused
from section1.main import Outcome, Request, RowsNotCompared, SourceGone, compare, require_all_there, run
from section1.operator.destination import Destination
from section1.operator.source import Source, SourceChanged, SourceFile
from section1.test.support import BATCH, NOW, application, bytes_of, config_for, csv_of, publish, rows_of, write_files
from section1.test.test_dry_run import tree
from section1.test.test_manage_batches import EMPTY
from section1.test.test_manage_losses import meddle

NEXT = "2026-11-23T17"
GOOD, MIXED = csv_of(application()), csv_of(application("Bob Tan"), application(mobile_no="1"))


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ProcessConfig:
    """A source of one good row, and a destination that is not there; temporary files stand beside them."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    config = config_for(tmp_path, parts=1)
    write_files(config.source, {"a.csv": GOOD})
    return config


def committed(config: ProcessConfig) -> list[str]:
    return sorted(Destination(config.destination).committed(), key=in_time)


def told(outcome: Outcome) -> tuple[str, int, bool, bool]:
    return outcome.report.batch, outcome.report.rows, outcome.nothing_new, outcome.replaced


def test_a_run_reports_what_it_published(config: ProcessConfig) -> None:
    write_files(config.source, {"a.csv": GOOD, "b.csv": MIXED, "c.csv": b""})
    outcome = publish(config)
    report = outcome.report
    assert told(outcome) == (BATCH, 3, False, False)
    assert (report.started_at, report.engine) == ("2026-11-23T16:00:00+00:00", "duckdb")
    assert list(report.versions) == ["python", "duckdb", "sqlglot"]
    assert [(file.name, file.rows) for file in report.files] == [("a.csv", 1), ("b.csv", 2)]
    assert report.refused == (FileRefused(name="c.csv", problem="has no bytes"),)
    assert (report.counts.successful, report.counts.unsuccessful, list(report.seconds)) == (
        2,
        1,
        ["reading", "labelling"],
    )
    assert Destination(config.destination).marker(BATCH).read_text() == report.model_dump_json(indent=2) + "\n"
    assert len(rows_of(config.destination / "successful_application" / BATCH)) == 2
    assert Destination(config.destination).page(BATCH).exists()


def test_batches_follow_one_another(config: ProcessConfig) -> None:
    assert told(publish(config)) == (BATCH, 1, False, False)
    assert told(publish(config)) == (f"{BATCH}-2", 0, True, False)
    assert committed(config) == [BATCH]
    write_files(config.source, {"a.csv": GOOD, "b.csv": MIXED})
    second = publish(config)
    assert (told(second), [file.batch for file in second.report.skipped]) == ((f"{BATCH}-2", 2, False, False), [BATCH])
    assert told(publish(config, NEXT)) == (NEXT, 0, False, False)
    assert committed(config) == [BATCH, f"{BATCH}-2", NEXT]


def test_an_hour_without_a_file_is_an_empty_batch(config: ProcessConfig) -> None:
    write_files(config.source, {})
    outcome = publish(config)
    assert (told(outcome), outcome.report.counts) == ((BATCH, 0, False, False), Counts.of({}, 0))
    assert (committed(config), bytes_of(config)) == ([BATCH], EMPTY)


def test_a_batch_is_replaced_when_asked_for_and_only_then(config: ProcessConfig) -> None:
    publish(config)
    write_files(config.source, {"a.csv": GOOD, "b.csv": MIXED})
    assert told(publish(config, reprocess=True)) == (BATCH, 3, False, True)
    assert told(publish(config, NEXT, reprocess=True)) == (NEXT, 0, False, False)
    assert committed(config) == [BATCH, NEXT]


def test_a_batch_whose_file_is_gone_is_not_replaced(config: ProcessConfig) -> None:
    publish(config)
    write_files(config.source, {"b.csv": MIXED})
    with pytest.raises(SourceGone):
        publish(config, reprocess=True)
    assert committed(config) == [BATCH]


def test_a_row_that_is_neither_counted_nor_written_is_missed(
    config: ProcessConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    meddle(monkeypatch, after=lambda folder: (folder / "part-00000.csv").write_bytes(b"header\n"), lost=1)
    with pytest.raises(main.RowsLost, match=r"^1 rows were read, 0 \+ 0 counted, 0 \+ 0 written; "):
        publish(config)


@pytest.mark.parametrize("reprocess", [False, True])
def test_a_dry_run_tells_the_same_and_writes_nothing(config: ProcessConfig, tmp_path: Path, reprocess: bool) -> None:
    rehearsed = publish(config, dry_run=True, reprocess=reprocess)
    assert (told(rehearsed), config.destination.exists()) == ((BATCH, 1, False, False), False)
    assert rehearsed.report.counts.successful == 1
    publish(config)
    before = tree(config.destination)
    again = publish(config, dry_run=True, reprocess=reprocess)
    assert told(again) == ((BATCH, 1, False, True) if reprocess else (f"{BATCH}-2", 0, True, False))
    assert (tree(config.destination), list((tmp_path / "tmp").iterdir())) == (before, [])


def test_a_dry_run_works_beside_a_run(config: ProcessConfig) -> None:
    with Destination(config.destination).lock():
        assert publish(config, dry_run=True).report.rows == 1
        assert compare(config, config.rules, Request(BATCH, NOW), Progress()).batch == BATCH
        with pytest.raises(Busy):
            publish(config)


def test_a_run_keeps_others_out_and_cleans_first(config: ProcessConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    left = config.destination / ".staging" / "1"
    left.mkdir(parents=True)
    seen: list[object] = []

    def look(_: Source) -> None:
        seen.append(left.exists())
        with pytest.raises(Busy), Destination(config.destination).lock():
            pass
        seen.append([path.name for path in left.parent.iterdir()])

    meddle(monkeypatch, before=look)
    publish(config)
    assert (seen, list(left.parent.iterdir())) == ([False, [str(os.getpid())]], [])


def test_what_a_run_is_doing_is_told(config: ProcessConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(config.source, {"a.csv": GOOD, "b.csv": MIXED})
    progress = Progress()
    words: list[str] = []
    monkeypatch.setattr(progress, "update", words.append)
    run(config, Request(BATCH, NOW), progress)
    files = ["reading file 1 of 2", "reading file 2 of 2"]
    assert (words, list(progress.seconds)) == (
        ["reading", *files, "labelling", "publishing"],
        ["reading", "labelling", "publishing"],
    )


def test_rows_are_compared_by_both_rules(config: ProcessConfig) -> None:
    write_files(config.source, {"a.csv": GOOD, "b.csv": MIXED, "c.csv": b""})
    progress = Progress()
    found = compare(config, config.rules.model_copy(update={"adult_age": 99}), Request(BATCH, NOW), progress)
    assert list(progress.seconds) == ["reading", "labelling twice"]
    assert (found.batch, found.engine) == (BATCH, "duckdb")
    assert ([file.name for file in found.files], [file.name for file in found.refused]) == (
        ["a.csv", "b.csv"],
        ["c.csv"],
    )
    assert {(move.before, move.after): move.rows for move in found.moves} == {
        (None, "under_18"): 2,
        ("mobile_invalid", "mobile_invalid;under_18"): 1,
    }
    assert not config.destination.exists()


def test_only_what_a_batch_would_take_is_compared(config: ProcessConfig) -> None:
    publish(config)
    nothing = compare(config, config.rules, Request(BATCH, NOW), Progress())
    assert (nothing.batch, nothing.moves, [file.name for file in nothing.skipped]) == (f"{BATCH}-2", (), ["a.csv"])
    replaced = compare(config, config.rules, Request(BATCH, NOW, reprocess=True), Progress())
    assert (replaced.batch, [move.rows for move in replaced.moves]) == (BATCH, [1])


def found_by_the_engine(monkeypatch: pytest.MonkeyPatch, found: Callable[[], list[Move]]) -> None:
    monkeypatch.setattr("section1.operator.duckdb_operator.DuckdbEngine.compare", lambda *_: found())


def test_rows_that_are_not_compared_are_missed(config: ProcessConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    found_by_the_engine(monkeypatch, lambda: [Move(None, None, 2, 0)])
    with pytest.raises(RowsNotCompared) as caught:
        compare(config, config.rules, Request(BATCH, NOW), Progress())
    assert str(caught.value) == "1 rows were read, 2 compared; please report this line"


@pytest.mark.parametrize("fails", [False, True])
def test_a_file_that_changes_is_why_a_comparison_fails(
    config: ProcessConfig, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    def change() -> list[Move]:
        (config.source / "a.csv").write_bytes(GOOD + b"\n")
        if fails:
            raise RuntimeError
        return [Move(None, None, 1, 0)]

    found_by_the_engine(monkeypatch, change)
    with pytest.raises(SourceChanged):
        compare(config, config.rules, Request(BATCH, NOW), Progress())


def test_a_file_that_changes_is_why_an_engine_fails(config: ProcessConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    def change(source: Source) -> None:
        source.files[0].path.write_bytes(b"")
        raise RuntimeError

    meddle(monkeypatch, before=change)
    with pytest.raises(SourceChanged):
        publish(config)


def test_a_run_that_fails_makes_no_pages(
    config: ProcessConfig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    publish(config)
    page = Destination(config.destination).page(BATCH)
    page.unlink()
    meddle(monkeypatch, lost=1)
    write_files(config.source, {"b.csv": MIXED})
    with caplog.at_level(logging.INFO), pytest.raises(main.RowsLost):
        publish(config, NEXT)
    assert (page.exists(), caplog.records) == (False, [])


def read(name: str, sha256: str) -> FileRead:
    return FileRead(name=name, bytes=1, sha256=sha256, rows=1)


def source_of(*files: FileRead) -> Source:
    nowhere = Path("/")
    return Source(tuple(SourceFile(file, nowhere, nowhere, (), (0, 0, 0, 0)) for file in files), (), ())


def test_a_file_is_there_by_its_content_or_by_its_name() -> None:
    replaced = Committed(batch=BATCH, files=(read("a.csv", "1"), read("b.csv", "2")))
    require_all_there(replaced, source_of(read("a.csv", "9"), read("renamed.csv", "2")))


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["a"], "a"),
        (["a", "b", "c"], "a, b, c"),
        (["a", "b", "c", "d"], "a, b, c, ..."),
        (list("abcde"), "a, b, c, ..."),
    ],
)
def test_files_that_are_gone_are_named_three_at_most(names: list[str], said: str) -> None:
    replaced = Committed(batch=BATCH, files=tuple(read(name, name) for name in names))
    with pytest.raises(SourceGone) as caught:
        require_all_there(replaced, source_of(read("other", "other")))
    assert str(caught.value) == (
        f"--reprocess: batch {BATCH} holds files that cannot be read any more ({said}); put them back"
    )
