"""disease.sh: a JSON answer a country, cumulative figures by day."""

from section4.source import american, json_answer
from section4.source.asking import Place
from section4.source.json_answer import need
from section4.util.country import slug_of
from section4.util.record import Ask, Record, Said

NAME = "disease_sh"


def records(place: Place, ask: Ask) -> Said:
    """Give what is wanted; countries must be named. Raises: SourceBroken."""
    for code in ask.named(NAME):
        with place.get(place.address.replace("{country}", slug_of(code))) as body:
            answer = need(NAME, json_answer.read(NAME, body), dict, "its answer")
        timeline = need(NAME, answer.get("timeline"), dict, "timeline")
        cases, deaths = (need(NAME, timeline.get(series), dict, series) for series in ("cases", "deaths"))
        for text, total in cases.items():
            day = american.day(NAME, text)
            if ask.wants_day(day):
                died = None if deaths.get(text) is None else need(NAME, deaths[text], int, "deaths")
                yield Record(code, day, need(NAME, total, int, "cases"), None, died, None)
