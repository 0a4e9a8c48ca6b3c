"""covid19api.com, shut down in 2023, and compatible servers: JSON, cumulative figures by province and day."""

from collections import defaultdict
from datetime import date, datetime
from functools import partial

from section4.core.country import slug_of
from section4.core.record import Query, Record, Records, SourceError
from section4.sources import json_response
from section4.sources.base import Endpoint, records_of_each
from section4.sources.json_response import expect, integer

NAME = "covid19api"


def records(endpoint: Endpoint, query: Query) -> Records:
    """Yield the requested records; the query must list its countries. Raises: SourceError."""
    return records_of_each(query.country_codes(NAME), partial(_of_country, endpoint, query))


def _of_country(endpoint: Endpoint, query: Query, code: str) -> Records:
    cases, deaths = (_totals(endpoint, code, series) for series in ("confirmed", "deaths"))
    for day, total in cases.items():
        if query.includes(day):
            yield Record(code, day, total, None, deaths.get(day), None)


def _totals(endpoint: Endpoint, code: str, series: str) -> dict[date, int]:
    """Return a country's totals by day, summed over its provinces."""
    with endpoint.get(endpoint.address.replace("{country}", slug_of(code)).replace("{series}", series)) as body:
        rows = expect(NAME, json_response.read(NAME, body), list, "response")
    figures: dict[tuple[str, str, date], int] = {}
    for row in rows:
        day = _day(expect(NAME, expect(NAME, row, dict, "row").get("Date"), str, "Date"))
        total = integer(NAME, row.get("Cases"), "Cases")
        if figures.setdefault((str(row.get("Province")), str(row.get("City")), day), total) != total:
            raise SourceError(NAME, f"conflicting figures for {code} on {day}")
    totals: dict[date, int] = defaultdict(int)
    for (_, _, day), total in figures.items():
        totals[day] += total
    return totals


def _day(text: str) -> date:
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        raise SourceError(NAME, f"expected a date such as 2022-03-09T00:00:00Z, got {text[:20]!r}") from None
