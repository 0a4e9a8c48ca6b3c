"""A PostgreSQL server for the tests of a process, and for each test a database of the newest version."""

from collections.abc import Iterator

import pytest

from common.postgresql import Server
from common.test.databases import cluster, copy_of, template_of
from section2.main import create
from section2.test.support import Shop

__all__ = ["cluster"]


@pytest.fixture(scope="session")
def template(cluster: Server) -> str:
    """The name of a database of the newest version, without a row."""
    return template_of(cluster, "sales", create)


@pytest.fixture
def sales(cluster: Server, template: str) -> Iterator[Server]:
    """A database of the newest version."""
    with copy_of(template, cluster, create) as server:
        yield server


@pytest.fixture
def shop(sales: Server) -> Iterator[Shop]:
    """The database as the batch jobs may use it."""
    with sales.connected("loader") as connection:
        connection.autocommit = True
        yield Shop(connection)
