"""A page beside each committed report: the batch counts without it, and every run adds what is missing or stale."""

import errno
import logging
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from faker import Faker

from section1.config import ProcessConfig
from section1.operator import pages
from section1.operator.destination import Destination
from section1.test.page_reader import read_page
from section1.test.support import BATCH, NEXT_BATCH, application, config_for, csv_of, outputs_of, publish, write_files

pytestmark = pytest.mark.integration

LAST = "2026-11-23T18"
GOOD, BAD = csv_of(application()), csv_of(application(mobile_no="1"))


@pytest.fixture
def config(tmp_path: Path) -> ProcessConfig:
    """Two batches of a row each: a successful one, an unsuccessful one."""
    config = config_for(tmp_path)
    write_files(config.source, {"a.csv": GOOD})
    publish(config)
    write_files(config.source, {"b.csv": BAD})
    publish(config, NEXT_BATCH)
    return config


def page_of(config: ProcessConfig, batch: str = BATCH) -> Path:
    return config.destination / "report" / f"{batch}.html"


def page_names(config: ProcessConfig) -> list[str]:
    return sorted(path.stem for path in (config.destination / "report").glob("*.html"))


def earlier_batches(config: ProcessConfig, batch: str) -> list[str]:
    """Return the batches in the last table of a page, the newest first."""
    html = page_of(config, batch).read_text()
    return [] if "No earlier batch has rows" in html else [row[0] for row in read_page(html).tables[-1][1:]]


def rows_read(config: ProcessConfig, batch: str = BATCH) -> str:
    return read_page(page_of(config, batch).read_text()).terms["rows read"]


def refuse_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(destination: Destination, batch: str, content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Destination, "put_page", full)


def test_each_batch_has_a_page_with_the_earlier_ones(config: ProcessConfig) -> None:
    assert page_names(config) == [BATCH, NEXT_BATCH]
    assert (earlier_batches(config, BATCH), earlier_batches(config, NEXT_BATCH)) == ([], [BATCH])
    assert rows_read(config, NEXT_BATCH) == f"1 (+0 from {BATCH})"


def test_batch_without_rows_is_not_an_earlier_batch(config: ProcessConfig) -> None:
    publish(config, LAST)
    write_files(config.source, {"c.csv": csv_of(application(name="Bob Tan"))})
    publish(config, "2026-11-23T19")
    assert page_names(config) == [BATCH, NEXT_BATCH, LAST, "2026-11-23T19"]
    assert earlier_batches(config, "2026-11-23T19") == [NEXT_BATCH, BATCH]


def test_page_has_24_earlier_batches_at_most(config: ProcessConfig) -> None:
    for number in range(30):
        write_files(config.source, {"a.csv": csv_of(application(name=f"Ada Lim{number}"))})
        publish(config, f"2026-11-24T{number:02}" if number < 24 else f"2026-11-25T{number - 24:02}")
    assert earlier_batches(config, "2026-11-25T05")[::23] == ["2026-11-25T04", "2026-11-24T05"]


def test_other_pages_and_unchanged_ones_are_kept(config: ProcessConfig) -> None:
    before = page_of(config).stat().st_ino
    page_of(config, "notes").write_text("mine")
    publish(config, LAST)
    assert page_of(config).stat().st_ino == before
    assert page_names(config) == [BATCH, NEXT_BATCH, LAST, "notes"]


@pytest.mark.parametrize("damage", [b"", b"half a page"])
def test_damaged_page_is_written_again(damage: bytes, config: ProcessConfig) -> None:
    whole = page_of(config).read_bytes()
    page_of(config).write_bytes(damage)
    publish(config, LAST)
    assert page_of(config).read_bytes() == whole


def test_dry_run_writes_no_page(config: ProcessConfig) -> None:
    page_of(config).unlink()
    publish(config, LAST, dry_run=True)
    assert page_names(config) == [NEXT_BATCH]


def test_unwritable_page_is_a_warning_and_the_next_run_writes_it(
    config: ProcessConfig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        refuse_pages(patch)
        publish(config, LAST)
    why = "cannot write a page (report/*.html): No space left on device. All batches count; the next run tries again."
    assert caplog.messages == [why]
    assert (Destination(config.destination).holds(LAST), page_names(config)) == (True, [BATCH, NEXT_BATCH])
    assert publish(config, LAST).nothing_new
    assert page_names(config) == [BATCH, NEXT_BATCH, LAST]


def test_report_without_counts_is_a_warning(config: ProcessConfig, caplog: pytest.LogCaptureFixture) -> None:
    report = config.destination / "report" / f"{NEXT_BATCH}.json"
    report.write_text(f'{{"batch": "{NEXT_BATCH}", "files": []}}')
    with caplog.at_level(logging.WARNING, "section1.operator.pages"):
        assert publish(config, LAST).report.batch == LAST
    [warning] = [record.getMessage() for record in caplog.records if record.name == "section1.operator.pages"]
    assert f"{report}: not a valid report of this batch" in warning
    assert Destination(config.destination).holds(LAST)


def test_replaced_batch_updates_its_page_and_the_later_ones(config: ProcessConfig) -> None:
    write_files(config.source, {"a.csv": GOOD, "c.csv": csv_of(*[application()] * 2)})
    publish(config, reprocess=True)
    assert rows_read(config) == "3"
    assert rows_read(config, NEXT_BATCH) == f"1 (-2 from {BATCH})"


def test_batch_removed_by_hand_disappears_from_all_pages(config: ProcessConfig) -> None:
    (config.destination / "report" / f"{BATCH}.json").unlink()
    write_files(config.source, {})
    publish(config, LAST)
    assert page_names(config) == [NEXT_BATCH, LAST]
    assert (earlier_batches(config, NEXT_BATCH), earlier_batches(config, LAST)) == ([], [NEXT_BATCH])


def test_missing_pages_are_added_a_few_per_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MAX_WRITTEN", 3)
    monkeypatch.setattr(pages, "KEPT_CURRENT", 2)
    config, start = config_for(tmp_path), datetime(2026, 11, 23)
    batches = [f"{start + timedelta(hours=hour):%Y-%m-%dT%H}" for hour in range(7)]
    write_files(config.source, {})
    with monkeypatch.context() as patch:
        refuse_pages(patch)
        for batch in batches:
            publish(config, batch)
    written = []
    for _ in range(4):
        publish(config, batches[-1])
        written.append(len(page_names(config)))
    assert written == [3, 6, 7, 7]


@pytest.mark.parametrize("number", [0, *(pytest.param(number, marks=pytest.mark.slow) for number in range(1, 20))])
def test_page_has_no_personal_data(number: int, tmp_path: Path) -> None:
    fake = Faker(["en_US", "zh_CN", "ta_IN"])
    fake.seed_instance(number)
    lines = [
        application(fake.name(), fake.email(), f"{fake.date_of_birth()}", f"{fake.random_number(8, fix_len=True)}")
        for _ in range(50)
    ]
    config = config_for(tmp_path)
    write_files(config.source, {"a.csv": csv_of(*lines, f"{lines[0]},more"), "b.csv": csv_of(f'"{lines[1]}"x')})
    publish(config)
    html = page_of(config).read_text()
    values = {value for output in outputs_of(config) for row in output for value in row}
    values |= {value for line in lines for value in line.split(",")}
    allowed = re.compile(r"(true|false|[ab]\.csv|[a-z_0-9;]*(invalid|missing|under_18|malformed)|)")
    assert [value for value in values if not allowed.fullmatch(value) and value in html] == []
