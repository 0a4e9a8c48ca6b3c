"""For each test a database of the newest version, and a web server."""

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
    """The name of a database of the newest version, without a row."""
    return template_of(cluster, "covid", create)


@pytest.fixture
def covid(cluster: Server, template: str) -> Iterator[Server]:
    """A database of the newest version."""
    with copy_of(template, cluster, create) as server:
        yield server


@pytest.fixture
def site() -> Iterator[Site]:
    """A web server."""
    with serve() as served:
        yield served
