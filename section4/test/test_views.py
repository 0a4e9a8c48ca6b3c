"""The views, with expectations worked out by hand."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.postgresql import Server
from common.test.databases import run_sql
from common.test.web_server import Site
from section4.test.support import NOW, days_from, disease_sh, for_countries, ingested, owid, singapore

pytestmark = pytest.mark.integration


def daily(covid: Server, columns: str) -> Any:
    return run_sql(covid, f"select {columns} from covid.daily order by measurement_date")


def averages(covid: Server) -> list[float | None]:
    return [None if average is None else float(average) for (average,) in daily(covid, "cases_average")]


def load_totals(covid: Server, site: Site, *totals: int) -> None:
    """Load a series of cumulative cases only, one for each day from 2022-03-01."""
    disease_sh(site, "singapore", days_from("2022-03-01", len(totals)), list(totals), [0] * len(totals))
    ingested(covid, site, "disease_sh")


def test_cases_without_daily_figures_are_differences(covid: Server, site: Site) -> None:
    load_totals(covid, site, 10, 13, 13, 12)
    assert daily(covid, "cases") == [(None,), (3,), (0,), (-1,)]


def test_reported_daily_figure_is_not_replaced_by_a_difference(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", owid(("Singapore", "2022-03-01", 3, 10, 1, 2), ("Singapore", "2022-03-02", -5, 14, "", 4)))
    ingested(covid, site)
    assert daily(covid, "cases, deaths") == [(3, 1), (-5, 2)]


def test_difference_skips_a_day_without_total(covid: Server, site: Site) -> None:
    figures = [(1, "", 10), (2, 4, ""), (3, "", 21)]
    site.answer(
        "/owid.csv", owid(*(("Singapore", f"2022-03-{day:02d}", new, total, 0, 0) for day, new, total in figures))
    )
    ingested(covid, site)
    assert daily(covid, "cases") == [(None,), (4,), (11,)]


def test_average_near_a_withdrawn_day_is_null(covid: Server, site: Site) -> None:
    rows: list[tuple[Any, ...]] = [("Singapore", f"2022-03-{day:02d}", 7, "", 0, "") for day in range(1, 16)]
    site.answer("/owid.csv", owid(*rows))
    ingested(covid, site)
    rows[7] = ("Singapore", "2022-03-08", *[""] * 4)
    site.answer("/owid.csv", owid(*rows))
    ingested(covid, site, now=NOW + timedelta(days=1))
    assert averages(covid) == [*[None] * 6, 7, *[None] * 7, 7]


def test_average_covers_seven_calendar_days(covid: Server, site: Site) -> None:
    # No report from the 9th to the 11th.
    numbers = [*((day, 7) for day in range(1, 7)), (7, 14), (8, 7), (12, 70)]
    site.answer("/owid.csv", owid(*(("Singapore", f"2022-03-{day:02d}", new, "", 0, "") for day, new in numbers)))
    ingested(covid, site)
    # 7th: (6x7+14)/7 = 8; 8th: (5x7+14+7)/7 = 8; 12th: days 6, 7, 8 and 12: (7+14+7+70)/7 = 14
    assert averages(covid) == [*[None] * 6, 8, 8, 14]


def test_report_after_days_without_cases_is_a_backlog(covid: Server, site: Site) -> None:
    load_totals(covid, site, 0, 50, 90, 90, 90, 200, 250)
    backlogs, days_before = zip(*daily(covid, "is_backlog, days_before"), strict=True)
    assert backlogs == (False, False, False, False, False, True, False)
    assert days_before == (None, None, 1, None, None, 3, 1)


def test_day_without_cases_among_few_is_not_a_backlog(covid: Server, site: Site) -> None:
    load_totals(covid, site, 0, 2, 2, 5, 6, 6, 6, 8, 9)
    assert not any(flag for (flag,) in daily(covid, "is_backlog"))


def test_weekly_report_is_not_a_backlog(covid: Server, site: Site) -> None:
    weekly = [total for week in range(4) for total in [100 + 70 * week] * 7]
    load_totals(covid, site, 0, 10, 20, 30, *weekly)
    flagged = daily(covid, "measurement_date::text, is_weekly, is_backlog")
    assert [day for day, is_weekly, _ in flagged if is_weekly] == ["2022-03-12", "2022-03-19", "2022-03-26"]
    assert not any(is_backlog for *_, is_backlog in flagged)


def test_single_long_gap_is_a_backlog_and_not_weekly(covid: Server, site: Site) -> None:
    load_totals(covid, site, 0, 10, 20, 30, *[30] * 9, 200, 210, 220)
    assert [day.day for day, is_backlog in daily(covid, "measurement_date, is_backlog") if is_backlog] == [14]


def test_monthly_reports_are_not_weekly(covid: Server, site: Site) -> None:
    monthly = [total for month in range(4) for total in [1_000 + 700 * month] * 28]
    load_totals(covid, site, 0, 100, 200, 300, *monthly)
    assert not any(flag for (flag,) in daily(covid, "is_weekly"))


@pytest.mark.parametrize(
    ("age", "run_age", "state"),
    [
        (0, 0, "fresh"),
        (14, 0, "fresh"),
        (15, 0, "STALE: nothing newer is reported"),
        (1, 2, "STALE: no run for 36 hours"),
    ],
)
def test_freshness_depends_on_last_day_and_last_run(
    covid: Server, site: Site, age: int, run_age: int, state: str
) -> None:
    now = datetime.now(UTC)
    site.answer("/owid.csv", owid(("Singapore", f"{now.date() - timedelta(days=age)}", 3, 10, 1, 2)))
    ingested(covid, site, now=now - timedelta(days=run_age))
    assert run_sql(covid, "select state, days_old, source from covid.freshness") == [(state, age, "owid")]


def test_freshness_ignores_days_of_zeros(covid: Server, site: Site) -> None:
    now = datetime.now(UTC)
    days = [(f"{now.date() - timedelta(days=age)}", new) for age, new in ((40, 9), (3, ""), (2, ""), (1, ""))]
    site.answer("/owid.csv", owid(*(("Singapore", day, new, 99, 0, 2) for day, new in days)))
    ingested(covid, site, now=now)
    assert run_sql(covid, "select state, days_old from covid.freshness") == [("STALE: nothing newer is reported", 40)]


def test_freshness_ignores_runs_of_other_countries_and_past_days(covid: Server, site: Site) -> None:
    now = datetime.now(UTC)
    day = f"{now.date() - timedelta(days=3)}"
    site.answer("/owid.csv", owid(("Singapore", day, 3, 10, 1, 2), ("Malaysia", day, 3, 10, 1, 2)))
    ingested(covid, site, now=now - timedelta(days=2))
    ingested(covid, site, query=for_countries("MY"), now=now)
    ingested(covid, site, query=for_countries("SG", last=day), now=now)
    states = run_sql(covid, "select country_code, state from covid.freshness order by 1")
    assert states == [("MY", "fresh"), ("SG", "STALE: no run for 36 hours")]


def test_sample_is_never_fresh(covid: Server, site: Site) -> None:
    ingested(covid, site, "sample")
    assert run_sql(covid, "select state from covid.freshness") == [("SAMPLE: made up",)]


def test_real_series_gives_figures_worked_out_by_hand(covid: Server, site: Site, real_data: Path) -> None:
    series = singapore(real_data)
    disease_sh(site, "singapore", *series)
    ingested(covid, site, "disease_sh")
    columns = "measurement_date, cases, cases_average::float, deaths_average::float, is_backlog, is_weekly"
    rows = {day: row for day, *row in daily(covid, columns)}
    # 2022-03-02: 767,663 cases and 1,040 deaths so far, none reported on the 8th; 2022-03-09: 885,593 and 1,110.
    assert rows[date(2022, 3, 9)] == [39_252, 16_847.14, 10.0, True, False]
    assert rows[date(2022, 3, 8)] == [0, round((846_341 - 748_504) / 7, 2), round((1_099 - 1_030) / 7, 2), False, False]
    # 2023-03-01: 2,230,868; 2023-03-08: 2,235,294; weekly since 2023-02-13.
    assert rows[date(2023, 3, 8)] == [4_426, 632.29, 0.0, False, True]
    assert [day for day, row in rows.items() if row[4]] == [date(2023, 2, 27), date(2023, 3, 1), date(2023, 3, 8)]
    assert sum(row[3] for row in rows.values()) == sum(is_backlog(day, series.cases) for day in range(1, len(rows)))


def is_backlog(day: int, totals: list[int]) -> bool:
    """Return whether a day includes earlier ones: at least ten cases per day, and none on the day before."""
    is_gap = totals[day - 1] == totals[day - 2]
    is_weekly = day >= 1_132  # 2023-02-27
    return is_gap and totals[day] > totals[day - 1] and totals[day] - totals[max(0, day - 7)] >= 70 and not is_weekly
