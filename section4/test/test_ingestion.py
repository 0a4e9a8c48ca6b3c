"""The ingestion with a database: choice of the source, atomic loads, revisions, run records."""

import logging
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.errors import Busy, UsageError
from common.postgresql import Server, StatementFailed
from common.progress import Progress
from common.test.databases import run_sql
from common.test.web_server import Reply, Site
from section4.core.record import Query, Record, SourceError, UnknownName
from section4.main import NoUsableSource, Outcome, Request, ingest
from section4.operator.postgresql_operator import ingestion, last_run
from section4.test.support import (
    EVERYTHING,
    LATER,
    NOW,
    config,
    counts,
    covid19api,
    days_from,
    disease_sh,
    for_countries,
    ingested,
    jhu,
    owid,
    singapore,
)

pytestmark = pytest.mark.integration

MARCH_9, MARCH_10 = date(2022, 3, 9), date(2022, 3, 10)
TWO_DAYS = owid(("Singapore", "2022-03-09", 3, 10, 1, 2), ("Singapore", "2022-03-10", 4, 14, 0, 2))
WITH_ETAG, NOT_MODIFIED = Reply(TWO_DAYS, headers={"ETag": '"1"'}), Reply(status=304)
TRUNCATED = Reply(TWO_DAYS, length=999)
INCOMPLETE = "owid: the response is incomplete"
SINGAPORE = for_countries("SG")


def runs(covid: Server) -> Any:
    """Return source, inserted, changed, unchanged, refused and outcome of all runs."""
    return run_sql(
        covid, "select source, inserted, changed, unchanged, refused, outcome from covid.ingestion_run order by run_id"
    )


def days(covid: Server) -> Any:
    """Return the days with their total cases and deaths."""
    return run_sql(covid, "select measurement_date, cases_total, deaths_total from covid.daily_cases order by 1")


def rows(*days: tuple[Any, ...]) -> bytes:
    """Return the rows of an owid response, without its header."""
    return owid(*days).partition(b"\n")[2]


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [line.getMessage() for line in caplog.records if line.levelno == logging.WARNING]


def conditions(site: Site) -> list[str | None]:
    """Return the If-None-Match header of each request."""
    return [headers.get("if-none-match") for _, headers in site.asked]


# The source


@pytest.mark.parametrize(("last", "to"), [("2022-03-10", "2022-03-10"), (None, "2026-11-25")])
def test_request_contains_the_days(covid: Server, site: Site, last: str | None, to: str) -> None:
    covid19api(site, "singapore", [("", MARCH_9, 1, 0)])
    ingested(covid, site, "covid19api", query=for_countries("SG", first="2022-03-01", last=last))
    assert [path for path, _ in site.asked] == [
        f"/country/singapore/status/{series}?from=2022-03-01&to={to}" for series in ("confirmed", "deaths")
    ]


