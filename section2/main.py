"""Jobs on the sales database: create it, query it, check it. The loaders are in operator/."""

from common import database
from common.postgresql import Result, Server
from section2.config import ANALYTICS, MIGRATIONS, QUERIES, SQL, TEAMS


def create(server: Server) -> list[str]:
    """Create the database if it is missing, apply migrations, set role passwords; return the applied migrations."""
    return database.create(server, MIGRATIONS, (SQL / "section2_database.sql").read_text(), TEAMS)


def run_query(server: Server, statement: str) -> Result:
    """Return the rows of a query, run with the rights of analytics. Raises: JobError."""
    with server.connected(ANALYTICS) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return Result.of(cursor)


def differences(server: Server) -> Result:
    """Return the totals and aggregates that differ from their recomputation; no row when all add up."""
    return run_query(server, (QUERIES / "section2_check.sql").read_text())
