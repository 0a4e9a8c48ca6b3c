"""Backs up the database, and restores a backup into a second database that then replaces the first.

A backup is pg_dump's custom format in gzip: the checksum of gzip detects a truncated file, which pg_restore does not.
"""

import gzip
import shutil
import subprocess
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

from psycopg2 import sql

from common.database import migrate
from common.errors import Busy, JobError
from common.postgresql import SUPERUSER, Cursor, Server
from section2.config import MIGRATIONS
from section2.operator.client_programs import client_command

BLOCK = 1 << 20


class BackupFailed(JobError):
    """A backup or restore failed; the database is unchanged."""

    def __init__(self, tool: str, error: str) -> None:
        lines = error.strip().splitlines() or ["no error message"]
        super().__init__(f"{tool} failed: {lines[0].rstrip('.')}. The database is unchanged.")


def backup(server: Server, to: IO[bytes]) -> None:
    """Write a consistent copy of the database to `to`. Raises: BackupFailed."""
    dump = _tool(server, "pg_dump", "--format=custom", "--compress=0", f"--dbname={server.database}")
    with dump as dumping, gzip.GzipFile(fileobj=to, mode="wb", compresslevel=1, mtime=0) as packed:
        assert dumping.stdout
        shutil.copyfileobj(dumping.stdout, packed, BLOCK)


def restore(server: Server, source: IO[bytes]) -> None:
    """Replace the database with a backup, after a complete and checked restore. Raises: JobError."""
    new = server.model_copy(update={"database": f"{server.database}_restoring"})
    old = f"{server.database}_replaced"
    maintenance = server.model_copy(update={"database": "postgres"})
    with maintenance.connected() as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("select pg_try_advisory_lock(hashtext('section2 restore'))")
        if cursor.fetchone() != (True,):
            raise Busy(f"database {server.database}", "restore")
        _execute(cursor, "drop database if exists {}", old)
        _execute(cursor, "drop database if exists {}", new.database)
        _execute(cursor, "create database {} template template0", new.database)
        try:
            _fill(new, source)
            _require_sales(new)
        except BaseException:
            _execute(cursor, "drop database {} with (force)", new.database)
            raise
        _swap(cursor, server.database, new.database, old)
        _execute(cursor, "drop database {}", old)


def _execute(cursor: Cursor, statement: str, *names: str) -> None:
    cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _swap(cursor: Cursor, database: str, new: str, old: str) -> None:
    """Rename `database` to `old` and `new` to `database` in one transaction, after disconnecting all clients."""
    _execute(cursor, "alter database {} with allow_connections false", database)
    try:
        cursor.execute("select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = %s", [database])
        cursor.execute("begin")
        _execute(cursor, "alter database {} rename to {}", database, old)
        _execute(cursor, "alter database {} rename to {}", new, database)
        cursor.execute("commit")
    except BaseException:
        cursor.execute("rollback")
        _execute(cursor, "alter database {} with allow_connections true", database)
        raise


def _require_sales(restored: Server) -> None:
    """Apply newer migrations to the restored database. Raises: BackupFailed when it is not a sales database."""
    with restored.connected() as connection, connection.cursor() as cursor:
        cursor.execute("select to_regclass('sales.orders') is not null")
        if cursor.fetchone() != (True,):
            raise BackupFailed("restore", "the backup is of another database")
    migrate(restored, MIGRATIONS)


def _fill(empty: Server, source: IO[bytes]) -> None:
    """Restore a backup into an empty database. Raises: BackupFailed, also for a truncated backup."""
    with _tool(empty, "pg_restore", "--exit-on-error", f"--dbname={empty.database}") as restoring:
        assert restoring.stdin
        try:
            # A failing pg_restore closes its input: report its error message, not the broken pipe.
            with gzip.GzipFile(fileobj=source) as packed, suppress(BrokenPipeError):
                shutil.copyfileobj(packed, restoring.stdin, BLOCK)
        except (EOFError, gzip.BadGzipFile, zlib.error):
            restoring.kill()
            raise BackupFailed("restore", "the file is not a backup, or is truncated") from None


@contextmanager
def _tool(server: Server, tool: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run pg_dump or pg_restore while the body reads or writes its pipe. Raises: BackupFailed."""
    command, environment = client_command(server, tool, SUPERUSER)
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [*command, "--no-password", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if tool == "pg_dump" else subprocess.DEVNULL,
            stderr=errors,
            env=environment,
        )
        with process:
            yield process
            assert process.stdin
            with suppress(BrokenPipeError):
                process.stdin.close()
        if process.returncode:
            errors.seek(0)
            raise BackupFailed(tool, errors.read().decode(errors="replace"))
