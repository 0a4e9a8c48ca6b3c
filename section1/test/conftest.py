"""Fixtures for tests of runs that fail."""

from collections.abc import Iterator

import pytest

from section1.test.faults import Driver
from section1.test.scenarios import Prepared, prepare


@pytest.fixture(scope="session")
def driver() -> Iterator[Driver]:
    with Driver() as driver:
        yield driver


@pytest.fixture(scope="session")
def replaced(driver: Driver, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A committed batch and the request that replaces it."""
    return prepare("replaced", driver, tmp_path_factory.mktemp("replaced"))
