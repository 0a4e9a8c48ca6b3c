"""A page lies beside each committed report; the batch counts without it, and a run makes what is missing or stale."""

import errno
import logging
import re
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from faker import Faker

from section1.config import ProcessConfig
from section1.core.batch import in_time
from section1.core.columns import OUTPUTS
from section1.operator import pages
from section1.operator.destination import Destination
from section1.test.faults import Driver, Order
from section1.test.support import BATCH, application, bytes_of, config_for, csv_of, outputs_of, publish, write_files
from section1.test.test_page import read

NEXT, LAST = "2026-11-23T17", "2026-11-23T18"
GOOD, BAD = csv_of(application()), csv_of(application(mobile_no="1"))


@pytest.fixture
def config(tmp_path: Path) -> ProcessConfig:
    """Two batches of a row each: a successful one, an unsuccessful one."""
    config = config_for(tmp_path)
    write_files(config.source, {"a.csv": GOOD})
    publish(config)
    write_files(config.source, {"b.csv": BAD})
    publish(config, NEXT)
    return config


def page_of(config: ProcessConfig, batch: str = BATCH) -> Path:
    return config.destination / "report" / f"{batch}.html"


def page_names(config: ProcessConfig) -> list[str]:
    return sorted(path.stem for path in (config.destination / "report").glob("*.html"))


def looks_back_on(config: ProcessConfig, batch: str) -> list[str]:
    """Return the batches in the last table of a page, the newest first."""
    html = page_of(config, batch).read_text()
    return [] if "No earlier batch holds rows" in html else [row[0] for row in read(html).tables[-1][1:]]


def refuse_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(destination: Destination, batch: str, content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Destination, "put_page", full)


def test_each_batch_has_a_page_that_looks_back(config: ProcessConfig) -> None:
    assert page_names(config) == [BATCH, NEXT]
    assert (looks_back_on(config, BATCH), looks_back_on(config, NEXT)) == ([], [BATCH])
    assert read(page_of(config, NEXT).read_text()).terms["rows read"] == f"1 (+0 against {BATCH})"


def test_batches_without_rows_have_pages_but_are_not_looked_back_on(config: ProcessConfig) -> None:
    publish(config, LAST)
    write_files(config.source, {"c.csv": csv_of(application(name="Bob Tan"))})
    publish(config, "2026-11-23T19")
    assert page_names(config) == [BATCH, NEXT, LAST, "2026-11-23T19"]
    assert looks_back_on(config, "2026-11-23T19") == [NEXT, BATCH]


def test_an_unchanged_page_is_left_as_it_is(config: ProcessConfig) -> None:
    before = page_of(config).stat().st_ino
    publish(config, LAST)
    assert page_of(config).stat().st_ino == before


