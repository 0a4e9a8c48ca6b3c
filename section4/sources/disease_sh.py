"""disease.sh: one JSON response per country, cumulative figures by day."""

from datetime import date
from functools import partial

from section4.core.country import slug_of
from section4.core.dates import american_day
from section4.core.record import Query, Record, Records, SourceError
from section4.sources import json_response
from section4.sources.base import Endpoint, records_of_each
from section4.sources.json_response import expect, integer

NAME = "disease_sh"


def records(endpoint: Endpoint, query: Query) -> Records:
    """Yield the requested records; the query must list its countries. Raises: SourceError."""
    return records_of_each(query.country_codes(NAME), partial(_of_country, endpoint, query))


def _of_country(endpoint: Endpoint, query: Query, code: str) -> Records:
    with endpoint.get(endpoint.address.replace("{country}", slug_of(code))) as body:
        response = expect(NAME, json_response.read(NAME, body), dict, "response")
    timeline = expect(NAME, response.get("timeline"), dict, "timeline")
    cases, deaths = (expect(NAME, timeline.get(series), dict, series) for series in ("cases", "deaths"))
    for text, total in cases.items():
        day = _day(text)
        if query.includes(day):
            dead = None if deaths.get(text) is None else integer(NAME, deaths[text], "deaths")
            yield Record(code, day, integer(NAME, total, "cases"), None, dead, None)


def _day(text: str) -> date:
    try:
        return american_day(text)
    except ValueError:
        raise SourceError(NAME, f"expected a date such as 3/9/22, got {text[:20]!r}") from None
