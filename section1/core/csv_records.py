"""Reads any CSV, however broken, record by record: the one definition of what a row is and when it is malformed.

A record ends at a LF outside quotes (a CR before it belongs to the line end); a quote opens a field only as its first
byte; text after the closing quote, a quote still open at the end, NUL and bytes that are no UTF-8 make it malformed.
"""

import re
from collections.abc import Generator, Iterator
from typing import NamedTuple

MAX_RECORD_BYTES = 16 << 20  # what an engine can take apart in the memory that is configured
_QUOTED = re.compile(rb'"([^"]*+(?:""[^"]*+)*+)"')
_UNQUOTED = re.compile(rb"[^,\n]*+")


class Record(NamedTuple):
    """A record's text without its line end (U+FFFD for what is no text) and its fields, None when malformed."""

    text: str
    fields: list[str] | None


class RecordTooLong(Exception):
    """A record is longer than a reader should hold."""

    def __init__(self) -> None:
        super().__init__(f"a row is longer than {MAX_RECORD_BYTES >> 20} MiB (perhaps a quote that nothing closes)")


class RecordCount:
    """Fed the blocks of a sound CSV in order, counts its records: the LFs outside quotes."""

    def __init__(self) -> None:
        self.records = 0
        self._quoted = False

    def feed(self, block: bytes) -> None:
        """Take the next block in; one without quotes, as most are, need not be split."""
        between_quotes = block.split(b'"') if b'"' in block else [block]
        self.records += sum(text.count(b"\n") for text in between_quotes[self._quoted :: 2])
        self._quoted ^= len(between_quotes) % 2 == 0


def records(blocks: Iterator[bytes]) -> Iterator[Record]:
    """Yield the records of a file without BOM that comes in blocks; empty lines are none. Raises: RecordTooLong."""
    buffer = b""
    for block in blocks:
        buffer = yield from _ended_records(buffer + block)
        if len(buffer) > MAX_RECORD_BYTES + 1:  # a CR that a LF may follow
            raise RecordTooLong
    last = yield from _ended_records(buffer)
    if last:
        yield _record(last)


def _ended_records(buffer: bytes) -> Generator[Record, None, bytes]:
    """Yield the records whose line end has come; return the bytes behind them."""
    start = 0
    while (end := _end(buffer, start)) is not None:
        if raw := buffer[start:end].removesuffix(b"\r"):
            yield _record(raw)
        start = end + 1
    return buffer[start:]


def _end(buffer: bytes, start: int) -> int | None:
    """Return where the LF stands that ends the record at `start`, None when it has not come yet."""
    line_end = buffer.find(b"\n", start)
    if line_end < 0 or buffer.find(b'"', start, line_end) < 0:
        return line_end if line_end >= 0 else None
    position = start
    while True:
        if buffer.startswith(b'"', position):
            quoted = _QUOTED.match(buffer, position)
            if quoted is None:
                return None
            position = quoted.end()
        text = _UNQUOTED.match(buffer, position)
        assert text is not None  # it matches nothing, too
        position = text.end()
        if position == len(buffer):
            return None
        if buffer.startswith(b"\n", position):
            return position
        position += 1


def _record(raw: bytes) -> Record:
    """Take one record apart. Raises: RecordTooLong."""
    if len(raw) > MAX_RECORD_BYTES:
        raise RecordTooLong
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return Record(raw.decode(errors="replace").replace("\0", "\ufffd"), None)
    if "\0" in text:
        return Record(text.replace("\0", "\ufffd"), None)
    return Record(text, _fields(raw) if '"' in text else text.split(","))


def _fields(raw: bytes) -> list[str] | None:
    """Split a record that has quotes; None when text follows a closing quote or a quote is open at the end."""
    fields: list[str] = []
    position = 0
    while True:
        if raw.startswith(b'"', position):
            quoted = _QUOTED.match(raw, position)
            if quoted is None:
                return None
            value, position = quoted[1].replace(b'""', b'"'), quoted.end()
        else:
            unquoted = _UNQUOTED.match(raw, position)
            assert unquoted is not None  # it matches nothing, too
            value, position = unquoted[0], unquoted.end()
        fields.append(value.decode())
        if position == len(raw):
            return fields
        if not raw.startswith(b",", position):
            return None
        position += 1
