"""What every source says in the end: a record a country and day, as it gave them."""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple, TypeAlias

from common.errors import JobError


class Record(NamedTuple):
    """Figures of a country on a day, signed as the source gave them; None where it gave none."""

    country: str  # ISO code of two letters
    day: date
    cases_total: int | None
    cases_new: int | None
    deaths_total: int | None
    deaths_new: int | None


class Refused(NamedTuple):
    """A name that is no country's, and how many days stand under it."""

    name: str
    days: int = 1


Said: TypeAlias = Iterator[Record | Refused]


class SourceBroken(JobError):
    """A source cannot be used: it does not answer, or not as it should."""

    def __init__(self, source: str, wrong: str) -> None:
        super().__init__(f"{source}: {wrong}")


class BrokenOff(SourceBroken):
    """A source's answer broke off; the next one may be whole."""


class NotThere(SourceBroken):
    """A source has nothing at an address."""


class Ask(NamedTuple):
    """What is wanted: countries (None: all), from the first day to the last (None: the latest that there is)."""

    countries: frozenset[str] | None
    first: date
    last: date | None

    def wants(self, country: str, day: date) -> bool:
        """Return whether a record is wanted."""
        return self.wants_day(day) and (self.countries is None or country in self.countries)

    def wants_day(self, day: date) -> bool:
        """Return whether a day is wanted."""
        return self.first <= day and (self.last is None or day <= self.last)

    def named(self, source: str) -> list[str]:
        """Return the countries, for a source that tells of one at a time. Raises: SourceBroken when all are wanted."""
        if self.countries is None:
            raise SourceBroken(source, "cannot be asked for all countries; name them")
        return sorted(self.countries)

    def __str__(self) -> str:
        """Name what is wanted, the same way each time."""
        return f"{','.join(sorted(self.countries or ['all']))} {self.first} {self.last or 'latest'}"
