"""A section's database: its server, migrations and role passwords."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg2
import yoyo
from psycopg2 import sql
from psycopg2.extensions import encrypt_password

from common.embedded_postgresql import serving
from common.postgresql import SUPERUSER, Server, StatementFailed, server_from_environment

DATABASE = "my_database"


@contextmanager
def server_for(
    section: str, roles: tuple[str, ...], cluster: Path, prepare: Callable[[Server], object] = lambda server: None
) -> Iterator[Server]:
    """Yield the server at SECTION_HOST, else start the embedded one in `cluster` and prepare it. Raises: JobError."""
    external = server_from_environment(section, roles)
    if external:
        yield external
    else:
        with serving(cluster) as sockets:
            server = Server(host=str(sockets), database=DATABASE)
            prepare(server)
            yield server


def create_database(server: Server, name: str) -> None:
    """Create the database if it is missing. Reopen it if a killed restore left it without connections."""
    with server.connected() as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("select datallowconn from pg_database where datname = %s", [name])
        rows = cursor.fetchall()
        if rows == [(False,)]:
            cursor.execute(sql.SQL("alter database {} with allow_connections true").format(sql.Identifier(name)))
        elif not rows:
            cursor.execute(sql.SQL("create database {} template template0").format(sql.Identifier(name)))


def create(server: Server, migrations: Path, grants: str, roles: Iterable[str]) -> list[str]:
    """Create the database if needed, apply migrations and set role passwords. Return the applied migrations."""
    create_database(server.model_copy(update={"database": "postgres"}), server.database)
    applied = migrate(server, migrations)
    set_role_passwords(server, grants, roles)
    return applied


def migrate(server: Server, migrations: Path, newest: int | None = None) -> list[str]:
    """Apply pending migrations, each in one transaction, and return their names. Raises: JobError.

    `newest` is the number of the last migration to apply; tests pass it to start from an older schema.
    """
    with _backend(server) as backend:
        pending = list(backend.to_apply(yoyo.read_migrations(str(migrations))[:newest]))
        for migration in pending:
            try:
                # yoyo's own method marks a migration in a second transaction. A kill in between would apply it twice.
                with backend.transaction():
                    migration.process_steps(backend, "apply")
                    backend.mark_one(migration)
            except psycopg2.Error as error:
                raise StatementFailed(error) from error
        return [migration.id for migration in pending]


def set_role_passwords(server: Server, grants: str, roles: Iterable[str]) -> None:
    """Run the SQL `grants`, then set the password of each role, or remove it if `server` has none for the role."""
    with server.connected() as connection, connection.cursor() as cursor:
        cursor.execute(grants)
        for role in roles:
            password = server.passwords.get(role)
            # Hashed here, so that the server's log cannot contain the password.
            hashed = password and encrypt_password(password.get_secret_value(), role, connection, "scram-sha-256")
            cursor.execute(sql.SQL("alter role {} password {}").format(sql.Identifier(role), sql.Literal(hashed)))
        connection.commit()


@contextmanager
def _backend(server: Server) -> Iterator[yoyo.backends.DatabaseBackend]:
    """Connect yoyo under an advisory lock. yoyo's lock is a table row, which a killed process leaves behind."""
    with server.connected() as connection, connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(hashtext('migration'))")
        password = server.passwords.get(SUPERUSER)
        user = f"{SUPERUSER}:{quote(password.get_secret_value(), safe='')}" if password else SUPERUSER
        where = urlencode({"host": server.host, "port": server.port, "schema": "public"})
        backend = yoyo.get_backend(f"postgresql://{user}@/{quote(server.database, safe='')}?{where}")
        with closing(backend.connection):
            backend.break_lock()
            yield backend
