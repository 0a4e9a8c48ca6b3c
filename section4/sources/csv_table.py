"""CSV answers, read a row at a time."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import cache
from itertools import count
from operator import itemgetter
from typing import BinaryIO

from section4.core.days import iso_day
from section4.core.record import Ask, Record, Refused, Said, SourceBroken
from section4.sources.asking import Place

_NUMBER = re.compile(r"-?\d{1,16}(\.0+)?", re.ASCII)


def records(
    source: str, place: Place, ask: Ask, columns: Sequence[str], code: Callable[[str, str], str | None]
) -> Said:
    """Give what is wanted of a long table: a row a country and day.

    Columns: what names the country, twice (`code` makes the code of both), the day, total and new cases, total and new
    deaths. A day without any figure is given too: there may have been some. Raises: SourceBroken.
    """
    with place.get(place.address) as body:
        for name, other, text, *figures in rows(source, body, columns):
            if not ask.wants_day(day := _day(source, text)):
                continue
            country = code(name, other)
            if country is None:
                yield Refused(other)
            elif ask.countries is None or country in ask.countries:
                yield Record(country, day, *(number(source, figure) for figure in figures))


def rows(source: str, body: BinaryIO, columns: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Give the needed columns of each row, wherever they stand. Raises: SourceBroken."""
    reader = lines(source, body)
    header = [name.strip() for name in next(reader, [])]
    missing = [name for name in columns if header.count(name) != 1]
    if missing:
        raise SourceBroken(source, f"its answer has not one column {missing[0]}; is it CSV?")
    needed, width = itemgetter(*map(header.index, columns)), len(header)
    for row, line in zip(reader, count(2)):
        if len(row) == width:
            yield needed(row)
        elif row:
            raise SourceBroken(source, f"row {line} has {len(row)} fields of {width}")


def lines(source: str, body: BinaryIO) -> Iterator[list[str]]:
    """Give the fields of each row, those of the header first. Raises: SourceBroken."""
    reader = csv.reader(io.TextIOWrapper(body, encoding="utf-8-sig", newline=""), strict=True)
    try:
        yield from reader
    except (csv.Error, UnicodeDecodeError) as error:
        raise SourceBroken(source, f"line {reader.line_num} is no CSV ({type(error).__name__})") from None


def number(source: str, text: str) -> int | None:
    """Return a figure, None for a blank; sources write 12 as 12.0 too. Raises: SourceBroken."""
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise SourceBroken(source, f"has {text[:20]!r} where a whole number belongs")
    return int(text.partition(".")[0])


@cache
def _day(source: str, text: str) -> date:
    try:
        return iso_day(text)
    except ValueError:
        raise SourceBroken(source, f"has {text[:20]!r} where a date belongs") from None
