"""The questions that the database answers, each a file of its own."""

from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from common.config import nearest
from common.errors import UsageError

PREFIX = "section2_query_"


@dataclass(frozen=True)
class Question:
    """A question in words and in SQL."""

    name: str
    words: tuple[str, ...]
    statement: str


def questions(folder: Path) -> dict[str, Question]:
    """Return the questions of a folder by their names, such as 'average_basket'."""
    paths = sorted(folder.glob(f"{PREFIX}*.sql"))
    return {question.name: question for question in map(_read, paths)}


def named(folder: Path, name: str) -> Question:
    """Return the question of that name, or of that file name. Raises: UsageError, with those that there are."""
    known = questions(folder)
    short = name.removeprefix(PREFIX).removesuffix(".sql")
    if short not in known:
        raise UsageError(f"query {name!r}: there is no such question; {nearest(short, list(known))}")
    return known[short]


def _read(path: Path) -> Question:
    statement = path.read_text()
    comments = takewhile(lambda line: line.startswith("--"), statement.splitlines())
    words = tuple(line.removeprefix("--").strip() for line in comments)
    return Question(path.stem.removeprefix(PREFIX), words, statement)
