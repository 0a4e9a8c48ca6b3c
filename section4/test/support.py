"""What the tests of section 4 say in a word."""

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from common.postgresql import Server
from common.progress import Progress
from common.test.web_server import Site
from section4.config import ProcessConfig, WebSettings
from section4.core.record import Query, Record, UnknownName
from section4.main import SOURCES, Outcome, Request, ingest
from section4.operator.web import Web
from section4.sources.base import Endpoint

REAL = Path(__file__).parent.parent.parent.parent / "shared" / "data" / "covid" / "jhu_singapore.csv"
NOW = datetime(2026, 11, 25, 6, 30, tzinfo=UTC)
PATIENCE = WebSettings(connect_seconds=5, read_seconds=5, total_seconds=30, largest_mb=50, retries=2)
EVERYTHING = Query(None, date(2020, 1, 1), None)
PATHS = {
    "owid": "/owid.csv",
    "who": "/who.csv",
    "jhu": "/jhu_{series}.csv",
    "disease_sh": "/historical/{country}",
    "covid19api": "/country/{country}/status/{series}?from={first}&to={last}",
}
OWID_HEADER = "country,date,new_cases,total_cases,new_deaths,total_deaths,extra\n"
WHO_HEADER = (
    "\ufeffDate_reported,Country_code,Country,WHO_region,New_cases,Cumulative_cases,New_deaths,Cumulative_deaths\n"
)


def for_countries(*countries: str, first: str = "2020-01-01", last: str | None = None) -> Query:
    """Query for countries, all without any."""
    return Query(frozenset(countries) or None, date.fromisoformat(first), date.fromisoformat(last) if last else None)


def records(site: Site, source: str, ask: Query = EVERYTHING, **patience: float) -> list[Record | UnknownName]:
    """Return all that a source says of the site's answers."""
    web = Web(source, PATIENCE.model_copy(update=patience))
    return list(SOURCES[source].records(Endpoint(site.address + PATHS[source], web.get), ask))


def config(site: Site | None, *sources: str, **patience: float) -> ProcessConfig:
    """Return a configuration whose sources are on the site."""
    address = site.address if site else "http://127.0.0.1:9"
    return ProcessConfig.model_validate(
        {
            "sources": sources or ("owid",),
            "countries": ("SG",),
            "first_day": "2020-01-01",
            "last_day": "latest",
            "addresses": {name: address + path for name, path in PATHS.items()},
            "web": PATIENCE.model_copy(update=patience),
        }
    )


def ingested(
    server: Server,
    site: Site | None,
    *sources: str,
    query: Query | None = None,
    now: datetime = NOW,
    dry_run: bool = False,
) -> Outcome:
    """Ingest from the site."""
    request = Request(sources or ("owid",), query or for_countries("SG"), now, dry_run)
    return ingest(config(site, retries=0), server, request, Progress())


def counts(outcome: Outcome) -> tuple[int, int, int]:
    """Return how many days were inserted, changed, unchanged."""
    assert outcome.loaded
    return outcome.loaded.inserted, outcome.loaded.changed, outcome.loaded.unchanged


def owid(*days: tuple[Any, ...]) -> bytes:
    """Write Our World in Data's CSV: country, date, new cases, total cases, new deaths, total deaths."""
    rows = ((country, day, new, total, died, deaths, "x") for country, day, new, total, died, deaths in days)
    return (OWID_HEADER + "".join(",".join(map(str, row)) + "\n" for row in rows)).encode()


def american(day: date) -> str:
    """Write a day as Johns Hopkins does."""
    return f"{day.month}/{day.day}/{day:%y}"


def jhu(site: Site, days: list[date], *rows: tuple[str, str, list[Any], list[Any]]) -> None:
    """Let the site answer as Johns Hopkins: province, country, confirmed and deaths by day."""
    header = "Province/State,Country/Region,Lat,Long," + ",".join(map(american, days)) + "\n"
    for place, series in enumerate(("confirmed", "deaths")):
        lines = (
            f"{province},{country},1.0,2.0," + ",".join(map(str, figures[place])) + "\n"
            for province, country, *figures in rows
        )
        site.answer(f"/jhu_{series}.csv", (header + "".join(lines)).encode())


def disease_sh(site: Site, country: str, days: list[date], cases: list[Any], deaths: list[Any]) -> None:
    """Let the site answer as disease.sh."""
    texts = list(map(american, days))
    timeline = {"cases": dict(zip(texts, cases, strict=True)), "deaths": dict(zip(texts, deaths, strict=True))}
    site.answer(f"/historical/{country}", json.dumps({"country": country, "timeline": timeline}).encode())


def covid19api(site: Site, country: str, rows: Iterable[tuple[str, date, int, int]]) -> None:
    """Let the site answer as covid19api.com: province, day, confirmed, deaths."""
    told = list(rows)
    for place, series in enumerate(("confirmed", "deaths")):
        answer = [
            {
                "Country": country,
                "CountryCode": "XX",
                "Province": province,
                "City": "",
                "CityCode": "",
                "Lat": "0",
                "Lon": "0",
                "Cases": figures[place],
                "Status": series,
                "Date": f"{day}T00:00:00Z",
            }
            for province, day, *figures in told
        ]
        site.answer(f"/country/{country}/status/{series}", json.dumps(answer).encode())


def days_from(first: str, number: int) -> list[date]:
    """Return so many days in their order."""
    return [date.fromisoformat(first) + timedelta(days=place) for place in range(number)]
