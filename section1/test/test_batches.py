"""Which files a batch takes, what its report contains, and when a batch is replaced."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from common.progress import Progress
from section1.config import ProcessConfig
from section1.core.columns import REASONS
from section1.core.report import Committed, Counts, FileRead
from section1.main import Outcome, Request, SourceFilesMissing, require_source_files, run
from section1.operator.destination import Destination
from section1.operator.source import Source, SourceFile
from section1.test.support import (
    BATCH,
    EMPTY_BATCH,
    GOOD,
    MIXED,
    NEXT_BATCH,
    NOW,
    UNSUCCESSFUL_HEADER,
    application,
    bytes_of,
    csv_of,
    everything_in,
    publish,
    published,
    report_of,
    write_files,
)

SECOND = f"{BATCH}-2"


def result(outcome: Outcome) -> tuple[str, int, bool, bool]:
    return outcome.report.batch, outcome.report.rows, outcome.nothing_new, outcome.replaced


def file_read(name: str, content: bytes, rows: int) -> dict[str, Any]:
    return {"name": name, "bytes": len(content), "sha256": sha256(content).hexdigest(), "rows": rows}


def test_report_has_files_counts_and_reasons(config: ProcessConfig) -> None:
    mixed = csv_of(
        *(application(), application(email="eve@lim.net"), application(mobile_no="1", email="a@b.org")),
        *(application(name=""), application(date_of_birth="2004-01-02"), "a,b", application(date_of_birth="")),
    )
    write_files(config.source, {"a.csv": mixed, "b.csv": b"", "c.csv": csv_of()})
    outcome = publish(config)
    assert result(outcome) == (BATCH, 7, False, False)
    written = Destination(config.destination).marker(BATCH).read_text()
    assert written == outcome.report.model_dump_json(indent=2) + "\n"
    report = report_of(config)
    assert set(report.pop("versions")) == {"python", "duckdb", "sqlglot"}
    assert set(report.pop("seconds")) == {"reading", "labelling"}
    assert report == {
        "batch": BATCH,
        "started_at": "2026-11-23T16:00:00+00:00",
        "engine": "duckdb",
        "files": [file_read("a.csv", mixed, 7), file_read("c.csv", csv_of(), 0)],
        "skipped": [],
        "refused": [{"name": "b.csv", "problem": "empty file"}],
        "rows": 7,
        "counts": {
            "successful": 2,
            "unsuccessful": 5,
            "reasons": dict(zip(REASONS, (1, 1, 1, 1, 0, 1, 1), strict=True)),
            "shared_membership_ids": 1,
        },
    }


def test_progress_names_each_step(config: ProcessConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(config.source, {"a.csv": GOOD, "b.csv": MIXED})
    progress, words = Progress(), list[str]()
    monkeypatch.setattr(progress, "update", words.append)
    run(config, Request(BATCH, NOW), progress)
    assert words == ["reading", "reading file 1 of 2", "reading file 2 of 2", "labelling", "publishing"]
    assert list(progress.seconds) == ["reading", "labelling", "publishing"]


def test_batches_of_one_hour_and_the_next(config: ProcessConfig) -> None:
    assert result(publish(config)) == (BATCH, 1, False, False)
    assert result(publish(config)) == (SECOND, 0, True, False)
    before = everything_in(config.destination)
    write_files(config.source, {"a.csv": GOOD, "b.csv": MIXED})
    assert result(publish(config)) == (SECOND, 2, False, False)
    assert everything_in(config.destination).items() > before.items()
    report = report_of(config, SECOND)
    assert report["files"] == [file_read("b.csv", MIXED, 2)]
    assert report["skipped"] == [{"name": "a.csv", "sha256": sha256(GOOD).hexdigest(), "batch": BATCH}]
    assert result(publish(config, NEXT_BATCH)) == (NEXT_BATCH, 0, False, False)
    assert (published(config.destination), bytes_of(config, NEXT_BATCH)) == ([BATCH, SECOND, NEXT_BATCH], EMPTY_BATCH)


def test_empty_source_publishes_an_empty_batch(config: ProcessConfig) -> None:
    write_files(config.source, {})
    outcome = publish(config)
    assert (result(outcome), outcome.report.counts) == ((BATCH, 0, False, False), Counts.of({}, 0))
    assert (published(config.destination), bytes_of(config)) == ([BATCH], EMPTY_BATCH)


def test_known_content_is_skipped_under_another_name(config: ProcessConfig) -> None:
    publish(config)
    write_files(config.source, {"renamed.csv": GOOD, "z.csv": MIXED})
    publish(config, NEXT_BATCH)
    report = report_of(config, NEXT_BATCH)
    assert report["skipped"] == [{"name": "renamed.csv", "sha256": sha256(GOOD).hexdigest(), "batch": BATCH}]
    assert (report["files"], report["rows"]) == ([file_read("z.csv", MIXED, 2)], 2)


def test_batch_is_replaced_only_with_reprocess(config: ProcessConfig) -> None:
    publish(config)
    write_files(config.source, {"a.csv": GOOD, "b.csv": MIXED})
    assert result(publish(config, reprocess=True)) == (BATCH, 3, False, True)
    assert result(publish(config, NEXT_BATCH, reprocess=True)) == (NEXT_BATCH, 0, False, False)
    assert published(config.destination) == [BATCH, NEXT_BATCH]


@pytest.mark.parametrize("batch", [BATCH, SECOND])
def test_reprocessing_unchanged_files_gives_the_same_bytes(config: ProcessConfig, batch: str) -> None:
    publish(config)
    (config.source / "b.csv").write_bytes(MIXED)
    publish(config)
    files = {"a.csv": GOOD} if batch == BATCH else {"a.csv": GOOD, "b.csv": MIXED}
    before = bytes_of(config, batch)
    write_files(config.source, files)
    assert publish(config, batch, reprocess=True).replaced
    assert (published(config.destination), bytes_of(config, batch)) == ([BATCH, SECOND], before)


def test_reprocessing_a_file_with_another_batchs_content_is_refused(config: ProcessConfig) -> None:
    publish(config)
    write_files(config.source, {"a.csv": MIXED})
    publish(config, NEXT_BATCH)
    before = everything_in(config.destination)
    with pytest.raises(SourceFilesMissing):
        publish(config, reprocess=True)
    assert everything_in(config.destination) == before


def read(name: str, checksum: str) -> FileRead:
    return FileRead(name=name, bytes=1, sha256=checksum, rows=1)


def source_of(*files: FileRead) -> Source:
    nowhere = Path("/")
    return Source(tuple(SourceFile(file, nowhere, nowhere, (), (0, 0, 0, 0)) for file in files), (), ())


def test_reprocessed_file_is_found_by_name_or_content() -> None:
    replaced = Committed(batch=BATCH, files=(read("a.csv", "1"), read("b.csv", "2")))
    require_source_files(replaced, source_of(read("a.csv", "9"), read("renamed.csv", "2")))


@pytest.mark.parametrize(("names", "listed"), [("a", "a"), ("abc", "a, b, c"), ("abcde", "a, b, c, ...")])
def test_missing_files_are_listed_up_to_three(names: str, listed: str) -> None:
    replaced = Committed(batch=BATCH, files=tuple(read(name, name) for name in names))
    with pytest.raises(SourceFilesMissing) as caught:
        require_source_files(replaced, source_of(read("other", "other")))
    assert str(caught.value) == (
        f"--reprocess: batch {BATCH} has files that are not in the source directory: {listed}. Restore them first."
    )


def test_destination_path_is_not_read_as_values(config: ProcessConfig, tmp_path: Path) -> None:
    config = config.model_copy(update={"destination": tmp_path / "name=Eve" / "raw_row=1" / "[*]"})
    write_files(config.source, {"a.csv": GOOD, "b.csv": GOOD.replace(b"\n", b"\r\n")})
    assert publish(config).report.counts.successful == 2
    assert b"Eve" not in b"".join(bytes_of(config).values())


def test_reprocessing_applies_the_current_rules(config: ProcessConfig) -> None:
    publish(config)
    strict = config.model_copy(update={"rules": config.rules.model_copy(update={"adult_age": 99})})
    publish(strict, reprocess=True)
    row = b"Ada,Lim,19901210,91234567,ada@lim.com,false,under_18,Ada Lim,ada@lim.com,1990-12-10,91234567,,a.csv\n"
    changed = {"unsuccessful_application/part-00000.csv": UNSUCCESSFUL_HEADER + row}
    assert (published(config.destination), bytes_of(config)) == ([BATCH], EMPTY_BATCH | changed)
