"""Builders and helpers of section 4's tests."""

import csv
import io
import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol

from common.paths import ROOT
from common.postgresql import Server
from common.progress import Progress
from common.test.web_server import Site
from section4.config import CONF, ProcessConfig, WebSettings
from section4.core.record import NotFound, Query, Record, SourceError, UnknownName
from section4.main import SOURCES, Outcome, Request, ingest
from section4.operator.web import Web
from section4.sources.base import Endpoint

NOW = datetime(2026, 11, 25, 6, 30, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
WEB = WebSettings(connect_seconds=5, read_seconds=5, total_seconds=30, largest_mb=50, retries=2)
EVERYTHING = Query(None, date(2020, 1, 1), None)
PATHS = {
    "owid": "/owid.csv",
    "who": "/who.csv",
    "jhu": "/jhu_{series}.csv",
    "disease_sh": "/historical/{country}",
    "covid19api": "/country/{country}/status/{series}?from={first}&to={last}",
}
OWID_HEADER = "country,date,new_cases,total_cases,new_deaths,total_deaths,extra\n"
JHU_HEADER = "Province/State,Country/Region,Lat,Long,1/22/20,1/23/20\n"
WHO_HEADER = (
    "\ufeffDate_reported,Country_code,Country,WHO_region,New_cases,Cumulative_cases,New_deaths,Cumulative_deaths\n"
)
ALL_TIME = ("2000-01-01", "2100-01-01")
REPORT: dict[str, Any] = {
    "batch": "",
    "started_at": "2026-11-23T16:00:07+08:00",
    "engine": "spark",
    "files": [{}],
    "skipped": [{}, {}],
    "refused": [],
    "counts": {"successful": 7, "unsuccessful": 3, "reasons": {"under_18": 2, "email_invalid": 3}},
    "seconds": {"reading": 0.25, "labelling": 2.5},
}


class Responder(Protocol):
    """A web server, or its replacement in memory."""

    def answer(self, path: str, *replies: bytes) -> str: ...


class Responses:
    """Responses in memory, by path; other paths are not found."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}

    def answer(self, path: str, *replies: bytes) -> str:
        [self.bodies[path]] = replies
        return path

    @contextmanager
    def get(self, address: str) -> Iterator[BinaryIO]:
        body = self.bodies.get(address.partition("?")[0])
        if body is None:
            raise NotFound("source", "HTTP 404 Not Found")
        yield io.BytesIO(body)

    def records(self, source: str, query: Query = EVERYTHING) -> list[Record | UnknownName]:
        return list(SOURCES[source].records(Endpoint(PATHS[source], self.get), query))


def read_all(source: str, query: Query, *bodies: bytes) -> list[Record | UnknownName]:
    """Return the records that a source reads from these responses, in order; the last one is repeated."""
    remaining = list(bodies)

    @contextmanager
    def get(_: str) -> Iterator[BinaryIO]:
        yield io.BytesIO(remaining.pop(0) if len(remaining) > 1 else remaining[0])

    return list(SOURCES[source].records(Endpoint(PATHS[source], get), query))


def query_of(source: str) -> Query:
    """Return a query that the source can answer: all countries, or Singapore."""
    return for_countries("SG") if source in ("disease_sh", "covid19api") else EVERYTHING


def require_one_line(error: SourceError, source: str) -> str:
    """Return the error, which must be one short printable line, without the name of its source."""
    line = str(error)
    assert line.startswith(f"{source}: ")
    assert line.isprintable()
    assert len(line) < 300
    return line.removeprefix(f"{source}: ")


def for_countries(*countries: str, first: str = "2020-01-01", last: str | None = None) -> Query:
    """Return a query for these countries, or for all."""
    return Query(frozenset(countries) or None, date.fromisoformat(first), date.fromisoformat(last) if last else None)


def records(site: Site, source: str, query: Query = EVERYTHING, **settings: float) -> list[Record | UnknownName]:
    """Return the records that a source reads from the site."""
    web = Web(source, WEB.model_copy(update=settings))
    return list(SOURCES[source].records(Endpoint(site.address + PATHS[source], web.get), query))


def config(site: Site | None, *sources: str, **settings: float) -> ProcessConfig:
    """Return a configuration whose sources are on the site."""
    address = site.address if site else "http://127.0.0.1:9"
    return ProcessConfig.model_validate(
        {
            "sources": sources or ("owid",),
            "countries": ("SG",),
            "first_day": "2020-01-01",
            "last_day": "latest",
            "addresses": {name: address + path for name, path in PATHS.items()},
            "web": WEB.model_copy(update=settings),
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
    """Run one ingestion from the site, by default of Singapore from owid."""
    request = Request(sources or ("owid",), query or for_countries("SG"), now, dry_run)
    return ingest(config(site, retries=0), server, request, Progress())


def counts(outcome: Outcome) -> tuple[int, int, int]:
    """Return the numbers of inserted, changed and unchanged days."""
    assert outcome.loaded
    return outcome.loaded.inserted, outcome.loaded.changed, outcome.loaded.unchanged


def job(directory: Path, server: Server, site: Site) -> list[str]:
    """Return the command line of an ingestion whose sources are on the site."""
    process, postgresql = directory / "process.yaml", directory / "postgresql.yaml"
    text = (CONF / "section4_process.yaml").read_text()
    for line in text.splitlines():
        name = line.strip().partition(":")[0]
        if name in PATHS:
            text = text.replace(line, f"  {name}: {site.address}{PATHS[name]}")
    process.write_text(text)
    postgresql.write_text(f"host: {server.host}\nport: {server.port}\ndatabase: {server.database}\n")
    command = [sys.executable, str(ROOT / "section4_manage.py"), "--task-config", str(process)]
    return [*command, "--postgresql-config", str(postgresql), "--source", "owid"]


def days_from(first: str, number: int) -> list[date]:
    """Return consecutive days."""
    return [date.fromisoformat(first) + timedelta(days=offset) for offset in range(number)]


def american(day: date) -> str:
    return f"{day.month}/{day.day}/{day:%y}"


def owid(*days: tuple[Any, ...]) -> bytes:
    """Return an owid response: country, date, new cases, total cases, new deaths, total deaths."""
    rows = (",".join(map(str, (*day, "x"))) + "\n" for day in days)
    return (OWID_HEADER + "".join(rows)).encode()


def jhu(site: Responder, days: list[date], *rows: tuple[str, str, list[Any], list[Any]]) -> None:
    """Let the site respond as jhu: province, country, confirmed and deaths by day."""
    header = "Province/State,Country/Region,Lat,Long," + ",".join(map(american, days)) + "\n"
    for index, series in enumerate(("confirmed", "deaths")):
        lines = (
            f"{province},{country},1.0,2.0," + ",".join(map(str, figures[index])) + "\n"
            for province, country, *figures in rows
        )
        site.answer(f"/jhu_{series}.csv", (header + "".join(lines)).encode())


def disease_sh(site: Responder, country: str, days: list[date], cases: list[Any], deaths: list[Any]) -> None:
    """Let the site respond as disease_sh."""
    texts = list(map(american, days))
    timeline = {"cases": dict(zip(texts, cases, strict=True)), "deaths": dict(zip(texts, deaths, strict=True))}
    site.answer(f"/historical/{country}", json.dumps({"country": country, "timeline": timeline}).encode())


def covid19api(site: Responder, country: str, rows: Iterable[tuple[str, date, int, int]]) -> None:
    """Let the site respond as covid19api: province, day, confirmed, deaths."""
    figures = list(rows)
    unused = {"Country": country, "CountryCode": "XX", "City": "", "CityCode": "", "Lat": "0", "Lon": "0"}
    for index, series in enumerate(("confirmed", "deaths")):
        response = [
            {**unused, "Province": province, "Cases": totals[index], "Status": series, "Date": f"{day}T00:00:00Z"}
            for province, day, *totals in figures
        ]
        site.answer(f"/country/{country}/status/{series}", json.dumps(response).encode())


class Series(NamedTuple):
    """A real series of cumulative figures."""

    days: list[date]
    cases: list[int]
    deaths: list[int]


def singapore(real_data: Path) -> Series:
    """Return Johns Hopkins' series of Singapore."""
    with (real_data / "covid" / "jhu_singapore.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    cases, deaths = ([int(row[name]) for row in rows] for name in ("confirmed", "deaths"))
    return Series([date.fromisoformat(row["date"]) for row in rows], cases, deaths)


def put_report(directory: Path, batch: str, content: bytes | None = None, **changes: Any) -> Path:
    """Write a batch report of section 1."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{batch}.json"
    path.write_bytes(json.dumps(REPORT | {"batch": batch} | changes).encode() if content is None else content)
    return path


def set_age(path: Path, **age: float) -> None:
    """Set the modification time of a file."""
    moment = (datetime.now(UTC) - timedelta(**age)).timestamp()
    os.utime(path, (moment, moment))
