"""JSON answers: small ones, a country each."""

import json
from typing import Any, BinaryIO

from section4.util.record import SourceBroken

LARGEST = 50_000_000  # bytes; no country's days fill a tenth of it


def read(source: str, body: BinaryIO) -> Any:
    """Return what an answer holds. Raises: SourceBroken."""
    content = body.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise SourceBroken(source, f"sends more than {LARGEST:,} bytes about one country")
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise SourceBroken(source, "its answer is no JSON") from None


def need(source: str, value: object, kind: type, what: str) -> Any:
    """Return the value, which must be of this type. Raises: SourceBroken."""
    if not isinstance(value, kind) or isinstance(value, bool):
        raise SourceBroken(source, f"{what} is {type(value).__name__}, not {kind.__name__}")
    return value
