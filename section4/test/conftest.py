"""For each test a database of the newest version, and a web server."""

from collections.abc import Iterator
from itertools import count

import pytest

from common.database import add_database
from common.postgresql import Server
from common.test.databases import cluster, run_sql
from common.test.web_server import Site, site
from section4.main import create

__all__ = ["cluster"]

NUMBERS = count()


@pytest.fixture(scope="session")
def template(cluster: Server) -> str:
    """The name of a database of the newest version, without a row."""
    add_database(cluster, "covid_template")
    create(cluster.model_copy(update={"database": "covid_template"}))
    return "covid_template"


@pytest.fixture
def covid(cluster: Server, template: str) -> Iterator[Server]:
    """A database of the newest version."""
    name = f"covid_{next(NUMBERS)}"
    run_sql(cluster, f"create database {name} template {template}", autocommit=True)
    server = cluster.model_copy(update={"database": name})
    create(server)  # what belongs to a database as a whole is not copied
    yield server
    run_sql(cluster, f"drop database {name} with (force)", autocommit=True)


@pytest.fixture
def there() -> Iterator[Site]:
    """A web server."""
    with site() as told:
        yield told
