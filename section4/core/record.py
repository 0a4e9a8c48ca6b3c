"""Types that all sources share: the query, its records and the errors."""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple, TypeAlias

from common.errors import JobError


class Record(NamedTuple):
    """Figures of one country and day, signed, as the source reported them; None where it reported none."""

    country: str  # ISO 3166 code of two letters
    day: date
    cases_total: int | None
    cases_new: int | None
    deaths_total: int | None
    deaths_new: int | None


class UnknownName(NamedTuple):
    """A name that is not a country's, such as World, and the number of days under it."""

    name: str
    days: int = 1


Records: TypeAlias = Iterator[Record | UnknownName]


class SourceError(JobError):
    """A source cannot be used: no response, or not the expected one."""

    def __init__(self, source: str, problem: str) -> None:
        super().__init__(f"{source}: {problem}")


class IncompleteResponse(SourceError):
    """The connection ended in the middle of a response; a retry may succeed."""


class NotFound(SourceError):
    """The source has nothing at this address (HTTP 404)."""


class Query(NamedTuple):
    """Requested countries (None: all) and days (`last` None: up to the latest)."""

    countries: frozenset[str] | None
    first: date
    last: date | None

    def matches(self, country: str, day: date) -> bool:
        return self.includes(day) and (self.countries is None or country in self.countries)

    def includes(self, day: date) -> bool:
        return self.first <= day and (self.last is None or day <= self.last)

    def country_codes(self, source: str) -> list[str]:
        """Return the countries, for a source with one request per country. Raises: SourceError for all countries."""
        if self.countries is None:
            raise SourceError(source, "cannot return all countries at once, list them with --country")
        return sorted(self.countries)

    def __str__(self) -> str:
        """Return a text that is the same for equal queries; it is stored with the validators."""
        return f"{','.join(sorted(self.countries or ['all']))} {self.first} {self.last or 'latest'}"
