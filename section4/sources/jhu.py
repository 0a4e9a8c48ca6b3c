"""Johns Hopkins University: one wide CSV per series, a row per province and a column per day, cumulative figures."""

import re
from array import array
from collections.abc import Iterable
from datetime import date
from operator import add
from typing import NamedTuple

from section4.core.country import code_of
from section4.core.dates import american_day
from section4.core.record import Query, Record, Records, SourceError, UnknownName
from section4.sources import csv_table
from section4.sources.base import Endpoint

NAME = "jhu"
LEADING_COLUMNS = ["Province/State", "Country/Region", "Lat", "Long"]
_DIGITS = re.compile(r"[-\d]*", re.ASCII)


class Series(NamedTuple):
    """One series: its days, totals by country, and the names that are not countries."""

    days: list[date]
    totals: dict[str, "array[int]"]
    unknown: set[str]


def records(endpoint: Endpoint, query: Query) -> Records:
    confirmed, deaths = (_series(endpoint, query, series) for series in ("confirmed", "deaths"))
    if confirmed.days != deaths.days:
        raise SourceError(NAME, "the two series have different days")
    for name in sorted(confirmed.unknown | deaths.unknown):
        yield UnknownName(name, sum(map(query.includes, confirmed.days)))
    no_deaths: array[int] | list[None] = [None] * len(confirmed.days)
    for code, cases in confirmed.totals.items():
        for day, total, dead in zip(confirmed.days, cases, deaths.totals.get(code, no_deaths), strict=True):
            if query.includes(day):
                yield Record(code, day, total, None, dead, None)


def _series(endpoint: Endpoint, query: Query, name: str) -> Series:
    """Return one series of the requested countries, summed over provinces."""
    totals: dict[str, array[int]] = {}
    unknown = set()
    with endpoint.get(endpoint.address.replace("{series}", name)) as body:
        reader = csv_table.lines(NAME, body)
        header = next(reader, [])
        days = _days(header)
        for row in filter(None, reader):
            if len(row) != len(header):
                raise SourceError(NAME, f"expected {len(header)} fields in a row, got {len(row)}")
            country = row[1]
            code = code_of(country)
            if code is None:
                unknown.add(country)
            elif query.countries is None or code in query.countries:
                figures = _figures(row)
                totals[code] = _integers(map(add, totals[code], figures)) if code in totals else figures
    return Series(days, totals, unknown)


def _days(header: list[str]) -> list[date]:
    if header[: len(LEADING_COLUMNS)] != LEADING_COLUMNS:
        raise SourceError(NAME, f"expected CSV that begins with {','.join(LEADING_COLUMNS)}")
    try:
        return list(map(american_day, header[len(LEADING_COLUMNS) :]))
    except ValueError:
        raise SourceError(NAME, "the header has a column that is not a date such as 3/9/22") from None


def _figures(row: list[str]) -> "array[int]":
    """Return the figures of a row; the common case, plain digits, takes a fast path."""
    texts = row[len(LEADING_COLUMNS) :]
    if not all(texts):
        raise SourceError(NAME, f"an empty field among the figures of {row[1][:50]}")
    if _DIGITS.fullmatch("".join(texts)):
        return _integers(map(int, texts))
    return _integers(csv_table.number(NAME, text) or 0 for text in texts)


def _integers(figures: Iterable[int]) -> "array[int]":
    """Return the figures as an array. Raises: SourceError for a text that is not an integer, or one too large."""
    try:
        return array("q", figures)
    except (ValueError, OverflowError):
        raise SourceError(NAME, "expected integers of at most 18 digits among the figures") from None
