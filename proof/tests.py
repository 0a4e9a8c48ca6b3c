"""Runs tests at their full size and gathers what they record."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from common.errors import JobError
from common.results import table
from proof import ROOT


class NotProven(JobError):
    """Tests failed."""

    def __init__(self, code: int) -> None:
        super().__init__(f"pytest ended with {code}; what it said is above, and the results stay as they were")


def proven(about: str, tests: Sequence[str], options: Sequence[str] = ()) -> str:
    """Run these tests with full budgets; return what they are about and the tables they recorded. Raises: NotProven."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder, "found")
        command = [sys.executable, "-m", "pytest", "-q", "--full", f"--record={found}", *options, *tests]
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        if code:
            raise NotProven(code)
        tables = "\n\n".join(recorded(found.read_text(encoding="utf-8").splitlines()))
    return f"{about} In {time.monotonic() - started:,.0f} s, all tests passed.\n\n{tables}"


def recorded(lines: Sequence[str]) -> list[str]:
    """Return the tables of the records, each a JSON object whose keys are the columns, in their order."""
    tables: dict[tuple[str, ...], list[list[str]]] = {}
    for line in lines:
        record = json.loads(line)
        tables.setdefault(tuple(record), []).append(list(record.values()))
    return [table(columns, rows) for columns, rows in tables.items()]