def test_first_usable_source_is_loaded(covid: Server, site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.answer("/owid.csv", b"<html>moved</html>")
    disease_sh(site, "singapore", days_from("2022-03-09", 2), [10, 14], [2, 2])
    covid19api(site, "singapore", [("", MARCH_9, 1, 0)])
    outcome = ingested(covid, site, "owid", "who", "disease_sh", "covid19api")
    assert (outcome.source, counts(outcome)) == ("disease_sh", (2, 0, 0))
    assert warnings(caplog) == [
        "owid: expected CSV with exactly one column country",
        "who: HTTP 404 Not Found",
    ]
    assert runs(covid) == [("disease_sh", 2, 0, 0, 0, "loaded")]


def test_no_usable_source_leaves_the_database_unchanged(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", TWO_DAYS)
    ingested(covid, site)
    before = days(covid), runs(covid)
    site.answer("/owid.csv", TWO_DAYS.replace(b",14,", b",many,"))
    with pytest.raises(NoUsableSource) as caught:
        ingested(covid, site, "owid", "who", now=LATER)
    assert (caught.value.exit_code, str(caught.value)) == (
        1,
        "no usable source: owid, who failed, see the warnings above. The database is unchanged; run again later.",
    )
    assert (days(covid), runs(covid)) == before


@pytest.mark.parametrize("truncated", [1, 2])
def test_incomplete_response_is_retried(
    covid: Server, site: Site, caplog: pytest.LogCaptureFixture, truncated: int
) -> None:
    site.answer("/owid.csv", *[TRUNCATED] * truncated, TWO_DAYS)
    disease_sh(site, "singapore", days_from("2022-03-09", 2), [10, 14], [2, 2])
    outcome = ingested(covid, site, "owid", "disease_sh")
    assert (outcome.source, counts(outcome)) == ("owid", (2, 0, 0))
    assert caplog.messages == [f"{INCOMPLETE}; retrying"] * truncated


def test_third_incomplete_response_is_the_last(covid: Server, site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.answer("/owid.csv", TRUNCATED)
    with pytest.raises(NoUsableSource):
        ingested(covid, site)
    assert len(site.asked) == 3
    assert caplog.messages == [f"{INCOMPLETE}; retrying"] * 2 + [INCOMPLETE]


def test_frozen_source_does_not_replace_a_live_one(covid: Server, site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.answer("/owid.csv", owid(("Singapore", "2026-11-20", 3, 10, 1, 2), ("Singapore", "2026-11-24", 3, 13, 1, 3)))
    ingested(covid, site)
    before = days(covid)
    site.replies.pop("/owid.csv")
    disease_sh(site, "singapore", days_from("2023-03-08", 2), [1, 2], [0, 0])
    with pytest.raises(NoUsableSource):
        ingested(covid, site, "owid", "disease_sh", now=LATER)
    assert "disease_sh: outdated: SG ends on 2023-03-09, another source had figures up to 2026-11-24" in caplog.messages
    assert days(covid) == before
    until_then = for_countries("SG", last="2023-03-09")
    assert ingested(covid, site, "owid", "disease_sh", query=until_then, now=LATER).source == "disease_sh"
    assert ingested(covid, site, "disease_sh", now=LATER).source == "disease_sh"  # named explicitly


def test_source_two_weeks_behind_replaces_a_failed_one(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", owid(("Singapore", "2026-11-24", 3, 13, 1, 3)))
    ingested(covid, site)
    site.replies.pop("/owid.csv")
    disease_sh(site, "singapore", days_from("2026-11-09", 2), [1, 2], [0, 0])
    assert ingested(covid, site, "owid", "disease_sh", now=LATER).source == "disease_sh"


class RecordedProgress(Progress):
    """Keeps the texts."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def update(self, text: str) -> None:
        self.texts.append(text)


def progress_of(covid: Server, site: Site, query: Query) -> list[str]:
    progress = RecordedProgress()
    ingest(config(site, retries=0), covid, Request(("owid",), query, NOW), progress)
    assert list(progress.seconds) == ["owid: requesting"]
    return progress.texts


def test_progress_shows_each_new_country(covid: Server, site: Site) -> None:
    malaysia = rows(("Malaysia", "2022-03-09", 1, 1, 0, 0))
    world = rows(("World", "2022-03-09", 1, 1, 0, 0))
    site.answer("/owid.csv", TWO_DAYS + malaysia + malaysia + world)
    of_three = ["owid: Singapore, 1 of 3 countries, 0 days before", "owid: Malaysia, 2 of 3 countries, 2 days before"]
    assert progress_of(covid, site, for_countries("SG", "MY", "AQ")) == ["owid: requesting", *of_three]
    of_all = [text.replace(" of 3", "") for text in of_three]
    assert progress_of(covid, site, for_countries()) == ["owid: requesting", *of_all]


def test_outcome_lists_countries_missing_from_the_source(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", TWO_DAYS)
    missing = ("AQ", "DE", "FR", "MY", "NA", "US", "ZA")
    assert ingested(covid, site, query=for_countries("SG", *missing)).missing == missing
    assert ingested(covid, site, query=for_countries()).missing == ()


# The rows


def test_figures_are_stored_as_reported(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", owid(("Singapore", "2022-03-09", -3, 10, "", 2)))
    assert counts(ingested(covid, site)) == (1, 0, 0)
    assert run_sql(covid, "select * from covid.daily_cases") == [("SG", MARCH_9, 10, -3, 2, None, "owid", NOW)]
    assert run_sql(covid, "select * from covid.country") == [("SG", "Singapore")]


def test_second_run_changes_no_row(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", TWO_DAYS)
    ingested(covid, site)
    before = run_sql(covid, "select *, xmin::text from covid.daily_cases order by 2")
    assert counts(ingested(covid, site, now=LATER)) == (0, 0, 2)
    assert run_sql(covid, "select *, xmin::text from covid.daily_cases order by 2") == before
    assert runs(covid) == [("owid", 2, 0, 0, 0, "loaded"), ("owid", 0, 0, 2, 0, "loaded")]


def test_revised_figure_changes_one_row_and_keeps_the_earlier_one(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", TWO_DAYS)
    ingested(covid, site)
    site.answer("/owid.csv", TWO_DAYS.replace(b",4,14,", b",3,13,"))
    assert counts(ingested(covid, site, now=LATER)) == (0, 1, 1)
    assert days(covid) == [(MARCH_9, 10, 2), (MARCH_10, 13, 2)]
    assert run_sql(covid, "select * from covid.revision") == [("SG", MARCH_10, 14, 4, 2, 0, "owid", NOW, LATER)]


def test_withdrawn_figure_becomes_null_and_keeps_the_earlier_one(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", TWO_DAYS)
    ingested(covid, site)
    site.answer("/owid.csv", TWO_DAYS.replace(b",4,14,0,2,", b",,,,,"))
    assert counts(ingested(covid, site, now=LATER)) == (0, 1, 1)
    assert days(covid) == [(MARCH_9, 10, 2), (MARCH_10, None, None)]
    assert run_sql(covid, "select cases_total from covid.revision") == [(14,)]
    assert counts(ingested(covid, site, now=LATER + timedelta(hours=1))) == (0, 0, 2)


def test_equal_figures_of_another_source_change_only_the_source(covid: Server, site: Site) -> None:
    on, totals = days_from("2022-03-01", 9), list(range(100, 190, 10))
    disease_sh(site, "singapore", on, totals, [0] * 9)
    ingested(covid, site, "disease_sh")
    daily = "select measurement_date, cases, cases_average from covid.daily order by 1"
    before = run_sql(covid, daily)
    covid19api(site, "singapore", [("", day, total, 0) for day, total in zip(on, totals, strict=True)])
    assert counts(ingested(covid, site, "covid19api", now=LATER)) == (0, 0, 9)
    assert run_sql(covid, "select distinct source from covid.daily_cases") == [("covid19api",)]
    assert run_sql(covid, "select 1 from covid.revision") == []
    assert run_sql(covid, daily) == before


def test_days_may_be_unordered_and_repeated(covid: Server, site: Site) -> None:
    second, first = ("Singapore", "2022-03-10", 4, 14, 0, 2), ("Singapore", "2022-03-09", 3, 10, 1, 2)
    site.answer("/owid.csv", owid(second, first, second))
    assert counts(ingested(covid, site)) == (2, 0, 0)
    assert days(covid) == [(MARCH_9, 10, 2), (MARCH_10, 14, 2)]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (("Singapore", "2022-03-09", 9, 10, 1, 2), "conflicting figures for SG on 2022-03-09"),
        (("Singapore", "2022-03-11", 9, -1, 1, 2), "a value is out of range (daily_cases_cases_total_in_range)"),
        (("Singapore", "2022-03-11", 9, 1, 1, -2), "a value is out of range (daily_cases_deaths_total_in_range)"),
        (("Singapore", "2022-03-11", 10**11, 1, 1, 2), "a value is out of range (daily_cases_cases_new_in_range)"),
        (("Singapore", "1999-03-11", 9, 1, 1, 2), "no figures for the requested countries and days"),
        (("Singapore", "2022-03-11", *[""] * 4), "no figures for the requested countries and days"),
        (("Singapore", "2026-11-27", 9, 1, 1, 2), "a value is out of range (daily_cases_date_in_range)"),
    ],
)
def test_invalid_row_rejects_the_whole_response(
    covid: Server, site: Site, row: Any, expected: str, caplog: pytest.LogCaptureFixture
) -> None:
    site.answer("/owid.csv", owid(row) if "no figures" in expected else TWO_DAYS + rows(row))
    with pytest.raises(NoUsableSource):
        ingested(covid, site)
    assert f"owid: {expected}" in caplog.messages
    assert (days(covid), runs(covid)) == ([], [])


def load(covid: Server, records: Iterable[Record | UnknownName]) -> Any:
    with ingestion(covid, "owid", SINGAPORE, NOW) as run:
        return run.load(records, reject_outdated=False)


def test_figure_beyond_bigint_is_rejected(covid: Server) -> None:
    with pytest.raises(SourceError) as caught:
        load(covid, [Record("SG", MARCH_9, 10**30, None, None, None)])
    assert str(caught.value) == "owid: a value is out of range (NumericValueOutOfRange)"


def test_sample_is_removed_by_real_figures_and_never_mixed_in(covid: Server, site: Site) -> None:
    assert counts(ingested(covid, site, "sample")) == (1143, 0, 0)
    site.answer("/owid.csv", TWO_DAYS)
    assert counts(ingested(covid, site, now=LATER)) == (2, 0, 0)
    with pytest.raises(UsageError, match="cannot load the sample: the database holds real figures"):
        ingested(covid, site, "sample")
    assert len(days(covid)) == 2


def test_real_series_gives_the_same_rows_from_three_sources(covid: Server, site: Site, real_data: Path) -> None:
    on, cases, deaths = series = singapore(real_data)
    jhu(site, on, ("", "Singapore", cases, deaths))
    disease_sh(site, "singapore", on, cases, deaths)
    covid19api(site, "singapore", (("", *row) for row in zip(on, cases, deaths, strict=True)))
    assert counts(ingested(covid, site, "jhu")) == (1143, 0, 0)
    assert days(covid) == list(zip(*series, strict=True))
    for number, source in enumerate(("disease_sh", "covid19api"), 1):
        assert counts(ingested(covid, site, source, now=NOW + timedelta(hours=number))) == (0, 0, 1143)
        run_sql(covid, "delete from covid.daily_cases")
        assert counts(ingested(covid, site, source)) == (1143, 0, 0)
        assert days(covid) == list(zip(*series, strict=True))
    jhu(site, on, ("", "Singapore", [*cases[:776], cases[776] + 1, *cases[777:]], deaths))
    assert counts(ingested(covid, site, "jhu", now=LATER)) == (0, 1, 1142)
    assert run_sql(covid, "select measurement_date, cases_total, source from covid.revision") == [
        (on[776], cases[776], "covid19api")
    ]


# The run record


def test_run_record_holds_query_counts_and_duration(covid: Server, site: Site) -> None:
    names = ("Zaandam", "Asia", "Olympics", "Diamond Princess", "Hogwarts")
    unknown = rows(*((name, "2022-03-09", 1, 1, 0, 0) for name in names))
    site.answer("/owid.csv", TWO_DAYS + rows(("Singapore", "2022-03-11", *[""] * 4)) + unknown)
    codes = ["AQ", "DE", "FR", "MY", "SG", "ZA"]
    query = for_countries(*codes, first="2022-03-01", last="2022-03-11")
    assert counts(ingested(covid, site, query=query)) == (2, 0, 0)
    assert run_sql(
        covid,
        "select countries, first_day, last_day, started_at, refused, refused_names, unchanged from covid.ingestion_run",
    ) == [(codes, date(2022, 3, 1), date(2022, 3, 11), NOW, 5, sorted(names), 0)]
    [(seconds,)] = run_sql(covid, "select seconds from covid.ingestion_run")
    assert 0 < seconds < 60


def test_unknown_name_is_stored_short_and_printable(covid: Server, site: Site) -> None:
    name = "Far\x1b[2J\0away\n" + "x" * 5000
    site.answer("/owid.csv", owid((f'"{name}"', "2022-03-09", 3, 10, 1, 2), ("Singapore", "2022-03-09", 3, 10, 1, 2)))
    ingested(covid, site)
    stored = "Far\\x1b[2J\\x00away\\n" + "x" * 87
    assert run_sql(covid, "select refused_names from covid.ingestion_run") == [([stored],)]
    record = Record("SG", MARCH_9, 1, None, None, None)
    assert load(covid, [record, UnknownName("a\0" + "b" * 150, 3)]).refused == {r"a\x00" + "b" * 98: 3}


def test_dry_run_compares_and_changes_nothing(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", WITH_ETAG)
    assert counts(ingested(covid, site, dry_run=True)) == (2, 0, 0)
    assert (days(covid), runs(covid), run_sql(covid, "select * from covid.validator")) == ([], [], [])


def test_last_run_is_the_last_one_that_included_the_query(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", TWO_DAYS)
    assert last_run(covid, SINGAPORE) is None
    ingested(covid, site, query=for_countries("SG", last="2022-03-09"))
    ingested(covid, site, query=for_countries("MY", "SG", first="2022-01-01"))
    assert last_run(covid, SINGAPORE) is None
    assert last_run(covid, for_countries("SG", first="2022-03-01")) is not None
    assert last_run(covid, EVERYTHING) is None
    ingested(covid, site, query=EVERYTHING)
    for query in (EVERYTHING, SINGAPORE, for_countries("MY", last="2026-01-01")):
        found = last_run(covid, query)
        assert found
        assert (found[0], found[1] >= NOW) == ("owid", True)


# Conditional requests


def test_not_modified_response_is_recorded_but_not_loaded(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", WITH_ETAG, NOT_MODIFIED)
    ingested(covid, site)
    for _ in range(2):
        assert ingested(covid, site, now=LATER) == Outcome("owid", None)
    assert conditions(site) == [None, '"1"', '"1"']
    assert runs(covid)[1:] == [("owid", 0, 0, 0, 0, "not modified")] * 2


def test_modified_response_replaces_the_validator(covid: Server, site: Site) -> None:
    newer = Reply(TWO_DAYS.replace(b",14,", b",15,"), headers={"ETag": '"2"'})
    site.answer("/owid.csv", WITH_ETAG, newer, newer, NOT_MODIFIED)
    ingested(covid, site)
    assert counts(ingested(covid, site, now=LATER)) == (0, 1, 1)
    assert ingested(covid, site, now=LATER).loaded is None
    assert conditions(site)[-1] == '"2"'


def test_other_query_or_source_since_then_requests_all(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", WITH_ETAG)
    ingested(covid, site)
    ingested(covid, site, query=for_countries("SG", first="2022-03-10"), now=LATER)
    assert conditions(site)[-1] is None
    disease_sh(site, "singapore", days_from("2022-03-09", 2), [11, 15], [2, 2])
    ingested(covid, site, "disease_sh", now=LATER + timedelta(days=1))
    assert counts(ingested(covid, site, now=LATER + timedelta(days=2))) == (0, 2, 0)
    assert conditions(site)[-1] is None


def test_other_configured_address_requests_all(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", WITH_ETAG)
    ingested(covid, site)
    run_sql(covid, "update covid.validator set asked = replace(asked, '/owid.csv', '/old.csv')")
    assert counts(ingested(covid, site, now=LATER)) == (0, 0, 2)
    assert conditions(site)[-1] is None


def test_validators_are_stored_only_if_all_responses_have_one(covid: Server, site: Site) -> None:
    jhu(site, days_from("2022-03-09", 3), ("", "Singapore", [1, 2, 3], [0, 0, 0]))
    [confirmed] = site.replies["/jhu_confirmed.csv"]
    site.replies["/jhu_confirmed.csv"] = [Reply(confirmed.body, headers={"ETag": '"1"'})]
    ingested(covid, site, "jhu")
    assert run_sql(covid, "select 1 from covid.validator") == []


# Locks and connections


def test_concurrent_ingestion_is_refused(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", TWO_DAYS)
    with ingestion(covid, "owid", SINGAPORE, NOW), pytest.raises(Busy):
        ingested(covid, site)
    assert counts(ingested(covid, site)) == (2, 0, 0)


def test_failed_source_releases_the_lock_at_once(covid: Server) -> None:
    with covid.connected() as connection, connection.cursor() as cursor:
        for _ in range(20):
            with pytest.raises(SourceError), ingestion(covid, "owid", SINGAPORE, NOW):
                raise SourceError("owid", "failed")
            cursor.execute("select 1 from pg_locks where locktype = 'advisory'")
            assert cursor.fetchall() == []


def test_lost_connection_is_reported(covid: Server) -> None:
    ours = "usename = 'covid_loader' and datname = current_database()"

    def lose_connection() -> None:
        with ingestion(covid, "owid", SINGAPORE, NOW) as run:
            run_sql(covid, f"select pg_terminate_backend(pid, 10000) from pg_stat_activity where {ours}")
            run.known_validators("/owid.csv")

    expected = "PostgreSQL: (server closed the connection unexpectedly|terminating connection .*)\\. Uncommitted"
    with pytest.raises(StatementFailed, match=expected):
        lose_connection()
