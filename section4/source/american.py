"""Days as Johns Hopkins writes them, month first: 1/22/20."""

import re
from datetime import date

from section4.util.record import SourceBroken

_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d\d)", re.ASCII)


def day(source: str, text: str) -> date:
    """Return a day. Raises: SourceBroken."""
    found = _DAY.fullmatch(text)
    try:
        month, in_month, year = map(int, found.groups()) if found else (0, 0, 0)
        return date(2000 + year, month, in_month)
    except ValueError:
        raise SourceBroken(source, f"has {text[:20]!r} where a date belongs") from None
