"""CSV reader for any file. It defines what a row is and when a row is malformed.

A record ends at a LF outside quotes; a CR before the LF belongs to the line end. A quote opens a field only as the
first byte of the field. A record is malformed if it has text after a closing quote, a quote open at the end, a NUL,
or invalid UTF-8.
"""

import re
from collections.abc import Generator, Iterator
from typing import NamedTuple

MAX_RECORD_BYTES = 16 << 20  # an engine can process this with the configured memory
_QUOTED = re.compile(rb'"([^"]*+(?:""[^"]*+)*+)"')
_UNQUOTED = re.compile(rb"[^,\n]*+")


class Record(NamedTuple):
    """A record's text without its line end, invalid bytes as U+FFFD, and its fields, None if it is malformed."""

    text: str
    fields: list[str] | None


class RecordTooLong(Exception):
    """A record exceeds the size limit."""

    def __init__(self) -> None:
        super().__init__(f"a row is longer than {MAX_RECORD_BYTES >> 20} MiB; perhaps a quote is never closed")


class RecordCount:
    """Counts the records of a well-formed CSV: the LFs outside quotes."""

    def __init__(self) -> None:
        self.records = 0
        self._quoted = False

    def feed(self, block: bytes) -> None:
        """Count the next block. Most blocks have no quotes and are not split."""
        between_quotes = block.split(b'"') if b'"' in block else [block]
        self.records += sum(text.count(b"\n") for text in between_quotes[self._quoted :: 2])
        self._quoted ^= len(between_quotes) % 2 == 0


def records(blocks: Iterator[bytes]) -> Iterator[Record]:
    """Yield the records of a file without BOM, given in blocks. Empty lines are skipped. Raises: RecordTooLong."""
    buffer = b""
    for block in blocks:
        buffer = yield from _ended_records(buffer + block)
        if len(buffer) > MAX_RECORD_BYTES + 1:  # the last byte can be the CR of a line end
            raise RecordTooLong
    last = yield from _ended_records(buffer)
    if last:
        yield _record(last)


def _ended_records(buffer: bytes) -> Generator[Record, None, bytes]:
    """Yield the complete records of the buffer. Return the bytes after them."""
    start = 0
    while (end := _end(buffer, start)) is not None:
        if raw := buffer[start:end].removesuffix(b"\r"):
            yield _record(raw)
        start = end + 1
    return buffer[start:]


def _end(buffer: bytes, start: int) -> int | None:
    """Return the position of the LF that ends the record at `start`, or None if the buffer does not have it yet."""
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
        assert text is not None  # it also matches an empty text
        position = text.end()
        if position == len(buffer):
            return None
        if buffer.startswith(b"\n", position):
            return position
        position += 1


def _record(raw: bytes) -> Record:
    """Parse one record. Raises: RecordTooLong."""
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
    """Split a record with quotes. Return None if it is malformed."""
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
            assert unquoted is not None  # it also matches an empty text
            value, position = unquoted[0], unquoted.end()
        fields.append(value.decode())
        if position == len(raw):
            return fields
        if not raw.startswith(b",", position):
            return None
        position += 1
