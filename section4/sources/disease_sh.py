"""disease.sh: a JSON answer a country, cumulative figures by day."""

from datetime import date
from functools import partial

from section4.core.country import slug_of
from section4.core.days import american_day
from section4.core.record import Ask, Record, Said, SourceBroken
from section4.sources import json_answer
from section4.sources.asking import Place, of_each
from section4.sources.json_answer import figure, need

NAME = "disease_sh"


def records(place: Place, ask: Ask) -> Said:
    """Give what is wanted; countries must be named. Raises: SourceBroken."""
    return of_each(ask.named(NAME), partial(_of_country, place, ask))


def _of_country(place: Place, ask: Ask, code: str) -> Said:
    with place.get(place.address.replace("{country}", slug_of(code))) as body:
        answer = need(NAME, json_answer.read(NAME, body), dict, "its answer")
    timeline = need(NAME, answer.get("timeline"), dict, "timeline")
    cases, deaths = (need(NAME, timeline.get(series), dict, series) for series in ("cases", "deaths"))
    for text, total in cases.items():
        day = _day(text)
        if ask.wants_day(day):
            died = None if deaths.get(text) is None else figure(NAME, deaths[text], "deaths")
            yield Record(code, day, figure(NAME, total, "cases"), None, died, None)


def _day(text: str) -> date:
    try:
        return american_day(text)
    except ValueError:
        raise SourceBroken(NAME, f"has {text[:20]!r} where a date belongs") from None
