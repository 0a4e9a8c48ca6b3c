"""Section 2's jobs on the sales database: create it, and ask it; operator/ fills it."""

from common import database
from common.postgresql import Answer, Server
from section2.config import ANALYTICS, MIGRATIONS, QUERIES, SQL, TEAMS


def create(server: Server) -> list[str]:
    """Bring the database, made if need be, to the newest version and let the teams in; returns what it lacked."""
    return database.create(server, MIGRATIONS, (SQL / "section2_database.sql").read_text(), TEAMS)


def ask(server: Server, statement: str) -> Answer:
    """Return the answer, as analytics may see it. Raises: JobError."""
    with server.connected(ANALYTICS) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return Answer.of(cursor)


def differences(server: Server) -> Answer:
    """Return what does not add up: no row when all is right."""
    return ask(server, (QUERIES / "section2_check.sql").read_text())
