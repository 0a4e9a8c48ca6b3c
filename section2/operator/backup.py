"""Backs the database up, and brings a backup back beside it before it takes its place.

A backup is pg_dump's custom format in gzip, whose checksum tells what pg_restore does not: that the end is missing.
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
from common.postgresql import SUPERUSER, Server
from section2.config import MIGRATIONS
from section2.operator.client import client

PIECE = 1 << 20


class BackupFailed(JobError):
    """pg_dump or pg_restore did not do its work; the database is as it was."""

    def __init__(self, tool: str, said: str) -> None:
        lines = said.strip().splitlines() or ["it said nothing"]
        super().__init__(f"{tool} failed ({lines[0]}); the database is as it was")


def backup(server: Server, to: IO[bytes]) -> None:
    """Write the database, as it is at one moment, to `to`. Raises: BackupFailed."""
    dump = _tool(server, "pg_dump", "--format=custom", "--compress=0", f"--dbname={server.database}")
    with dump as dumping, gzip.GzipFile(fileobj=to, mode="wb", compresslevel=1, mtime=0) as packed:
        assert dumping.stdout
        shutil.copyfileobj(dumping.stdout, packed, PIECE)


def restore(server: Server, source: IO[bytes]) -> None:
    """Let what a backup holds take the database's place, once it is there in whole. Raises: JobError."""
    aside, replaced = f"{server.database}_restoring", f"{server.database}_replaced"
    maintenance = server.model_copy(update={"database": "postgres"})
    with maintenance.connected() as connection, connection.cursor() as cursor:
        connection.autocommit = True

        def execute(statement: str) -> None:
            names = {"aside": aside, "replaced": replaced, "database": server.database}
            cursor.execute(sql.SQL(statement).format(**{key: sql.Identifier(name) for key, name in names.items()}))

        cursor.execute("select pg_try_advisory_lock(hashtext('section2 restore'))")
        if cursor.fetchone() != (True,):
            raise Busy(f"database {server.database}", "restore is at work")
        execute("drop database if exists {replaced}")
        execute("drop database if exists {aside}")
        execute("create database {aside} template template0")
        try:
            _fill(server, aside, source)
            _require_sales(server.model_copy(update={"database": aside}))
        except BaseException:
            execute("drop database {aside} with (force)")
            raise
        execute("alter database {database} with allow_connections false")
        try:
            cursor.execute(
                "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = %s", [server.database]
            )
            cursor.execute("begin")
            execute("alter database {database} rename to {replaced}")
            execute("alter database {aside} rename to {database}")
            cursor.execute("commit")
        except BaseException:
            cursor.execute("rollback")
            execute("alter database {database} with allow_connections true")
            raise
        execute("drop database {replaced}")


def _require_sales(restored: Server) -> None:
    """Bring what was restored to the newest version. Raises: BackupFailed when it is no sales database."""
    with restored.connected() as connection, connection.cursor() as cursor:
        cursor.execute("select to_regclass('sales.orders') is not null")
        if cursor.fetchone() != (True,):
            raise BackupFailed("restore", "this is a backup, but of no sales database")
    migrate(restored, MIGRATIONS)


def _fill(server: Server, database: str, source: IO[bytes]) -> None:
    """Restore a backup into an empty database. Raises: BackupFailed, also when the backup is not whole."""
    with _tool(server, "pg_restore", "--exit-on-error", f"--dbname={database}") as restoring:
        assert restoring.stdin
        try:
            # pg_restore that fails closes its end first; what it said is told then.
            with gzip.GzipFile(fileobj=source) as packed, suppress(BrokenPipeError):
                shutil.copyfileobj(packed, restoring.stdin, PIECE)
        except (EOFError, gzip.BadGzipFile, zlib.error):
            restoring.kill()
            raise BackupFailed("restore", "this is no backup, or not all of one") from None


@contextmanager
def _tool(server: Server, tool: str, *arguments: str) -> "Iterator[subprocess.Popen[bytes]]":
    """Run a tool of PostgreSQL's while the body feeds or drains it. Raises: BackupFailed."""
    command, environment = client(server, tool, SUPERUSER)
    with tempfile.TemporaryFile() as said:
        tool_at_work = subprocess.Popen(
            [*command, "--no-password", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if tool == "pg_dump" else subprocess.DEVNULL,
            stderr=said,
            env=environment,
        )
        with tool_at_work:
            yield tool_at_work
            assert tool_at_work.stdin
            with suppress(BrokenPipeError):
                tool_at_work.stdin.close()
        if tool_at_work.returncode:
            said.seek(0)
            raise BackupFailed(tool, said.read().decode(errors="replace"))
