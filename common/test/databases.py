"""A PostgreSQL server for the tests of a process."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common.embedded_postgresql import serving
from common.postgresql import Server


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An empty server; it is never lost by a power failure, so it need not wait for the disk."""
    named: Path | None = request.config.getoption("--server")
    if named:
        yield emptied(Server(host=str(named), database="postgres"))
        return
    data: Path = tmp_path_factory.mktemp("cluster") / "data"
    with serving(data, {"fsync": "off", "synchronous_commit": "off", "max_connections": "60"}) as sockets:
        yield Server(host=str(sockets), database="postgres")


def emptied(server: Server) -> Server:
    """Return the server without what earlier tests left on it; the templates of databases stay."""
    left = run_sql(
        server, "select datname from pg_database where datname not like '%%template%%' and datname <> %s", "postgres"
    )
    for (name,) in left:
        run_sql(server, f"drop database {name} with (force)", autocommit=True)
    return server


def run_sql(server: Server, statement: str, *values: object, role: str = "postgres", autocommit: bool = False) -> Any:
    """Run a statement as `role`, in its own transaction; gives its rows."""
    with server.connected(role) as connection, connection.cursor() as cursor:
        connection.autocommit = autocommit
        cursor.execute(statement, values or None)
        rows = cursor.fetchall() if cursor.description else None
        connection.commit()
        return rows
