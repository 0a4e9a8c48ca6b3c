"""What becomes of a source's figures in the database: loaded whole or not at all, revised, kept apart, noted."""

import csv
import logging
from datetime import date, timedelta
from typing import Any

import pytest

from common.errors import Busy, UsageError
from common.postgresql import Server, StatementFailed
from common.test.databases import run_sql
from common.test.web_server import Reply, Site
from section4.core.record import Record, SourceError, UnknownName
from section4.main import NoUsableSource, Outcome
from section4.operator.postgresql_operator import ingestion, last_run
from section4.test.support import (
    EVERYTHING,
    NOW,
    REAL,
    counts,
    covid19api,
    days_from,
    disease_sh,
    for_countries,
    ingested,
    jhu,
    owid,
)

ROWS = "select measurement_date, cases_total, deaths_total from covid.daily_cases order by 1"
LEDGER = "select source, inserted, changed, unchanged, refused, outcome from covid.ingestion_run order by run_id"
TWO_DAYS = owid(("Singapore", "2022-03-09", 3, 10, 1, 2), ("Singapore", "2022-03-10", 4, 14, 0, 2))
LATER = NOW + timedelta(days=1)


def ledger(covid: Server) -> Any:
    return run_sql(covid, LEDGER)


def days(covid: Server) -> Any:
    return run_sql(covid, ROWS)


