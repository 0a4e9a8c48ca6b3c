"""One PostgreSQL server per test process, and databases on it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from common.database import create_database
from common.embedded_postgresql import serving
from common.postgresql import Server

NUMBERS = count()


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Yield an empty server. It does not wait for the disk: no test cuts its power."""
    data: Path = tmp_path_factory.mktemp("cluster") / "data"
    with serving(data, {"fsync": "off", "synchronous_commit": "off", "max_connections": "60"}) as sockets:
        yield Server(host=str(sockets), database="postgres")


def template_of(cluster: Server, stem: str, create: Callable[[Server], object]) -> str:
    """Create an empty database with all migrations as a template, and return its name."""
    name = f"{stem}_template"
    create_database(cluster, name)
    create(cluster.model_copy(update={"database": name}))
    return name


@contextmanager
def copy_of(template: str, cluster: Server, create: Callable[[Server], object]) -> Iterator[Server]:
    """Yield a copy of the template, which is dropped afterwards."""
    name = f"{template.removesuffix('_template')}_{next(NUMBERS)}"
    run_sql(cluster, f"create database {name} template {template}", autocommit=True)
    server = cluster.model_copy(update={"database": name})
    create(server)  # settings of the database itself are not copied
    yield server
    run_sql(cluster, f"drop database {name} with (force)", autocommit=True)


def run_sql(server: Server, statement: str, *values: object, role: str = "postgres", autocommit: bool = False) -> Any:
    """Run a statement as `role` in one transaction, and return its rows."""
    with server.connected(role) as connection, connection.cursor() as cursor:
        connection.autocommit = autocommit
        cursor.execute(statement, values or None)
        rows = cursor.fetchall() if cursor.description else None
        connection.commit()
        return rows
