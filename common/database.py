"""A section's own database: a server for it, its newest version, and whom it lets in."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg2
import yoyo
from psycopg2 import sql
from psycopg2.extensions import encrypt_password

from common.embedded_postgresql import serving
from common.postgresql import SUPERUSER, Server, StatementFailed, server_of_environment

DATABASE = "my_database"


@contextmanager
def server_for(
    section: str, roles: tuple[str, ...], cluster: Path, prepare: Callable[[Server], object] = lambda server: None
) -> Iterator[Server]:
    """Give the server that SECTION_HOST names, or serve `cluster`, prepared, while the body runs. Raises: JobError."""
    named = server_of_environment(section, roles)
    if named:
        yield named
    else:
        with serving(cluster) as sockets:
            server = Server(host=str(sockets), database=DATABASE)
            prepare(server)
            yield server


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


def create(server: Server, versions: Path, permissions: str, roles: Iterable[str]) -> list[str]:
    """Bring the database, made if need be, to the newest version and let the roles in; returns what it lacked."""
    add_database(server.model_copy(update={"database": "postgres"}), server.database)
    lacking = migrate(server, versions)
    let_in(server, permissions, roles)
    return lacking


def migrate(server: Server, versions: Path, newest: int | None = None) -> list[str]:
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


def let_in(server: Server, permissions: str, roles: Iterable[str]) -> None:
    """Run what says who may connect; let each role, with the password that the server's settings give it or none."""
    with server.connected() as connection, connection.cursor() as cursor:
        cursor.execute(permissions)
        for role in roles:
            given = server.passwords.get(role)
            # Hashed here, so that the server's log cannot hold it.
            word = encrypt_password(given.get_secret_value(), role, connection, "scram-sha-256") if given else None
            cursor.execute(sql.SQL("alter role {} password {}").format(sql.Identifier(role), sql.Literal(word)))
        connection.commit()


@contextmanager
def _backend(server: Server) -> Iterator[yoyo.backends.DatabaseBackend]:
    """Connect yoyo, alone: its own lock is a row, which one that is killed would leave behind for good."""
    with server.connected() as connection, connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(hashtext('migration'))")
        password = server.passwords.get(SUPERUSER)
        user = f"{SUPERUSER}:{quote(password.get_secret_value(), safe='')}" if password else SUPERUSER
        where = urlencode({"host": server.host, "port": server.port, "schema": "public"})
        backend = yoyo.get_backend(f"postgresql://{user}@/{quote(server.database, safe='')}?{where}")
        with closing(backend.connection):
            backend.break_lock()
            yield backend
