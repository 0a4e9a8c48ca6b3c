"""Test tiers, required tools, and the large budgets of `./test_runner.sh --full NAME`."""

import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from common.results import table
from common.test.browser import browser

CASES = 100_000  # of each property test with --full
settings.register_profile("small", derandomize=True, database=None, deadline=None)
settings.register_profile("full", max_examples=CASES, database=None, deadline=None)
FULL = ("cluster", "faults", "fuzzing", "kills", "power-loss", "rules", "soak")


def docker() -> bool:
    """Return whether a Docker engine answers."""
    return (
        shutil.which("docker") is not None and subprocess.run(["docker", "info"], capture_output=True).returncode == 0
    )


TOOLS: dict[str, Callable[[], bool]] = {
    "chromium": lambda: browser() is not None,
    "docker": docker,
    "openssl": lambda: shutil.which("openssl") is not None,
    "strace": lambda: shutil.which("strace") is not None,
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --full NAME."""
    parser.addoption("--full", choices=FULL, help="run only the tests of this name, with their large budgets")


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers and choose how many cases a property test gets."""
    settings.load_profile("full" if config.getoption("--full") else "small")
    for line in (
        "integration: needs a server, Spark, a browser or long subprocesses; not in --quick",
        "slow: runs in --all only",
        "docker: needs a Docker engine; set automatically; runs in --all only",
        f"needs(tool): skipped where the tool is missing ({', '.join(TOOLS)}), unless REQUIRE names it",
        "full(name): runs with `--full NAME`, where `budget` returns its large value",
    ):
        config.addinivalue_line("markers", line)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip tests whose tool is missing; with --full keep only the tests of that name."""
    for item in items:
        if {"fault", "record"} <= set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.full("faults"))
    name = config.getoption("--full")
    if name:
        chosen = [item for item in items if name in [marker.args[0] for marker in item.iter_markers("full")]]
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen
    required = os.environ.get("REQUIRE", "").split()
    needed = {marker.args[0] for item in items for marker in item.iter_markers("needs")}
    missing = {tool for tool in needed if tool not in required and not TOOLS[tool]()}
    for item in items:
        tools = [marker.args[0] for marker in item.iter_markers("needs")]
        if "docker" in tools:
            item.add_marker("docker")
        for tool in missing.intersection(tools):
            item.add_marker(pytest.mark.skip(reason=f"{tool} is missing"))


@pytest.fixture(scope="session")
def budget(request: pytest.FixtureRequest) -> Callable[[int, int], int]:
    """Return a function that chooses its first value, or its second one with --full."""
    return lambda small, full: full if request.config.getoption("--full") else small


@pytest.fixture
def record(record_property: Callable[[str, object], None]) -> Callable[[dict[str, str]], None]:
    """Return a function that adds a row to the tables printed at the end; rows with equal keys share a table."""
    return lambda row: record_property("row", row)


@pytest.fixture
def fault(record: Callable[[dict[str, str]], None]) -> Callable[[str, str, str, str], None]:
    """Return a function that records an injected fault: fault, component, message that the user sees, recovery."""
    return lambda fault, component, message, recovery: record(
        {"fault": fault, "component": component, "message": message, "lost": "nothing", "recovery": recovery}
    )


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the directory with real files that REAL_DATA names; skip where it is not set."""
    directory = os.environ.get("REAL_DATA")
    if not directory:
        pytest.skip("REAL_DATA is not set")
    return Path(directory)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the recorded rows of --full as Markdown tables, and how many tests each missing tool skipped."""
    if terminalreporter.config.getoption("--full"):
        tables: dict[tuple[str, ...], list[list[str]]] = {}
        for report in terminalreporter.getreports("passed"):
            for key, row in report.user_properties:
                if key == "row":
                    tables.setdefault(tuple(row), []).append(list(row.values()))
        for columns, rows in tables.items():
            terminalreporter.write_line(f"\n{table(columns, rows)}")
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in terminalreporter.getreports("skipped"))
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"skipped: {count} tests, {reason}")
