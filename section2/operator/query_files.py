"""Business queries: one SQL file each, described by the comment at its top."""

from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from common.config import suggest
from common.errors import UsageError

PREFIX = "section2_query_"


@dataclass(frozen=True)
class Query:
    """A named query; the first line of its description is the title."""

    name: str
    description: tuple[str, ...]
    statement: str


def read_queries(directory: Path) -> dict[str, Query]:
    """Return all queries of a directory by name, such as 'average_basket'."""
    paths = sorted(directory.glob(f"{PREFIX}*.sql"))
    return {query.name: query for query in map(_read, paths)}


def find_query(directory: Path, name: str) -> Query:
    """Return the query with this name or file name. Raises: UsageError, which lists the names."""
    queries = read_queries(directory)
    short = name.removeprefix(PREFIX).removesuffix(".sql")
    if short not in queries:
        raise UsageError(f"query {name!r}: no such query. {suggest(short, list(queries))}")
    return queries[short]


def _read(path: Path) -> Query:
    statement = path.read_text()
    comments = takewhile(lambda line: line.startswith("--"), statement.splitlines())
    description = tuple(line.removeprefix("--").strip() for line in comments)
    return Query(path.stem.removeprefix(PREFIX), description, statement)
