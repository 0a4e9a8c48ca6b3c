"""Johns Hopkins: a wide CSV of cumulative figures for each series, a row a province and a column a day."""

from array import array
from datetime import date
from operator import add
from typing import NamedTuple

from section4.source import american, csv_table
from section4.source.asking import Place
from section4.util.country import code_of
from section4.util.record import Ask, Record, Refused, Said, SourceBroken

NAME = "jhu"
COUNTRY = "Country/Region"
BEFORE_DAYS = ["Province/State", COUNTRY, "Lat", "Long"]


class Series(NamedTuple):
    """One series: its days, the sums of provinces by country, and the names that are no country's."""

    days: list[date]
    totals: dict[str, "array[int]"]
    refused: set[str]


def records(place: Place, ask: Ask) -> Said:
    """Give what is wanted. Raises: SourceBroken."""
    confirmed, deaths = (_series(place, ask, series) for series in ("confirmed", "deaths"))
    if confirmed.days != deaths.days:
        raise SourceBroken(NAME, "its two series are not of the same days")
    for name in sorted(confirmed.refused | deaths.refused):
        yield Refused(name, len(confirmed.days))
    nobody: array[int] | list[None] = [None] * len(confirmed.days)
    for code, cases in confirmed.totals.items():
        for day, total, died in zip(confirmed.days, cases, deaths.totals.get(code, nobody), strict=True):
            if ask.wants_day(day):
                yield Record(code, day, total, None, died, None)


def _series(place: Place, ask: Ask, name: str) -> Series:
    """Return a series of the countries that are wanted."""
    totals: dict[str, array[int]] = {}
    refused = set()
    with place.get(place.address.replace("{series}", name)) as body:
        reader = csv_table.lines(NAME, body)
        header = next(reader, [])
        if header[: len(BEFORE_DAYS)] != BEFORE_DAYS:
            raise SourceBroken(NAME, f"its answer does not begin with {','.join(BEFORE_DAYS)}; is it CSV?")
        days = [american.day(NAME, text) for text in header[len(BEFORE_DAYS) :]]
        for row in filter(None, reader):
            country = row[1] if len(row) == len(header) else ""
            code = code_of(country)
            if len(row) != len(header):
                raise SourceBroken(NAME, f"a row has {len(row)} fields of {len(header)}")
            if code is None:
                refused.add(country)
            elif ask.countries is None or code in ask.countries:
                figures = _figures(row)
                totals[code] = array("q", map(add, totals[code], figures)) if code in totals else figures
    return Series(days, totals, refused)


def _figures(row: list[str]) -> "array[int]":
    texts = row[len(BEFORE_DAYS) :]
    try:
        return array("q", map(int, texts))
    except (ValueError, OverflowError):
        return array("q", (csv_table.number(NAME, text) or 0 for text in texts))
