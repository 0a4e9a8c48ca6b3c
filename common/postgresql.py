"""Connections to a PostgreSQL server. Error messages quote no row."""

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
ROWS_PER_COPY = 10_000
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


class ServerUnreachable(JobError):
    """The server does not respond, or it rejects the role."""

    def __init__(self, server: "Server", role: str, error: psycopg2.Error) -> None:
        detail = _first_line(error).rstrip(".?")
        super().__init__(
            f"cannot connect to PostgreSQL at {server.host}:{server.port} as {role}: {detail}. "
            "Check that the server is running, that the database exists and that the password is correct."
        )


class StatementFailed(JobError):
    """The server rejected a statement, or the connection was lost. Uncommitted changes were rolled back."""

    def __init__(self, error: psycopg2.Error) -> None:
        self.sqlstate = error.pgcode or ""
        if self.sqlstate.startswith("22"):  # data exceptions quote the value, which may be personal
            detail = f"a value is not valid ({type(error).__name__})"
        else:
            detail = error.diag.message_primary or _first_line(error)
        super().__init__(f"PostgreSQL: {detail}. Uncommitted changes were rolled back.")


def _first_line(error: psycopg2.Error) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__


class Server(Frozen):
    """The address of a server, its database and the passwords of its roles."""

    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65_535)] = 5432
    database: Annotated[str, Field(min_length=1)]
    passwords: Annotated[Mapping[str, SecretStr], Field(repr=False)] = {}

    @contextmanager
    def connected(self, role: str = SUPERUSER) -> Iterator[Connection]:
        """Connect as `role`; the body must commit. Raises: ServerUnreachable, StatementFailed."""
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
class Result:
    """The column names and rows of a query."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    @staticmethod
    def of(cursor: Cursor) -> "Result":
        """Fetch the result of the last statement."""
        return Result(tuple(column.name for column in cursor.description or ()), cursor.fetchall())


def server_from_environment(section: str, roles: tuple[str, ...], host: str | None = None) -> Server | None:
    """Return the server at `host` or SECTION_HOST, None without one. Raises: UsageError."""
    prefix = section.upper()
    host = host or _variable(f"{prefix}_HOST")
    if not host:
        return None
    port = _variable(f"{prefix}_PORT") or "5432"
    if not re.fullmatch("[1-9][0-9]{0,4}", port) or int(port) > 65_535:
        raise UsageError(f"{prefix}_PORT: expected a port such as 5432, got {port!r}.")
    passwords = {role: _variable(f"{prefix}_{role.upper()}_PASSWORD") for role in (SUPERUSER, *roles)}
    return Server(
        host=host,
        port=int(port),
        database=_variable(f"{prefix}_DATABASE") or "my_database",
        passwords={role: SecretStr(password) for role, password in passwords.items() if password},
    )


def _variable(name: str) -> str:
    """Return an environment variable, empty when unset. Raises: UsageError."""
    value = os.environ.get(name, "")
    if not value.isprintable():
        raise UsageError(f"{name}: contains a character that cannot be printed. Remove it.")
    return value


def copy_rows(cursor: Cursor, table: str, rows: Iterable[Sequence[object]]) -> int:
    """COPY rows into `table` in chunks and return their number. None is written as null."""
    statement, total = sql.SQL("copy {} from stdin").format(sql.Identifier(*table.split("."))), 0
    remaining = iter(rows)
    while chunk := list(islice(remaining, ROWS_PER_COPY)):
        lines = "".join("\t".join(map(_copy_value, row)) + "\n" for row in chunk)
        cursor.copy_expert(statement, io.StringIO(lines))
        total += len(chunk)
    return total


def _copy_value(value: object) -> str:
    """Format a value for COPY's text format."""
    return r"\N" if value is None else str(value).translate(_ESCAPES)
