"""Fixtures that several test modules use."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from section1.config import ProcessConfig
from section1.test.faults import Driver
from section1.test.scenarios import Prepared, prepare
from section1.test.support import GOOD, config_for, write_files


@pytest.fixture(scope="session")
def driver() -> Iterator[Driver]:
    with Driver() as driver:
        yield driver


@pytest.fixture(scope="session")
def replaced(driver: Driver, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A committed batch and the request that replaces it."""
    return prepare("replaced", driver, tmp_path_factory.mktemp("replaced"))


@pytest.fixture
def config(tmp_path: Path) -> ProcessConfig:
    """A source of one successful row and no destination."""
    config = config_for(tmp_path)
    write_files(config.source, {"a.csv": GOOD})
    return config
