"""A batch's page: what it shows of its report and the earlier ones, and what it must not contain."""

import re
from pathlib import Path

import pytest

from common.test.browser import opened
from section1.core.columns import REASONS
from section1.core.page import page
from section1.core.report import Counts, FileRead, FileRefused, FileSkipped, Report, Tally
from section1.core.trend import Trend, trends
from section1.test.page_reader import read_page
from section1.test.support import BATCH

SHA = "0" * 64
HOSTILE = "</title><script>alert(1)</script><img src=x onerror=alert(1)> $batch \u202e\"'&.csv"


def report(
    rows: int = 200, successful: int = 50, *, under_18: int = 0, batch: str = BATCH, **changes: object
) -> Report:
    """Return a report; the rows that are neither successful nor under 18 have an invalid email."""
    reasons = dict.fromkeys(REASONS, 0) | {"under_18": under_18, "email_invalid": rows - successful}
    counts = Counts(successful=successful, unsuccessful=rows - successful, reasons=reasons, shared_membership_ids=3)
    made = Report(
        batch=batch,
        files=(FileRead(name="a.csv", bytes=12_345, sha256=SHA, rows=rows),),
        started_at="2026-11-23T16:00:00+08:00",
        engine="duckdb",
        versions={"python": "3.11.7", "duckdb": "2.0.1"},
        skipped=(),
        refused=(),
        rows=rows,
        counts=counts,
        seconds={"reading": 0.25, "labelling": 0.75},
    )
    return made.model_copy(update=changes)


def earlier(*successful: int, rows: int = 100) -> list[Tally]:
    """Return hourly batches with these numbers of successful rows, the oldest first."""
    return [report(rows, good, batch=f"2026-11-22T{hour:02}").tally for hour, good in enumerate(successful)]


def test_headline_has_start_engine_and_counts() -> None:
    assert read_page(page(report(), earlier(30, 20))).terms == {
        "started": "2026-11-23T16:00:00+08:00",
        "engine": "duckdb (python 3.11.7, duckdb 2.0.1)",
        "rows read": "200 (+100 from 2026-11-22T01)",
        "successful": "50 (25.0 %)",
        "unsuccessful": "150 (75.0 %)",
        "membership IDs with several e-mails": "3",
    }


def test_count_has_share_change_and_usual_share() -> None:
    head, successful, unsuccessful, *reasons = read_page(page(report(under_18=5), earlier(10, 30, 20))).tables[0]
    before = "change in rows from 2026-11-22T02"
    assert [name for name in head if name] == [
        *("rows", "share of rows", before, "change in percentage points", "usual share"),
        "earlier batches and this one",
    ]
    assert successful == ["successful", "50", "25.0 %", "", "+30", "+5.0", "20.0 %", "", ""]
    assert unsuccessful == ["unsuccessful", "150", "75.0 %", "", "+70", "-5.0", "80.0 %", "", ""]
    assert [row[0] for row in reasons] == list(REASONS)
    assert reasons[5] == ["under_18", "5", "2.5 %", "", "+5", "+2.5", "0.0 %", "", ""]


def test_earlier_batches_are_charted_and_listed() -> None:
    html = page(report(), earlier(10, 30, 20))
    found = read_page(html)
    assert found.labels[:2] == [
        "successful: 25.0 % of the rows",
        "successful: 10.0 to 30.0 % in earlier batches (3), 25.0 % in this one",
    ]
    assert len(found.labels) == 2 * (2 + len(REASONS))
    charts = re.findall(r'class="trend".*?</span>', html)
    assert re.findall(r"height:(\d+)%", charts[0]) == ["33", "100", "67", "83"]
    assert [row[:4] for row in found.tables[-1][:3]] == [
        ["batch", "rows", "successful", "unsuccessful"],
        ["2026-11-22T02", "100", "20 20.0 %", "80 80.0 %"],
        ["2026-11-22T01", "100", "30 30.0 %", "70 70.0 %"],
    ]


def test_files_are_listed_with_refused_ones_first() -> None:
    skipped = (FileSkipped(name="old.csv", sha256=SHA, batch="2026-11-22T07"),)
    refused = (FileRefused(name="none.csv", problem="empty file"),)
    assert read_page(page(report(skipped=skipped, refused=refused), [])).tables[1] == [
        ["file", "state", "bytes", "rows"],
        ["none.csv", "refused: empty file", "", ""],
        ["a.csv", "read", "12,345", "200"],
        ["old.csv", "skipped: already in batch 2026-11-22T07", "", ""],
    ]


