"""Fixtures of section 4: a database with the newest schema for each test, and a web server."""

from collections.abc import Iterator

import pytest

from common.postgresql import Server
from common.test.databases import cluster, copy_of, template_of
from common.test.web_server import Site
from common.test.web_server import site as serve
from section4.main import create

__all__ = ["cluster"]


@pytest.fixture(scope="session")
def template(cluster: Server) -> str:
    """Return the name of a template database with the newest schema and no rows."""
    return template_of(cluster, "covid", create)


@pytest.fixture
def covid(cluster: Server, template: str) -> Iterator[Server]:
    """Yield an empty database with the newest schema."""
    with copy_of(template, cluster, create) as server:
        yield server


@pytest.fixture
def site() -> Iterator[Site]:
    """Yield a web server on loopback."""
    with serve() as served:
        yield served