def test_figures_are_loaded_as_the_source_gave_them(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", owid(("Singapore", "2022-03-09", -3, 10, "", 2)))
    assert counts(ingested(covid, site)) == (1, 0, 0)
    assert run_sql(covid, "select * from covid.daily_cases") == [("SG", date(2022, 3, 9), 10, -3, 2, None, "owid", NOW)]
    assert run_sql(covid, "select * from covid.country") == [("SG", "Singapore")]
    assert ledger(covid) == [("owid", 1, 0, 0, 0, "loaded")]


def test_a_second_run_changes_nothing(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", TWO_DAYS)
    ingested(covid, site)
    before = run_sql(covid, "select *, xmin::text from covid.daily_cases order by 2")
    assert counts(ingested(covid, site, now=LATER)) == (0, 0, 2)
    assert run_sql(covid, "select *, xmin::text from covid.daily_cases order by 2") == before
    assert ledger(covid) == [("owid", 2, 0, 0, 0, "loaded"), ("owid", 0, 0, 2, 0, "loaded")]


def test_a_revised_figure_changes_one_row_and_what_was_said_before_is_kept(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", TWO_DAYS)
    ingested(covid, site)
    site.answer("/owid.csv", TWO_DAYS.replace(b",4,14,", b",3,13,"))
    assert counts(ingested(covid, site, now=LATER)) == (0, 1, 1)
    assert days(covid) == [(date(2022, 3, 9), 10, 2), (date(2022, 3, 10), 13, 2)]
    assert run_sql(covid, "select * from covid.revision") == [
        ("SG", date(2022, 3, 10), 14, 4, 2, 0, "owid", NOW, LATER)
    ]


def test_the_ledger_tells_what_was_asked_for_and_how_long_it_took(covid: Server, site: Site) -> None:
    names = ("Zaandam", "Asia", "Olympics", "Diamond Princess", "Hogwarts")
    refused = owid(*((name, "2022-03-09", 1, 1, 0, 0) for name in names)).partition(b"\n")[2]
    site.answer("/owid.csv", TWO_DAYS + owid(("Singapore", "2022-03-11", *[""] * 4)).partition(b"\n")[2] + refused)
    codes = ["AQ", "DE", "FR", "MY", "SG", "ZA"]
    assert counts(ingested(covid, site, query=for_countries(*codes, first="2022-03-01", last="2022-03-11"))) == (
        2,
        0,
        0,
    )
    assert run_sql(
        covid,
        "select countries, first_day, last_day, started_at, refused, refused_names, unchanged from covid.ingestion_run",
    ) == [(codes, date(2022, 3, 1), date(2022, 3, 11), NOW, 5, sorted(names), 0)]
    [(seconds,)] = run_sql(covid, "select seconds from covid.ingestion_run")
    assert 0 < seconds < 60


def test_a_figure_that_no_column_holds_is_named_by_its_kind(covid: Server) -> None:
    beyond = Record("SG", date(2022, 3, 9), 10**30, None, None, None)
    with pytest.raises(SourceError) as caught, ingestion(covid, "owid", for_countries("SG"), NOW) as run:
        run.load([beyond], reject_outdated=False)
    assert str(caught.value) == "owid: says what cannot be (NumericValueOutOfRange)"


def test_a_refused_name_is_kept_short_and_escapes_what_no_text_holds(covid: Server) -> None:
    said: list[Record | UnknownName] = [
        Record("SG", date(2022, 3, 9), 1, None, None, None),
        UnknownName("a\0" + "b" * 150, 3),
    ]
    with ingestion(covid, "owid", for_countries("SG"), NOW) as run:
        assert run.load(said, reject_outdated=False).refused == {r"a\x00" + "b" * 98: 3}


def test_days_in_any_order_are_the_same_days(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", owid(("Singapore", "2022-03-10", 4, 14, 0, 2), ("Singapore", "2022-03-09", 3, 10, 1, 2)))
    ingested(covid, site)
    assert days(covid) == [(date(2022, 3, 9), 10, 2), (date(2022, 3, 10), 14, 2)]


def test_a_repeated_day_counts_once(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", TWO_DAYS + TWO_DAYS.split(b"\n", 1)[1])
    assert counts(ingested(covid, site)) == (2, 0, 0)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (("Singapore", "2022-03-09", 9, 10, 1, 2), "owid: says two things of one day (SG 2022-03-09)"),
        (("Singapore", "2022-03-11", 9, -1, 1, 2), "owid: says what cannot be (daily_cases_cases_total_in_range)"),
        (("Singapore", "2022-03-11", 9, 1, 1, -2), "owid: says what cannot be (daily_cases_deaths_total_in_range)"),
        (("Singapore", "2022-03-11", 10**11, 1, 1, 2), "owid: says what cannot be (daily_cases_cases_new_in_range)"),
        (("Singapore", "1999-03-11", 9, 1, 1, 2), "owid: has nothing of what was asked for"),
        (("Singapore", "2022-03-11", *[""] * 4), "owid: has nothing of what was asked for"),
        (("Singapore", "2026-11-27", 9, 1, 1, 2), "owid: says what cannot be (daily_cases_date_in_range)"),
    ],
)
def test_what_cannot_be_is_refused_whole(
    covid: Server, site: Site, row: Any, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    nothing = "nothing of" in why
    site.answer("/owid.csv", owid(row) if nothing else TWO_DAYS + owid(row).split(b"\n", 1)[1])
    with pytest.raises(NoUsableSource):
        ingested(covid, site)
    assert why in caplog.messages
    assert days(covid) == []
    assert ledger(covid) == []


def test_names_that_are_no_countrys_stand_in_the_ledger(covid: Server, site: Site) -> None:
    jhu(
        site,
        days_from("2022-03-09", 3),
        ("", "Singapore", [1, 2, 3], [0, 0, 0]),
        ("", "MS Zaandam", [9, 9, 9], [2, 2, 2]),
    )
    outcome = ingested(covid, site, "jhu")
    assert counts(outcome) == (3, 0, 0)
    assert run_sql(covid, "select refused, refused_names from covid.ingestion_run") == [(3, ["MS Zaandam"])]


def test_the_next_source_is_asked_when_one_cannot_be_used(
    covid: Server, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.answer("/owid.csv", b"<html>moved</html>")
    disease_sh(site, "singapore", days_from("2022-03-09", 2), [10, 14], [2, 2])
    assert ingested(covid, site, "owid", "who", "disease_sh").source == "disease_sh"
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING] == [
        "owid: its answer has not one column country; is it CSV?",
        "who: answered 404 Not Found",
    ]
    assert ledger(covid) == [("disease_sh", 2, 0, 0, 0, "loaded")]


def test_when_none_can_be_used_the_database_is_as_it_was(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", TWO_DAYS)
    ingested(covid, site)
    before = days(covid), ledger(covid)
    site.answer("/owid.csv", TWO_DAYS.replace(b",14,", b",many,"))
    with pytest.raises(NoUsableSource) as error:
        ingested(covid, site, "owid", "who", now=LATER)
    assert error.value.exit_code == 1
    assert (days(covid), ledger(covid)) == before


def test_an_answer_that_breaks_off_is_asked_for_again_before_another_source_is(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", Reply(TWO_DAYS, length=999), TWO_DAYS)
    disease_sh(site, "singapore", days_from("2022-03-09", 2), [10, 14], [2, 2])
    assert ingested(covid, site, "owid", "disease_sh").source == "owid"
    assert counts(ingested(covid, site, now=LATER)) == (0, 0, 2)


def test_one_that_breaks_off_again_and_again_is_given_up(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", Reply(TWO_DAYS, length=999))
    with pytest.raises(NoUsableSource):
        ingested(covid, site)
    assert len(site.asked) == 3


def test_when_the_server_says_that_nothing_is_new_nothing_is_fetched(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", Reply(TWO_DAYS, headers={"ETag": '"1"'}), Reply(status=304))
    ingested(covid, site)
    assert ingested(covid, site, now=LATER) == Outcome("owid", None)
    assert ingested(covid, site, now=LATER) == Outcome("owid", None)
    assert [headers.get("if-none-match") for _, headers in site.asked] == [None, '"1"', '"1"']
    assert ledger(covid)[1] == ("owid", 0, 0, 0, 0, "not modified")


def test_a_newer_answer_is_fetched_and_known_by_its_own_mark(covid: Server, site: Site) -> None:
    newer = Reply(TWO_DAYS.replace(b",14,", b",15,"), headers={"ETag": '"2"'})
    site.answer("/owid.csv", Reply(TWO_DAYS, headers={"ETag": '"1"'}), newer, newer, Reply(status=304))
    ingested(covid, site)
    assert counts(ingested(covid, site, now=LATER)) == (0, 1, 1)
    assert ingested(covid, site, now=LATER).loaded is None
    assert site.asked[-1][1]["if-none-match"] == '"2"'


def test_after_another_source_or_for_other_days_an_answer_is_fetched_anew(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", Reply(TWO_DAYS, headers={"ETag": '"1"'}))
    ingested(covid, site)
    ingested(covid, site, query=for_countries("SG", first="2022-03-10"), now=LATER)
    assert "if-none-match" not in site.asked[-1][1]
    disease_sh(site, "singapore", days_from("2022-03-09", 2), [11, 15], [2, 2])
    ingested(covid, site, "disease_sh", now=LATER + timedelta(days=1))
    assert counts(ingested(covid, site, now=LATER + timedelta(days=2))) == (0, 2, 0)
    assert "if-none-match" not in site.asked[-1][1]


def test_a_dry_run_compares_and_changes_nothing(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", Reply(TWO_DAYS, headers={"ETag": '"1"'}))
    assert counts(ingested(covid, site, dry_run=True)) == (2, 0, 0)
    assert (days(covid), ledger(covid), run_sql(covid, "select * from covid.validator")) == ([], [], [])


def test_sample_goes_when_real_figures_come_and_never_comes_among_them(covid: Server, site: Site) -> None:
    assert counts(ingested(covid, site, "sample")) == (1143, 0, 0)
    site.answer("/owid.csv", TWO_DAYS)
    assert counts(ingested(covid, site, now=LATER)) == (2, 0, 0)
    assert len(days(covid)) == 2
    with pytest.raises(UsageError, match="real figures"):
        ingested(covid, site, "sample")
    assert len(days(covid)) == 2


def test_what_a_source_knows_nothing_of_is_told(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", TWO_DAYS)
    assert ingested(covid, site, query=for_countries("SG", "MY", "AQ")).missing == ("AQ", "MY")


def test_two_at_once_do_not_disturb_each_other(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", TWO_DAYS)
    with ingestion(covid, "owid", for_countries("SG"), NOW), pytest.raises(Busy):
        ingested(covid, site)
    assert counts(ingested(covid, site)) == (2, 0, 0)


def test_a_source_that_is_given_up_leaves_the_way_free_at_once(covid: Server) -> None:
    with covid.connected() as connection, connection.cursor() as cursor:
        for _ in range(20):
            with pytest.raises(SourceError), ingestion(covid, "owid", for_countries("SG"), NOW):
                raise SourceError("owid", "is moved")
            cursor.execute("select 1 from pg_locks where locktype = 'advisory'")
            assert cursor.fetchall() == []


def test_a_connection_that_is_lost_is_said_to_be_lost(covid: Server) -> None:
    ours = "usename = 'covid_loader' and datname = current_database()"
    said = "PostgreSQL: (server closed the connection unexpectedly|terminating connection .*)\\. Uncommitted changes"
    with pytest.raises(StatementFailed, match=said):
        lose_it(covid, f"select pg_terminate_backend(pid, 10000) from pg_stat_activity where {ours}")


def lose_it(covid: Server, statement: str) -> None:
    """Let the server end an ingestion's connection in its middle."""
    with ingestion(covid, "owid", for_countries("SG"), NOW) as run:
        run_sql(covid, statement)
        run.known_validators("/owid.csv")


@pytest.mark.needs("shared_data")
def test_the_real_series_gives_the_same_rows_from_three_sources(covid: Server, site: Site) -> None:
    with REAL.open(newline="") as file:
        real = list(csv.DictReader(file))
    on = [date.fromisoformat(row["date"]) for row in real]
    cases, deaths = ([int(row[name]) for row in real] for name in ("confirmed", "deaths"))
    jhu(site, on, ("", "Singapore", cases, deaths))
    disease_sh(site, "singapore", on, cases, deaths)
    covid19api(site, "singapore", (("", *row) for row in zip(on, cases, deaths, strict=True)))
    assert counts(ingested(covid, site, "jhu")) == (1143, 0, 0)
    expected = days(covid)
    assert len(expected) == 1143
    assert expected == list(zip(on, cases, deaths, strict=True))
    for number, source in enumerate(("disease_sh", "covid19api"), 1):
        assert counts(ingested(covid, site, source, now=NOW + timedelta(hours=number))) == (0, 0, 1143)
        run_sql(covid, "delete from covid.daily_cases")
        assert counts(ingested(covid, site, source)) == (1143, 0, 0)
        assert days(covid) == expected
    revised = [*cases[:776], cases[776] + 1, *cases[777:]]
    jhu(site, on, ("", "Singapore", revised, deaths))
    assert counts(ingested(covid, site, "jhu", now=LATER)) == (0, 1, 1142)
    assert run_sql(covid, "select measurement_date, cases_total, source from covid.revision") == [
        (on[776], cases[776], "covid19api")
    ]


def test_a_frozen_source_does_not_take_the_place_of_a_living_one(
    covid: Server, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.answer("/owid.csv", owid(("Singapore", "2026-11-20", 3, 10, 1, 2), ("Singapore", "2026-11-24", 3, 13, 1, 3)))
    ingested(covid, site)
    before = days(covid)
    site.replies.pop("/owid.csv")
    disease_sh(site, "singapore", days_from("2023-03-08", 2), [1, 2], [0, 0])
    with pytest.raises(NoUsableSource):
        ingested(covid, site, "owid", "disease_sh", now=LATER)
    assert "disease_sh: ends at 2023-03-09, but SG is known up to 2026-11-24" in caplog.messages
    assert days(covid) == before
    assert ingested(covid, site, "disease_sh", now=LATER).source == "disease_sh"  # whoever names it wants it
    until_then = for_countries("SG", last="2023-03-09")  # as whoever asks for days that it has
    assert ingested(covid, site, "owid", "disease_sh", query=until_then, now=LATER).source == "disease_sh"


def test_a_source_that_lags_by_days_takes_the_place_of_one_that_died(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", owid(("Singapore", "2026-11-24", 3, 13, 1, 3)))
    ingested(covid, site)
    site.replies.pop("/owid.csv")
    disease_sh(site, "singapore", days_from("2026-11-09", 2), [1, 2], [0, 0])
    assert ingested(covid, site, "owid", "disease_sh", now=LATER).source == "disease_sh"


def test_a_withdrawn_figure_is_withdrawn_and_kept_as_what_was_said_before(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", TWO_DAYS)
    ingested(covid, site)
    site.answer("/owid.csv", TWO_DAYS.replace(b",4,14,0,2,", b",,,,,"))
    assert counts(ingested(covid, site, now=LATER)) == (0, 1, 1)
    assert days(covid) == [(date(2022, 3, 9), 10, 2), (date(2022, 3, 10), None, None)]
    assert run_sql(covid, "select cases_total from covid.revision") == [(14,)]
    assert counts(ingested(covid, site, now=LATER + timedelta(hours=1))) == (0, 0, 2)


def test_where_another_source_repeats_a_figure_it_said_so_last_and_nothing_is_revised(
    covid: Server, site: Site
) -> None:
    disease_sh(site, "singapore", days_from("2022-03-01", 9), list(range(100, 190, 10)), [0] * 9)
    ingested(covid, site, "disease_sh")
    before = run_sql(covid, "select measurement_date, cases, cases_average from covid.daily order by 1")
    covid19api(
        site,
        "singapore",
        [("", day, total, 0) for day, total in zip(days_from("2022-03-01", 9), range(100, 190, 10), strict=True)],
    )
    assert counts(ingested(covid, site, "covid19api", now=LATER)) == (0, 0, 9)
    assert run_sql(covid, "select distinct source from covid.daily_cases") == [("covid19api",)]
    assert run_sql(covid, "select 1 from covid.revision") == []
    assert run_sql(covid, "select measurement_date, cases, cases_average from covid.daily order by 1") == before


def test_a_source_that_moved_is_asked_at_its_new_address(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", Reply(TWO_DAYS, headers={"ETag": '"1"'}))
    ingested(covid, site)
    run_sql(covid, "update covid.validator set asked = replace(asked, '/owid.csv', '/old.csv')")
    assert counts(ingested(covid, site, now=LATER)) == (0, 0, 2)
    assert "if-none-match" not in site.asked[-1][1]


def test_an_answer_of_which_one_part_cannot_be_known_again_is_fetched_anew(covid: Server, site: Site) -> None:
    jhu(site, days_from("2022-03-09", 3), ("", "Singapore", [1, 2, 3], [0, 0, 0]))
    [confirmed] = site.replies["/jhu_confirmed.csv"]
    site.replies["/jhu_confirmed.csv"] = [Reply(confirmed.body, headers={"ETag": '"1"'})]
    ingested(covid, site, "jhu")
    assert run_sql(covid, "select 1 from covid.validator") == []


def test_the_last_run_is_one_that_asked_for_at_least_the_same(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", TWO_DAYS)
    assert last_run(covid, for_countries("SG")) is None
    ingested(covid, site, query=for_countries("SG", last="2022-03-09"))
    ingested(covid, site, query=for_countries("MY", "SG", first="2022-01-01"))
    assert last_run(covid, for_countries("SG")) is None
    assert last_run(covid, for_countries("SG", first="2022-03-01")) is not None
    assert last_run(covid, EVERYTHING) is None
    ingested(covid, site, query=EVERYTHING)
    for ask in (EVERYTHING, for_countries("SG"), for_countries("MY", last="2026-01-01")):
        found = last_run(covid, ask)
        assert found
        assert (found[0], found[1] >= NOW) == ("owid", True)


def test_a_refused_name_is_written_down_as_one_line_that_a_terminal_can_show(covid: Server, site: Site) -> None:
    name = "Far\x1b[2J\0away\n" + "x" * 5000
    site.answer("/owid.csv", owid((f'"{name}"', "2022-03-09", 3, 10, 1, 2), ("Singapore", "2022-03-09", 3, 10, 1, 2)))
    ingested(covid, site)
    kept = "Far\\x1b[2J\\x00away\\n" + "x" * 87
    assert run_sql(covid, "select refused_names from covid.ingestion_run") == [([kept],)]
