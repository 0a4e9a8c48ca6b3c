"""What a machine lacks skips the tests that need it, in plain sight; REQUIRE="strace" makes such a skip a failure."""

import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable

import pytest

from common.test.browser import browser


def docker() -> bool:
    """Return whether a Docker engine answers."""
    return (
        shutil.which("docker") is not None and subprocess.run(["docker", "info"], capture_output=True).returncode == 0
    )


HAVE: dict[str, Callable[[], bool]] = {
    "chromium": lambda: browser() is not None,
    "docker": docker,
    "graphviz": lambda: shutil.which("dot") is not None,
    "strace": lambda: shutil.which("strace") is not None,
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the size of the one test that can be made arbitrarily long."""
    parser.addoption("--nasty-files", type=int, default=400, help="generated nasty files to compare both engines on")


def pytest_configure(config: pytest.Config) -> None:
    """Name the marker that --strict-markers asks for."""
    config.addinivalue_line("markers", f"needs(thing): skip where the machine lacks it ({', '.join(HAVE)})")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip each test whose thing is lacking, unless it is required."""
    required = os.environ.get("REQUIRE", "").split()
    have = {thing: check() for thing, check in HAVE.items()}
    for item in items:
        for marker in item.iter_markers("needs"):
            thing = marker.args[0]
            if not have[thing] and thing not in required:
                item.add_marker(pytest.mark.skip(reason=f"no {thing} here"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line a thing how many tests it left out."""
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in terminalreporter.getreports("skipped"))
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"not tested: {count} tests, {reason}")
