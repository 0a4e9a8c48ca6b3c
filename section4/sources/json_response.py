"""JSON responses about one country each."""

import json
from typing import Any, BinaryIO

from section4.core.record import SourceError

MAX_BYTES = 50_000_000  # ten times more than any country needs
MAX_FIGURE = 10**16


def read(source: str, body: BinaryIO) -> Any:
    """Return the decoded response. Raises: SourceError."""
    content = body.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise SourceError(source, f"the response has more than {MAX_BYTES:,} bytes for one country")
    try:
        return json.loads(content, object_pairs_hook=_unique_keys)
    except (ValueError, RecursionError):
        raise SourceError(source, "the response is not valid JSON, or has a duplicate key") from None


def expect(source: str, value: object, kind: type, name: str) -> Any:
    """Return the value if it has this type. Raises: SourceError."""
    if not isinstance(value, kind) or isinstance(value, bool):
        raise SourceError(source, f"{name}: expected {kind.__name__}, got {type(value).__name__}")
    return value


def integer(source: str, value: object, name: str) -> int:
    """Return the value if it is an integer that fits the database's columns. Raises: SourceError."""
    number: int = expect(source, value, int, name)
    if abs(number) > MAX_FIGURE:
        raise SourceError(source, f"{name}: an integer of {number.bit_length():,} bits is out of range")
    return number


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object. Raises: ValueError for a duplicate key, of which json would keep the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found
