"""A PostgreSQL server for the whole test run, and a new sales database for each test."""

from collections.abc import Iterator

import pytest

from common.database import set_role_passwords
from common.postgresql import Server
from common.test.databases import cluster, copy_of, template_of
from section2.config import SQL
from section2.main import create
from section2.test.support import Shop

__all__ = ["cluster"]


def grant(server: Server) -> None:
    """Apply the settings of the database as a whole, which a copy of the template does not have."""
    set_role_passwords(server, (SQL / "section2_database.sql").read_text(), ())


@pytest.fixture(scope="session")
def template(cluster: Server) -> str:
    """Name of a database with the latest schema and no rows."""
    return template_of(cluster, "sales", create)


@pytest.fixture
def sales(cluster: Server, template: str) -> Iterator[Server]:
    """A database with the latest schema."""
    with copy_of(template, cluster, grant) as server:
        yield server


@pytest.fixture
def shop(sales: Server) -> Iterator[Shop]:
    """The database with the rights of the batch jobs."""
    with sales.connected("loader") as connection:
        connection.autocommit = True
        yield Shop(connection)


@pytest.fixture
def admin(sales: Server) -> Iterator[Shop]:
    """The database with the rights of the superuser."""
    with sales.connected() as connection:
        connection.autocommit = True
        yield Shop(connection)
