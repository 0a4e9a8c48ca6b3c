"""Names of batches: the hour, such as 2026-11-23T16, and -2, -3 ... for further batches of the same hour."""

from collections.abc import Container
from datetime import datetime

from common.batches import NAME
from common.errors import UsageError

_HOUR = "%Y-%m-%dT%H"


def hour_of(moment: datetime) -> str:
    """Return the name of the batch of this hour."""
    return moment.strftime(_HOUR)


def parse(text: str, *, replacing: bool) -> str:
    """Return `text` if it is an hour or, when replacing, the name of any batch. Raises: UsageError."""
    match = NAME.fullmatch(text)
    if match is None or not _exists(match[1]) or (match[2] and not replacing):
        raise UsageError(f"--batch: expected an hour such as 2026-11-23T16, got {text!r}.")
    return text


def free_name(hour: str, committed: Container[str]) -> str:
    """Return the first name of the hour that no committed batch has."""
    name, number = hour, 1
    while name in committed:
        number += 1
        name = f"{hour}-{number}"
    return name


def _exists(hour: str) -> bool:
    try:
        datetime.strptime(hour, _HOUR)
    except ValueError:
        return False
    return True
