"""The name of a batch: its hour, such as 2026-11-23T16, and -2, -3 ... for more in the same hour."""

import re
from collections.abc import Container
from datetime import datetime

from common.errors import UsageError

NAME = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2})(-[2-9]|-[1-9]\d+)?", re.ASCII)
_HOUR = "%Y-%m-%dT%H"


def hour_of(moment: datetime) -> str:
    """Name the batch of the hour that `moment` lies in."""
    return moment.strftime(_HOUR)


def parse(text: str, *, replacing: bool) -> str:
    """Return `text` if it names an hour or, for replacing, any batch. Raises: UsageError."""
    match = NAME.fullmatch(text)
    if match is None or not _exists(match[1]) or (match[2] and not replacing):
        raise UsageError(f"--batch: {text!r} is no hour (e.g. 2026-11-23T16)")
    return text


def in_time(name: str) -> tuple[str, int]:
    """Return what sorts batches by their time: 2026-11-23T16-10 comes behind 2026-11-23T16-2 and before T17."""
    hour, number = name[:13], name[14:]
    return hour, int(number or 1)


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
