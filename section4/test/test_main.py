"""The job in this process: which source is asked for what, in which order, and whose answer is taken."""

import logging
from dataclasses import dataclass, field
from datetime import date

import pytest

from common.postgresql import Server
from common.progress import Progress
from common.test.databases import run_sql
from common.test.web_server import Reply, Site
from section4.core.record import Query
from section4.main import NoUsableSource, Outcome, Request, create, ingest
from section4.test.support import (
    NOW,
    config,
    counts,
    covid19api,
    days_from,
    disease_sh,
    for_countries,
    ingested,
    owid,
)

LEDGER = "select source, inserted, changed, unchanged, outcome from covid.ingestion_run order by run_id"
TWO_DAYS = owid(("Singapore", "2022-03-09", 3, 10, 1, 2), ("Singapore", "2022-03-10", 4, 14, 0, 2))
BROKE_OFF = "owid: broke off in the middle"


@dataclass
class Told(Progress):
    """Keeps what is told."""

    words: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def update(self, text: str) -> None:
        self.words.append(text)


def told(covid: Server, site: Site, ask: Query) -> list[str]:
    progress = Told()
    ingest(config(site, retries=0), covid, Request(("owid",), ask, NOW), progress)
    assert list(progress.seconds) == ["owid: query"]
    return progress.words


@pytest.mark.parametrize(("last", "to"), [("2022-03-10", "2022-03-10"), (None, "2026-11-25")])
def test_a_source_is_asked_for_the_days_that_are_wanted(covid: Server, site: Site, last: str | None, to: str) -> None:
    covid19api(site, "singapore", [("", date(2022, 3, 9), 1, 0)])
    ingested(covid, site, "covid19api", query=for_countries("SG", first="2022-03-01", last=last))
    assert [path for path, _ in site.asked] == [
        f"/country/singapore/status/{series}?from=2022-03-01&to={to}" for series in ("confirmed", "deaths")
    ]


def test_it_is_told_how_far_a_source_has_come(covid: Server, site: Site) -> None:
    malaysia = owid(("Malaysia", "2022-03-09", 1, 1, 0, 0)).partition(b"\n")[2]
    site.answer("/owid.csv", TWO_DAYS + malaysia + malaysia)
    of_three = ["owid: Singapore, 1 of 3 countries, 0 days before", "owid: Malaysia, 2 of 3 countries, 2 days before"]
    assert told(covid, site, for_countries("SG", "MY", "AQ")) == ["owid: query", *of_three]
    of_all = [words.replace(" of 3", "") for words in of_three]
    assert told(covid, site, for_countries()) == ["owid: query", *of_all]
    assert [run[0] for run in run_sql(covid, LEDGER)] == ["owid", "owid"]


def test_names_that_are_refused_are_no_countries_that_have_come(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", TWO_DAYS + owid(("World", "2022-03-09", 1, 1, 0, 0)).partition(b"\n")[2])
    assert told(covid, site, for_countries()) == ["owid: query", "owid: Singapore, 1 countries, 0 days before"]


def test_countries_without_a_word_are_named(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", TWO_DAYS)
    silent = ("AQ", "DE", "FR", "MY", "NA", "US", "ZA")
    assert ingested(covid, site, query=for_countries("SG", *silent)).missing == silent
    assert ingested(covid, site, query=for_countries()).missing == ()


def test_the_first_source_that_can_be_used_is_taken(
    covid: Server, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.answer("/owid.csv", b"<html>moved</html>")
    disease_sh(site, "singapore", days_from("2022-03-09", 2), [10, 14], [2, 2])
    covid19api(site, "singapore", [("", date(2022, 3, 9), 1, 0)])
    outcome = ingested(covid, site, "owid", "who", "disease_sh", "covid19api")
    assert (outcome.source, counts(outcome)) == ("disease_sh", (2, 0, 0))
    assert [(line.levelno, line.getMessage()) for line in caplog.records if line.name == "section4.main"] == [
        (logging.WARNING, "owid: its answer has not one column country; is it CSV?"),
        (logging.WARNING, "who: answered 404 Not Found"),
    ]
    assert run_sql(covid, LEDGER) == [("disease_sh", 2, 0, 0, "loaded")]


def test_when_none_can_be_used_it_is_said(covid: Server, site: Site) -> None:
    with pytest.raises(NoUsableSource) as caught:
        ingested(covid, site, "owid", "who")
    assert str(caught.value) == (
        "none of owid, who can be used; the database is as it was; "
        "the lines above say why, and another run may find one that answers"
    )
    assert run_sql(covid, LEDGER) == []


@pytest.mark.parametrize("breaks_off", [1, 2])
def test_an_answer_that_breaks_off_is_asked_for_again(
    covid: Server, site: Site, caplog: pytest.LogCaptureFixture, breaks_off: int
) -> None:
    site.answer("/owid.csv", *[Reply(TWO_DAYS, length=999)] * breaks_off, TWO_DAYS)
    assert counts(ingested(covid, site)) == (2, 0, 0)
    assert caplog.messages == [f"{BROKE_OFF}; query once more"] * breaks_off


def test_one_that_breaks_off_three_times_is_given_up(
    covid: Server, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.answer("/owid.csv", Reply(TWO_DAYS, length=999))
    with pytest.raises(NoUsableSource):
        ingested(covid, site)
    assert len(site.asked) == 3
    assert caplog.messages == [f"{BROKE_OFF}; query once more"] * 2 + [BROKE_OFF]


def test_what_is_not_new_is_not_fetched_but_noted(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", Reply(TWO_DAYS, headers={"ETag": '"1"'}), Reply(status=304))
    ingested(covid, site)
    assert ingested(covid, site) == Outcome("owid", None)
    assert [headers.get("if-none-match") for _, headers in site.asked] == [None, '"1"']
    assert run_sql(covid, LEDGER) == [("owid", 2, 0, 0, "loaded"), ("owid", 0, 0, 0, "not modified")]


def test_a_dry_run_leaves_no_trace(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", TWO_DAYS)
    assert counts(ingested(covid, site, dry_run=True)) == (2, 0, 0)
    assert run_sql(covid, "select 1 from covid.daily_cases") == run_sql(covid, LEDGER) == []


def test_a_source_that_is_frozen_is_taken_only_when_it_alone_is_named(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", owid(("Singapore", "2026-11-24", 3, 13, 1, 3)))
    ingested(covid, site)
    site.replies.pop("/owid.csv")
    disease_sh(site, "singapore", days_from("2023-03-08", 2), [1, 2], [0, 0])
    with pytest.raises(NoUsableSource):
        ingested(covid, site, "owid", "disease_sh")
    assert ingested(covid, site, "disease_sh").source == "disease_sh"


def test_what_a_database_lacks_is_made_once_and_its_roles_are_let_in(cluster: Server) -> None:
    new = cluster.model_copy(update={"database": "covid_new"})
    assert create(new) == ["section4_create", "section4_create_2_views", "section4_create_3_pipeline"]
    assert create(new) == []
    assert run_sql(new, "select count(*) from covid.ingestion_run", role="covid_loader") == [(0,)]
    run_sql(cluster, "drop database covid_new with (force)", autocommit=True)
