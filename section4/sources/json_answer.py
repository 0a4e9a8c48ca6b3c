"""JSON answers: small ones, a country each."""

import json
from typing import Any, BinaryIO

from section4.core.record import SourceBroken

LARGEST = 50_000_000  # bytes; no country's days fill a tenth of it
LARGEST_FIGURE = 10**16


def read(source: str, body: BinaryIO) -> Any:
    """Return what an answer holds. Raises: SourceBroken."""
    content = body.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise SourceBroken(source, f"sends more than {LARGEST:,} bytes about one country")
    try:
        return json.loads(content, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise SourceBroken(source, "its answer is no JSON, or has a key twice") from None


def need(source: str, value: object, kind: type, what: str) -> Any:
    """Return the value, which must be of this type. Raises: SourceBroken."""
    if not isinstance(value, kind) or isinstance(value, bool):
        raise SourceBroken(source, f"{what} is {type(value).__name__}, not {kind.__name__}")
    return value


def figure(source: str, value: object, what: str) -> int:
    """Return the value, which must be a whole number that a column of the database holds. Raises: SourceBroken."""
    number: int = need(source, value, int, what)
    if abs(number) > LARGEST_FIGURE:
        raise SourceBroken(source, f"{what} has {number.bit_length():,} bits")
    return number


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object's values by key. Raises: ValueError for a key that stands twice, of which one would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found