def test_a_page_that_cannot_be_written_is_told_in_a_line_and_made_by_the_next_run(
    config: ProcessConfig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        refuse_pages(patch)
        publish(config, LAST)
    why = "all batches count, but a page (report/*.html) could not be made: No space left on device; the next run tries"
    assert caplog.messages == [why]
    assert (Destination(config.destination).holds(LAST), page_names(config)) == (True, [BATCH, NEXT])
    assert publish(config, LAST).nothing_new
    assert page_names(config) == [BATCH, NEXT, LAST]


def test_a_report_that_tells_no_counts_costs_pages_but_no_batch(
    config: ProcessConfig, caplog: pytest.LogCaptureFixture
) -> None:
    report = config.destination / "report" / f"{NEXT}.json"
    report.write_text(f'{{"batch": "{NEXT}", "files": []}}')
    with caplog.at_level(logging.WARNING, "section1.operator.pages"):
        assert publish(config, LAST).report.batch == LAST
    [said] = [record.getMessage() for record in caplog.records if record.name == "section1.operator.pages"]
    assert f"{report}: is no report of this batch" in said
    assert Destination(config.destination).holds(LAST)


def test_a_run_killed_between_its_report_and_its_page_leaves_the_page_to_the_next(tmp_path: Path) -> None:
    config = config_for(tmp_path)
    write_files(config.source, {"a.csv": GOOD})
    order = Order(str(config.source), str(config.destination), BATCH)
    with Driver() as driver:
        # The first one asks DuckDB, the second makes the calls that the struck one makes.
        calls = [driver.run(Order(order.source, str(tmp_path / clean), BATCH)).calls for clean in ("1", "2")][1]
        flushed = calls.index(f"fsync /.staging/{BATCH}.html")
        killed = driver.run(Order(order.source, order.destination, BATCH, faults=((flushed + 1, "SIGKILL"),)))
        assert (killed.code, Destination(config.destination).holds(BATCH), page_names(config)) == (-9, True, [])
        assert [path.name for path in (config.destination / ".staging").iterdir()] == [f"{BATCH}.html"]
        assert driver.run(order).code == 0
    assert (page_names(config), list((config.destination / ".staging").iterdir())) == ([BATCH], [])


def test_replacing_a_batch_makes_its_page_and_the_later_ones_anew(config: ProcessConfig) -> None:
    write_files(config.source, {"a.csv": GOOD, "c.csv": csv_of(*[application()] * 2)})
    publish(config, reprocess=True)
    assert read(page_of(config).read_text()).terms["rows read"] == "3"
    assert read(page_of(config, NEXT).read_text()).terms["rows read"] == f"1 (-2 against {BATCH})"


def test_the_page_is_withdrawn_before_its_report(config: ProcessConfig) -> None:
    write_files(config.source, {"a.csv": GOOD})
    with Driver() as driver:
        calls = driver.run(Order(str(config.source), str(config.destination), BATCH, reprocess=True)).calls
    renames = [re.sub(r".*/", "", call) for call in calls if call.startswith("os.rename")]
    # To the stage and, the new ones, from it.
    assert renames == [
        *("report.html", "report.json", *OUTPUTS),
        *(BATCH, BATCH, f"{BATCH}.json", f"{NEXT}.html", f"{BATCH}.html"),
    ]


def test_a_batch_that_is_withdrawn_by_hand_loses_its_page_and_its_place_in_the_others(config: ProcessConfig) -> None:
    (config.destination / "report" / f"{BATCH}.json").unlink()
    write_files(config.source, {})
    publish(config, LAST)
    assert page_names(config) == [NEXT, LAST]
    assert (looks_back_on(config, NEXT), looks_back_on(config, LAST)) == ([], [NEXT])


@pytest.mark.parametrize("damage", [b"", b"half a page"])
def test_a_damaged_page_is_made_anew(damage: bytes, config: ProcessConfig) -> None:
    whole = page_of(config).read_bytes()
    page_of(config).write_bytes(damage)
    publish(config, LAST)
    assert page_of(config).read_bytes() == whole


def test_a_page_of_another_name_is_nobody_s_to_remove(config: ProcessConfig) -> None:
    page_of(config, "notes").write_text("mine")
    publish(config, LAST)
    assert page_names(config) == [BATCH, NEXT, LAST, "notes"]


def test_a_destination_older_than_its_pages_gets_them_run_by_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "AT_ONCE", 3)
    monkeypatch.setattr(pages, "KEPT_CURRENT", 2)
    config, start = config_for(tmp_path), datetime(2026, 11, 23)
    batches = [f"{start + timedelta(hours=hour):%Y-%m-%dT%H}" for hour in range(7)]
    write_files(config.source, {})
    with monkeypatch.context() as patch:
        refuse_pages(patch)
        for batch in batches:
            publish(config, batch)
    made = []
    for _ in range(4):
        publish(config, batches[-1])
        made.append(len(page_names(config)))
    assert made == [3, 6, 7, 7]


def test_more_than_24_earlier_batches_are_not_looked_back_on(config: ProcessConfig) -> None:
    for number in range(30):
        write_files(config.source, {"a.csv": csv_of(application(name=f"Ada Lim{number}"))})
        publish(config, f"2026-11-24T{number:02}" if number < 24 else f"2026-11-25T{number - 24:02}")
    assert looks_back_on(config, "2026-11-25T05")[::23] == ["2026-11-25T04", "2026-11-24T05"]


def test_batches_are_in_the_order_of_time() -> None:
    names = ["2026-11-23T16", "2026-11-23T16-2", "2026-11-23T16-10", "2026-11-23T17", "2026-11-24T00"]
    assert [in_time(one) < in_time(other) for one, other in pairwise(names)] == [True] * 4


def test_a_dry_run_makes_no_page(config: ProcessConfig) -> None:
    page_of(config).unlink()
    publish(config, LAST, dry_run=True)
    assert page_names(config) == [NEXT]


def test_a_page_changes_nothing_that_a_reader_of_batches_sees(config: ProcessConfig) -> None:
    before, newest = bytes_of(config), Destination(config.destination).newest()
    page_of(config, NEXT).touch()
    assert (bytes_of(config), Destination(config.destination).newest()) == (before, newest)
    assert list(Destination(config.destination).committed()) == [BATCH, NEXT]


@pytest.mark.parametrize("number", range(20))
def test_nothing_that_an_applicant_wrote_stands_in_a_page(number: int, tmp_path: Path) -> None:
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
    written = {value for row in [*outputs_of(config)[0], *outputs_of(config)[1]] for value in row}
    written |= {value for line in lines for value in line.split(",")}
    allowed = re.compile(r"(true|false|[ab]\.csv|[a-z_0-9;]*(invalid|missing|under_18|malformed)|)")
    assert [value for value in written if not allowed.fullmatch(value) and value in html] == []
