"""Johns Hopkins: a wide CSV of cumulative figures for each series, a row a province and a column a day."""

import re
from array import array
from collections.abc import Iterable
from datetime import date
from operator import add
from typing import NamedTuple

from section4.core.country import code_of
from section4.core.days import american_day
from section4.core.record import Ask, Record, Refused, Said, SourceBroken
from section4.sources import csv_table
from section4.sources.asking import Place

NAME = "jhu"
BEFORE_DAYS = ["Province/State", "Country/Region", "Lat", "Long"]
_DIGITS = re.compile(r"[-\d]*", re.ASCII)


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
        yield Refused(name, sum(map(ask.wants_day, confirmed.days)))
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
        days = _days(header)
        for row in filter(None, reader):
            if len(row) != len(header):
                raise SourceBroken(NAME, f"a row has {len(row)} fields of {len(header)}")
            country = row[1]
            code = code_of(country)
            if code is None:
                refused.add(country)
            elif ask.countries is None or code in ask.countries:
                figures = _figures(row)
                totals[code] = _whole(map(add, totals[code], figures)) if code in totals else figures
    return Series(days, totals, refused)


def _days(header: list[str]) -> list[date]:
    if header[: len(BEFORE_DAYS)] != BEFORE_DAYS:
        raise SourceBroken(NAME, f"its answer does not begin with {','.join(BEFORE_DAYS)}; is it CSV?")
    try:
        return list(map(american_day, header[len(BEFORE_DAYS) :]))
    except ValueError:
        raise SourceBroken(NAME, "has something else where a date belongs") from None


def _figures(row: list[str]) -> "array[int]":
    """Return a row's figures; quickly where all are plain digits, as they are."""
    texts = row[len(BEFORE_DAYS) :]
    if not all(texts):
        raise SourceBroken(NAME, f"has a blank among the figures of {row[1][:50]}")
    if _DIGITS.fullmatch("".join(texts)):
        return _whole(map(int, texts))
    return _whole(csv_table.number(NAME, text) or 0 for text in texts)


def _whole(figures: Iterable[int]) -> "array[int]":
    """Gather figures. Raises: SourceBroken where digits and signs are no number, or one that is too large."""
    try:
        return array("q", figures)
    except (ValueError, OverflowError):
        raise SourceBroken(NAME, "has something else where a whole number of at most 18 digits belongs") from None
