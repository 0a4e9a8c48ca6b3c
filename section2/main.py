"""Section 2's jobs: create the sales database, fill it, ask it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from psycopg2 import sql

from common.embedded_postgresql import serving
from common.postgresql import Server, server_of_environment
from section2.config import ANALYTICS, CLUSTER, DATABASE, QUERIES, TEAMS
from section2.operator.migration import migrate, settle


@dataclass(frozen=True)
class Answer:
    """The rows of an answer, under their columns."""

    columns: tuple[str, ...]
    rows: list[tuple[object, ...]]


@contextmanager
def sales_server(cluster: Path = CLUSTER) -> Iterator[Server]:
    """Give the server that SECTION2_HOST names, or else serve an embedded one while the body runs. Raises: JobError."""
    named = server_of_environment("section2", TEAMS)
    if named:
        yield named
    else:
        with serving(cluster) as sockets:
            yield Server(host=str(sockets), database=DATABASE)


def add_database(server: Server, name: str) -> None:
    """Add an empty database to the server, unless it has one; one that a killed restore left closed is opened."""
    with server.connected() as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("select datallowconn from pg_database where datname = %s", [name])
        rows = cursor.fetchall()
        if rows == [(False,)]:
            cursor.execute(sql.SQL("alter database {} with allow_connections true").format(sql.Identifier(name)))
        elif not rows:
            cursor.execute(sql.SQL("create database {} template template0").format(sql.Identifier(name)))


def create(server: Server) -> list[str]:
    """Bring the database, made if need be, to the newest version and let the teams in; returns what it lacked."""
    add_database(server.model_copy(update={"database": "postgres"}), server.database)
    versions = migrate(server)
    settle(server)
    return versions


def ask(server: Server, statement: str) -> Answer:
    """Return the answer, as analytics may see it. Raises: JobError."""
    with server.connected(ANALYTICS) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return Answer(tuple(column.name for column in cursor.description or ()), cursor.fetchall())


def differences(server: Server) -> Answer:
    """Return what does not add up: no row when all is right."""
    return ask(server, (QUERIES / "section2_check.sql").read_text())
