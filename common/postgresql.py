"""Connections to a PostgreSQL server, and what went wrong with one in a line that quotes no row."""

import io
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any, TypeAlias

import psycopg2
from psycopg2 import extensions, sql
from pydantic import Field, SecretStr

from common.config import Frozen
from common.errors import JobError, UsageError

Connection: TypeAlias = extensions.connection
Cursor: TypeAlias = extensions.cursor

SUPERUSER = "postgres"
ROWS_A_COPY = 10_000
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


class ServerUnreachable(JobError):
    """No server answers there, or it does not let this role in."""

    def __init__(self, server: "Server", role: str, error: psycopg2.Error) -> None:
        said = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        where = f"PostgreSQL at {server.host}:{server.port}"
        super().__init__(f"{where} does not let {role} in ({said}); is it started, and the database created?")


class StatementFailed(JobError):
    """The server refused a statement or was lost; what was not committed is undone."""

    def __init__(self, error: psycopg2.Error) -> None:
        self.sqlstate = error.pgcode or ""
        if self.sqlstate.startswith("22"):  # data exceptions quote the value, which may be personal
            said = f"a value does not fit ({type(error).__name__})"
        else:
            said = error.diag.message_primary or str(error).strip().split("\n", 1)[0] or type(error).__name__
        super().__init__(f"PostgreSQL: {said}; what was not committed is undone")


class Server(Frozen):
    """Where a server listens, its database, and the passwords of roles that need one."""

    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65_535)] = 5432
    database: Annotated[str, Field(min_length=1)]
    passwords: Annotated[Mapping[str, SecretStr], Field(repr=False)] = {}

    @contextmanager
    def connected(self, role: str = SUPERUSER) -> Iterator[Connection]:
        """Be connected as `role` while the body runs, which commits. Raises: ServerUnreachable, StatementFailed."""
        password = self.passwords.get(role)
        try:
            connection = psycopg2.connect(
                host=self.host,
                port=self.port,
                dbname=self.database,
                user=role,
                password=password.get_secret_value() if password else None,
                connect_timeout=10,
            )
        except psycopg2.OperationalError as error:
            raise ServerUnreachable(self, role, error) from None
        try:
            yield connection
        except psycopg2.Error as error:
            raise StatementFailed(error) from error
        finally:
            connection.close()


@dataclass(frozen=True)
class Answer:
    """The rows of an answer, under their columns."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    @staticmethod
    def of(cursor: Cursor) -> "Answer":
        """Return what the last statement answers."""
        return Answer(tuple(column.name for column in cursor.description or ()), cursor.fetchall())


def server_of_environment(section: str, roles: tuple[str, ...], host: str | None = None) -> Server | None:
    """Return the server that `host` or SECTION_HOST names, with each SECTION_ROLE_PASSWORD. Raises: UsageError."""
    prefix = section.upper()
    host = host or _variable(f"{prefix}_HOST")
    if not host:
        return None
    port = _variable(f"{prefix}_PORT") or "5432"
    if not re.fullmatch("[1-9][0-9]{0,4}", port) or int(port) > 65_535:
        raise UsageError(f"{prefix}_PORT: {port!r} is no port; give a number such as 5432")
    named = {role: _variable(f"{prefix}_{role.upper()}_PASSWORD") for role in (SUPERUSER, *roles)}
    return Server(
        host=host,
        port=int(port),
        database=_variable(f"{prefix}_DATABASE") or "my_database",
        passwords={role: SecretStr(password) for role, password in named.items() if password},
    )


def _variable(name: str) -> str:
    """Return what the environment says, which must be text, or nothing. Raises: UsageError."""
    value = os.environ.get(name, "")
    if not value.isprintable():
        raise UsageError(f"{name}: has a letter that cannot be printed; use others")
    return value


def copy_rows(cursor: Cursor, table: str, rows: Iterable[Sequence[object]]) -> int:
    """COPY rows into `table`, a piece at a time; None is null. Returns how many there were."""
    statement, total = sql.SQL("copy {} from stdin").format(sql.Identifier(*table.split("."))), 0
    remaining = iter(rows)
    while piece := list(islice(remaining, ROWS_A_COPY)):
        lines = "".join("\t".join(map(_copied, row)) + "\n" for row in piece)
        cursor.copy_expert(statement, io.StringIO(lines))
        total += len(piece)
    return total


def _copied(value: object) -> str:
    """Write a value as COPY's text format wants it."""
    return r"\N" if value is None else str(value).translate(_ESCAPES)
