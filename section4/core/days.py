"""Days as people and sources write them."""

import re
from datetime import date

_ISO = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_AMERICAN = re.compile(r"(\d{1,2})/(\d{1,2})/(\d\d)", re.ASCII)


def iso_day(text: str) -> date:
    """Return a day that is written 2022-03-09. Raises: ValueError."""
    if not _ISO.fullmatch(text):
        raise ValueError("is no date (e.g. 2022-03-09)")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("is no date (e.g. 2022-03-09)") from None


def american_day(text: str) -> date:
    """Return a day that is written month first, as Johns Hopkins does: 3/9/22. Raises: ValueError."""
    found = _AMERICAN.fullmatch(text)
    if not found:
        raise ValueError("is no date (e.g. 3/9/22)")
    month, day, year = map(int, found.groups())
    return date(2000 + year, month, day)
