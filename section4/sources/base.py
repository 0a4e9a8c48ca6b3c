"""The interface of all sources."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import BinaryIO, NamedTuple, Protocol, TypeAlias

from section4.core.record import NotFound, Query, Records

Get: TypeAlias = Callable[[str], AbstractContextManager[BinaryIO]]


class Endpoint(NamedTuple):
    """The configured address of a source, and a function that streams the response from an address."""

    address: str
    get: Get


class Source(Protocol):
    """An adapter of one source."""

    NAME: str

    def records(self, endpoint: Endpoint, query: Query) -> Records:
        """Yield the requested records, and the names that are not countries. Raises: SourceError."""


def records_of_each(countries: Sequence[str], records_of: Callable[[str], Records]) -> Records:
    """Yield the records of each country; skip unknown ones. Raises: NotFound when all are unknown."""
    unknown: list[NotFound] = []
    for code in countries:
        try:
            yield from records_of(code)
        except NotFound as error:
            unknown.append(error)
    if len(unknown) == len(countries):
        raise unknown[0]
