"""Section 2's jobs: create the sales database, fill it, ask it."""

from dataclasses import dataclass

from common import database
from common.postgresql import Server
from section2.config import ANALYTICS, CONF, QUERIES, STATEMENTS, TEAMS


@dataclass(frozen=True)
class Answer:
    """The rows of an answer, under their columns."""

    columns: tuple[str, ...]
    rows: list[tuple[object, ...]]


def create(server: Server) -> list[str]:
    """Bring the database, made if need be, to the newest version and let the teams in; returns what it lacked."""
    return database.create(server, CONF, (STATEMENTS / "section2_database.sql").read_text(), TEAMS)


def ask(server: Server, statement: str) -> Answer:
    """Return the answer, as analytics may see it. Raises: JobError."""
    with server.connected(ANALYTICS) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return Answer(tuple(column.name for column in cursor.description or ()), cursor.fetchall())


def differences(server: Server) -> Answer:
    """Return what does not add up: no row when all is right."""
    return ask(server, (QUERIES / "section2_check.sql").read_text())
