"""covid19api.com, gone since 2023, and servers that speak like it: JSON, cumulative figures by province and day."""

from collections import defaultdict
from datetime import date, datetime
from functools import partial

from section4.core.country import slug_of
from section4.core.record import Ask, Record, Said, SourceBroken
from section4.sources import json_answer
from section4.sources.asking import Place, of_each
from section4.sources.json_answer import figure, need

NAME = "covid19api"


def records(place: Place, ask: Ask) -> Said:
    """Give what is wanted; countries must be named. Raises: SourceBroken."""
    return of_each(ask.named(NAME), partial(_of_country, place, ask))


def _of_country(place: Place, ask: Ask, code: str) -> Said:
    cases, deaths = (_series(place, code, series) for series in ("confirmed", "deaths"))
    for day, total in cases.items():
        if ask.wants_day(day):
            yield Record(code, day, total, None, deaths.get(day), None)


def _series(place: Place, code: str, series: str) -> dict[date, int]:
    """Return a country's totals by day, its provinces added up."""
    with place.get(place.address.replace("{country}", slug_of(code)).replace("{series}", series)) as body:
        rows = need(NAME, json_answer.read(NAME, body), list, "its answer")
    places: dict[tuple[str, str, date], int] = {}
    for row in rows:
        day = _day(need(NAME, need(NAME, row, dict, "a row").get("Date"), str, "Date"))
        total = figure(NAME, row.get("Cases"), "Cases")
        if places.setdefault((str(row.get("Province")), str(row.get("City")), day), total) != total:
            raise SourceBroken(NAME, f"says two things of one day ({code} {day})")
    totals: dict[date, int] = defaultdict(int)
    for (_, _, day), total in places.items():
        totals[day] += total
    return totals


def _day(text: str) -> date:
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        raise SourceBroken(NAME, f"has {text[:20]!r} where a date belongs") from None
