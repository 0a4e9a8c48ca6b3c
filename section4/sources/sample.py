"""A synthetic epidemic, the same every time: waves, missed days that the next report includes, a correction, weekly
reports at the end. Charts and tables label these figures SAMPLE."""

import math
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from section4.core.record import Query, Record, Records
from section4.sources.base import Endpoint

NAME = "sample"
FIRST, LAST = date(2020, 1, 22), date(2023, 3, 9)
WEEKLY_FROM = date(2022, 12, 5)
COUNTRIES = ("SG", "MY", "FR", "US", "NA")
WAVES = ((90, 35, 900), (600, 40, 3_000), (770, 30, 18_000), (900, 35, 9_000), (1_030, 25, 5_000))
MISSED_SHARE = 0.05
CORRECTION_DAY, CORRECTION = 400, -1_200


def records(_: Endpoint, query: Query) -> Records:
    for code in COUNTRIES:
        yield from (record for record in _country(code) if query.matches(code, record.day))


def _country(code: str) -> Iterator[Record]:
    random = Random(f"sample/{code}")
    scale, cases, deaths, unreported = 0.5 + random.random(), 0, 0, 0
    for number in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(days=number)
        expected = scale * sum(peak * math.exp(-(((number - at) / width) ** 2)) for at, width, peak in WAVES)
        unreported += max(0, round(random.gauss(expected, math.sqrt(expected + 1))))
        reports = day.weekday() == 0 if day >= WEEKLY_FROM else random.random() >= MISSED_SHARE
        new = unreported if reports else 0
        unreported -= new
        if number == CORRECTION_DAY:
            new = CORRECTION
        cases = max(0, cases + new)
        deaths += max(0, round(new * 0.008))
        yield Record(code, day, cases, new, deaths, None)