def test_timings_and_speed_are_shown() -> None:
    html = page(report(), [])
    assert read_page(html).tables[2] == [["step", "seconds"], ["reading", "0.250"], ["labelling", "0.750"]]
    assert "200 rows per second." in html


def test_empty_first_batch_has_a_page() -> None:
    html = page(report(0, 0, files=(), seconds={"reading": 0.0}), [])
    assert "No rows were read, so there are no shares to compare." in html
    assert "No earlier batch has rows." in html
    assert read_page(html).tables[0][1] == ["successful", "0", "no rows", "", "", "", "", "", ""]


def trend(rows: int, of: int, *before: int) -> Trend:
    """Return a trend after batches of 1,000 rows each."""
    return Trend("under_18", rows, of, tuple((count, 1000) for count in before))


@pytest.mark.parametrize(
    ("found", "unusual"),
    [
        (trend(200, 1000, *[100] * 6), True),
        (trend(200, 1000, *[100] * 5), False),  # too few earlier batches
        (trend(119, 1000, *[100] * 6), False),  # less than 2 points
        (trend(3, 10, *[100] * 6), False),  # 3 of 10 is chance
        (trend(200, 1000, 50, 60, 150, 160, 100, 100), False),  # usual deviation
        (trend(0, 1000, *[100] * 6), True),
        (trend(0, 0, *[100] * 6), False),
    ],
)
def test_share_is_unusual_beyond_deviation_and_chance(found: Trend, unusual: bool) -> None:
    assert found.is_unusual is unusual


def test_unusual_shares_are_marked_and_named() -> None:
    html = page(report(1000, 500), earlier(*[200] * 6, rows=1000))
    marked = [row[0] for row in read_page(html).tables[0] if row[-1] == "unusual"]
    assert marked == ["successful", "unsuccessful", "email_invalid"]
    assert "<strong>Unusual: successful, unsuccessful, email_invalid</strong>" in html


@pytest.mark.parametrize(
    ("before", "text"),
    [([500] * 6, "No unusual shares."), ([500] * 2, "Too few earlier batches with rows for a comparison: 2 of 6.")],
)
def test_page_without_marks_gives_the_reason(before: list[int], text: str) -> None:
    assert text in page(report(1000, 500), earlier(*before, rows=1000))


def test_reasons_missing_in_an_old_report_are_zero() -> None:
    counts = Counts(successful=1, unsuccessful=1, reasons={"email_invalid": 1})
    rows = [trend.rows for trend in trends(Tally(batch=BATCH, rows=2, counts=counts), [])]
    assert rows == [1, 1, *[0] * 6, 1]


def hostile() -> Report:
    """Return a report with file names that contain HTML and control characters."""
    return report(
        files=(FileRead(name=HOSTILE, bytes=1, sha256=SHA, rows=1),),
        skipped=(FileSkipped(name=HOSTILE, sha256=SHA, batch=HOSTILE),),
        refused=(FileRefused(name=HOSTILE, problem=HOSTILE),),
    )


def test_file_name_is_always_shown_as_text() -> None:
    harmless, found = read_page(page(report(), [])), read_page(page(hostile(), []))
    assert found.tags == harmless.tags | {"strong"}
    assert [row[0] for row in found.tables[1][1:]] == [HOSTILE] * 3


def test_page_of_ten_thousand_files_stays_under_2_mb() -> None:
    name = '"' * 251 + ".csv"
    html = page(
        report(
            files=(FileRead(name=name, bytes=10**12, sha256=SHA, rows=10**9),) * 10_000,
            skipped=(FileSkipped(name=name, sha256=SHA, batch=BATCH),) * 10_000,
            refused=(FileRefused(name=name, problem="column 'date_of_birth' occurs twice"),) * 10_000,
        ),
        earlier(*range(24)),
    )
    assert len(html.encode()) < 2_000_000
    assert "10,000 refused, 10,000 read, 10,000 skipped. Not shown: 9,700 more refused; 9,700 more read;" in html


def test_page_loads_and_runs_nothing() -> None:
    html = page(report(), earlier(*range(24)))
    assert not re.search(r"//|url\(|@import|<script", html.replace("<!DOCTYPE", ""))
    assert "default-src 'none'" in html


@pytest.mark.integration
@pytest.mark.needs("chromium")
@pytest.mark.parametrize("shown", [report(), hostile()], ids=["usual", "hostile"])
def test_browser_shows_the_page_without_console_messages(shown: Report, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(page(shown, earlier(*range(24))), encoding="utf-8")
    browser = opened(path)
    assert (browser.returncode, "CONSOLE" in browser.stderr) == (0, False)
    assert len(re.findall(r'class="trend"', browser.stdout)) == 2 + len(REASONS)
