"""Dates as users and sources write them."""

import re
from datetime import date

_ISO = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_AMERICAN = re.compile(r"(\d{1,2})/(\d{1,2})/(\d\d)", re.ASCII)


def iso_day(text: str) -> date:
    """Return the date of a text such as 2022-03-09. Raises: ValueError."""
    try:
        if _ISO.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError("expected a date such as 2022-03-09")


def american_day(text: str) -> date:
    """Return the date of a text such as 3/9/22, month first, as Johns Hopkins writes it. Raises: ValueError."""
    found = _AMERICAN.fullmatch(text)
    if not found:
        raise ValueError("expected a date such as 3/9/22")
    month, day, year = map(int, found.groups())
    return date(2000 + year, month, day)
