"""What all sources are: something that gives records when it is asked."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import BinaryIO, NamedTuple, Protocol, TypeAlias

from section4.core.record import Ask, NotThere, Said

Get: TypeAlias = Callable[[str], AbstractContextManager[BinaryIO]]


class Place(NamedTuple):
    """Where a source is, and how to get the body of an answer from there as it comes (which raises SourceBroken)."""

    address: str
    get: Get


class Source(Protocol):
    """One shape of answers."""

    NAME: str

    def records(self, place: Place, ask: Ask) -> Said:
        """Give what is wanted, and the names that are no country's. Raises: SourceBroken."""


def of_each(countries: Sequence[str], of_country: Callable[[str], Said]) -> Said:
    """Give what is said of each country; one that the source does not know is silence, unless it knows none of them."""
    unknown: list[NotThere] = []
    for code in countries:
        try:
            yield from of_country(code)
        except NotThere as error:
            unknown.append(error)
    if len(unknown) == len(countries):
        raise unknown[0]
