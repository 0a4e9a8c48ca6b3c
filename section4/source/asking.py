"""What all sources are: something that gives records when it is asked."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import BinaryIO, NamedTuple, Protocol, TypeAlias

from section4.util.record import Ask, Said

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
