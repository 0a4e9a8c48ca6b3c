"""A PostgreSQL server for the tests of a process, and for each test a database of the newest version."""

from collections.abc import Iterator
from itertools import count

import pytest

from common.database import add_database
from common.postgresql import Server
from common.test.databases import cluster, run_sql
from section2.main import create
from section2.test.support import Shop

__all__ = ["cluster"]

NUMBERS = count()


@pytest.fixture(scope="session")
def template(cluster: Server) -> str:
    """The name of a database of the newest version, without a row."""
    add_database(cluster, "sales_template")
    create(cluster.model_copy(update={"database": "sales_template"}))
    return "sales_template"


@pytest.fixture
def sales(cluster: Server, template: str) -> Iterator[Server]:
    """A database of the newest version."""
    name = f"sales_{next(NUMBERS)}"
    run_sql(cluster, f"create database {name} template {template}", autocommit=True)
    server = cluster.model_copy(update={"database": name})
    create(server)  # what belongs to a database as a whole is not copied
    yield server
    run_sql(cluster, f"drop database {name} with (force)", autocommit=True)


@pytest.fixture
def shop(sales: Server) -> Iterator[Shop]:
    """The database as the batch jobs may use it."""
    with sales.connected("loader") as connection:
        connection.autocommit = True
        yield Shop(connection)
