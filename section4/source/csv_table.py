"""CSV answers, read a row at a time."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import count
from operator import itemgetter
from typing import BinaryIO

from section4.util.record import SourceBroken

_NUMBER = re.compile(r"-?\d{1,16}(\.0+)?", re.ASCII)


def rows(source: str, body: BinaryIO, columns: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Give the needed columns of each row, wherever they stand. Raises: SourceBroken."""
    reader = lines(source, body)
    header = [name.strip() for name in next(reader, [])]
    missing = [name for name in columns if header.count(name) != 1]
    if missing:
        raise SourceBroken(source, f"its answer has not one column {missing[0]}; is it CSV?")
    needed, width = itemgetter(*map(header.index, columns)), len(header)
    for row, number in zip(reader, count(2)):
        if len(row) == width:
            yield needed(row)
        elif row:
            raise SourceBroken(source, f"row {number} has {len(row)} fields of {width}")


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


def day(source: str, text: str) -> date:
    """Return a day that is written yyyy-mm-dd. Raises: SourceBroken."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SourceBroken(source, f"has {text[:20]!r} where a date belongs") from None
