"""What a machine lacks skips the tests that need it, in plain sight; REQUIRE="strace" makes such a skip a failure.

Tests that can be made arbitrarily long ask for their `budget`, and what they find out they `record`.
"""

import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from common.test.browser import browser


def docker() -> bool:
    """Return whether a Docker engine answers."""
    return (
        shutil.which("docker") is not None and subprocess.run(["docker", "info"], capture_output=True).returncode == 0
    )


CASES = 100_000  # of a parser's property at full size
settings.register_profile("small", derandomize=True, database=None, deadline=None)
settings.register_profile("full", max_examples=CASES, database=None, deadline=None)
HAVE: dict[str, Callable[[], bool]] = {
    "chromium": lambda: browser() is not None,
    "docker": docker,
    "graphviz": lambda: shutil.which("dot") is not None,
    "openssl": lambda: shutil.which("openssl") is not None,
    "shared_data": (Path(__file__).parent.parent / "shared" / "data").is_dir,  # real files beside the project
    "strace": lambda: shutil.which("strace") is not None,
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the size of the tests that can be made arbitrarily long, and where they write what they found."""
    parser.addoption("--full", action="store_true", help="the budgets of `python -m proof` instead of small ones")
    parser.addoption(
        "--server", type=Path, metavar="SOCKETS", help="of a PostgreSQL server to use, instead of a new one"
    )
    parser.addoption("--record", type=Path, metavar="FILE", help="append what tests found, a JSON object a line")


@pytest.fixture(scope="session")
def budget(request: pytest.FixtureRequest) -> Callable[[int, int], int]:
    """Return the small number, or the full one."""
    return lambda small, full: full if request.config.getoption("--full") else small


@pytest.fixture(scope="session")
def record(request: pytest.FixtureRequest) -> Callable[[dict[str, str]], None]:
    """Take down a row of a table; rows with the same columns are of the same table."""
    path: Path | None = request.config.getoption("--record")

    def take_down(row: dict[str, str]) -> None:
        if path is not None:
            with path.open("a", encoding="utf-8") as file:
                file.write(f"{json.dumps(row)}\n")

    return take_down


@pytest.fixture(scope="session")
def fault(record: Callable[[dict[str, str]], None]) -> Callable[[str, str, str, str], None]:
    """Take down a fault that lost nothing: what befell whom, what the user saw, what healed it."""

    def take_down(what: str, whom: str, seen: str, heals: str) -> None:
        record({"fault": what, "of": whom, "what the user sees": seen, "lost": "nothing", "what heals it": heals})

    return take_down


def pytest_configure(config: pytest.Config) -> None:
    """Choose how many cases a property gets, and name the marker that --strict-markers asks for."""
    settings.load_profile("full" if config.getoption("--full") else "small")
    config.addinivalue_line("markers", f"needs(thing): skip where the machine lacks it ({', '.join(HAVE)})")
    config.addinivalue_line("markers", "fault: takes down a row of the table of faults; set by itself")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip each test whose thing is lacking, unless it is required."""
    required = os.environ.get("REQUIRE", "").split()
    have = {thing: check() for thing, check in HAVE.items()}
    for item in items:
        for marker in item.iter_markers("needs"):
            thing = marker.args[0]
            if not have[thing] and thing not in required:
                item.add_marker(pytest.mark.skip(reason=f"no {thing} here"))
        if "fault" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.fault)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line a thing how many tests it left out."""
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in terminalreporter.getreports("skipped"))
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"not tested: {count} tests, {reason}")
