"""Brings a database to the newest version of the schema, and lets the teams in."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg2
import yoyo
from psycopg2 import sql
from psycopg2.extensions import encrypt_password

from common.postgresql import SUPERUSER, Server, StatementFailed
from section2.config import CONF, STATEMENTS, TEAMS


def migrate(server: Server, versions: Path = CONF, newest: int | None = None) -> list[str]:
    """Apply the versions that the database lacks, each whole or not at all; returns their names. Raises: JobError."""
    with _backend(server) as backend:
        lacking = list(backend.to_apply(yoyo.read_migrations(str(versions))[:newest]))
        for version in lacking:
            try:
                # yoyo would note it in a transaction of its own, and one that is killed between be applied again.
                with backend.transaction():
                    version.process_steps(backend, "apply")
                    backend.mark_one(version)
            except psycopg2.Error as error:
                raise StatementFailed(error) from error
        return [version.id for version in lacking]


def settle(server: Server) -> None:
    """Let each team connect, with the password that the server's settings give it and by no other."""
    with server.connected() as connection, connection.cursor() as cursor:
        cursor.execute((STATEMENTS / "section2_database.sql").read_text())
        for team in TEAMS:
            given = server.passwords.get(team)
            # Hashed here, so that the server's log cannot hold it.
            word = encrypt_password(given.get_secret_value(), team, connection, "scram-sha-256") if given else None
            cursor.execute(sql.SQL("alter role {} password {}").format(sql.Identifier(team), sql.Literal(word)))
        connection.commit()


@contextmanager
def _backend(server: Server) -> Iterator[yoyo.backends.DatabaseBackend]:
    """Connect yoyo, alone: its own lock is a row, which one that is killed would leave behind for good."""
    with server.connected() as connection, connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(hashtext('section2 migration'))")
        password = server.passwords.get(SUPERUSER)
        user = f"{SUPERUSER}:{quote(password.get_secret_value(), safe='')}" if password else SUPERUSER
        where = urlencode({"host": server.host, "port": server.port, "schema": "public"})
        backend = yoyo.get_backend(f"postgresql://{user}@/{quote(server.database, safe='')}?{where}")
        with closing(backend.connection):
            backend.break_lock()
            yield backend
