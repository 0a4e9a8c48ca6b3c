"""CSV responses, read row by row."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import cache
from itertools import count
from operator import itemgetter
from typing import BinaryIO

from section4.core.dates import iso_day
from section4.core.record import Query, Record, Records, SourceError, UnknownName
from section4.sources.base import Endpoint

_NUMBER = re.compile(r"-?\d{1,16}(\.0+)?", re.ASCII)


def records(
    source: str, endpoint: Endpoint, query: Query, columns: Sequence[str], code: Callable[[str, str], str | None]
) -> Records:
    """Yield the requested records of a long table: one row per country and day.

    Columns: two that identify the country (`code` maps them to its code), the date, total and new cases, total and new
    deaths. A day without figures is yielded too, because it may withdraw earlier ones. Raises: SourceError.
    """
    with endpoint.get(endpoint.address) as body:
        for key, name, text, *figures in rows(source, body, columns):
            if not query.includes(day := _day(source, text)):
                continue
            country = code(key, name)
            if country is None:
                yield UnknownName(name)
            elif query.countries is None or country in query.countries:
                yield Record(country, day, *(number(source, figure) for figure in figures))


def rows(source: str, body: BinaryIO, columns: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield the named columns of each row, in any order of the header. Raises: SourceError."""
    reader = lines(source, body)
    header = [name.strip() for name in next(reader, [])]
    missing = [name for name in columns if header.count(name) != 1]
    if missing:
        raise SourceError(source, f"expected CSV with exactly one column {missing[0]}")
    select, width = itemgetter(*map(header.index, columns)), len(header)
    for row, line in zip(reader, count(2)):
        if len(row) == width:
            yield select(row)
        elif row:
            raise SourceError(source, f"row {line}: expected {width} fields, got {len(row)}")


def lines(source: str, body: BinaryIO) -> Iterator[list[str]]:
    """Yield the fields of each row, starting with the header. Raises: SourceError."""
    reader = csv.reader(io.TextIOWrapper(body, encoding="utf-8-sig", newline=""), strict=True)
    try:
        yield from reader
    except (csv.Error, UnicodeDecodeError) as error:
        raise SourceError(source, f"line {reader.line_num} is not valid CSV ({type(error).__name__})") from None


def number(source: str, text: str) -> int | None:
    """Return an integer, or None for an empty field; sources also write 12 as 12.0. Raises: SourceError."""
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise SourceError(source, f"expected an integer, got {text[:20]!r}")
    return int(text.partition(".")[0])


@cache
def _day(source: str, text: str) -> date:
    try:
        return iso_day(text)
    except ValueError as error:
        raise SourceError(source, f"{error}, got {text[:20]!r}") from None
