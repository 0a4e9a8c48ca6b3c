"""A made-up epidemic, the same every time: waves, missed days that the next report catches up, a correction, weekly
reports at the end. Whatever shows it says SAMPLE."""

import math
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from section4.core.record import Ask, Record, Said
from section4.sources.asking import Place

NAME = "sample"
FIRST, LAST = date(2020, 1, 22), date(2023, 3, 9)
WEEKLY_FROM = date(2022, 12, 5)
COUNTRIES = ("SG", "MY", "FR", "US", "NA")
WAVES = ((90, 35, 900), (600, 40, 3_000), (770, 30, 18_000), (900, 35, 9_000), (1_030, 25, 5_000))
MISSED, CORRECTED = 0.05, (400, -1_200)


def records(_: Place, ask: Ask) -> Said:
    """Give what is wanted of the made-up countries."""
    for code in COUNTRIES:
        yield from (record for record in _country(code) if ask.wants(code, record.day))


def _country(code: str) -> Iterator[Record]:
    random = Random(f"sample/{code}")
    scale, total, died, waiting = 0.5 + random.random(), 0, 0, 0
    for number in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(days=number)
        expected = scale * sum(peak * math.exp(-(((number - at) / width) ** 2)) for at, width, peak in WAVES)
        waiting += max(0, round(random.gauss(expected, math.sqrt(expected + 1))))
        reports = day.weekday() == 0 if day >= WEEKLY_FROM else random.random() >= MISSED
        new = waiting if reports else 0
        waiting -= new
        if number == CORRECTED[0]:
            new = CORRECTED[1]
        total = max(0, total + new)
        died += max(0, round(new * 0.008))
        yield Record(code, day, total, new, died, None)
