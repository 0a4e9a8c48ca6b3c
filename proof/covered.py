"""Measures which lines and branches of the modules that publish, load and decide their own quick tests go through."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.errors import JobError
from common.results import table
from proof import ROOT
from proof.modules import TESTS
from proof.tests import NotProven

ABOUT = (
    "Each module's statements and branches that its own tests go through, in their process and in those that they "
    "start (the SQL has none to count)."
)


class NotCovered(JobError):
    """No test goes there."""

    def __init__(self, gaps: Sequence[str]) -> None:
        super().__init__("; ".join(gaps))


@dataclass(frozen=True)
class Covered:
    """How many statements and branches a module has, and what no test goes through."""

    module: str
    statements: int
    branches: int
    percent: float
    missing: str

    @property
    def row(self) -> list[str]:
        """The figures as text."""
        return [f"`{self.module}`", f"{self.statements:,}", f"{self.branches:,}", f"{self.percent:.4g} %"]


def prove() -> str:
    """Measure all modules; return a report in Markdown. Raises: NotProven, NotCovered."""
    found = [measured(module, tests) for module, tests in TESTS.items() if module.endswith(".py")]
    if gaps := [f"{one.module}: no test goes through {one.missing}" for one in found if one.missing]:
        raise NotCovered(gaps)
    return f"{ABOUT}\n\n{table(['module', 'statements', 'branches', 'covered'], [one.row for one in found])}"


def measured(module: str, tests: Sequence[str], root: Path = ROOT) -> Covered:
    """Run a module's tests and return what they go through. Raises: NotProven."""
    with tempfile.TemporaryDirectory() as folder:
        settings, report = Path(folder, "settings"), Path(folder, "report")
        settings.write_text(
            f"[run]\nbranch = true\nparallel = true\npatch = subprocess, _exit\ndata_file = {folder}/data\n"
            f"include = {root / module}\n"
        )

        def coverage(*arguments: str) -> int:
            command = [sys.executable, "-m", "coverage", arguments[0], f"--rcfile={settings}", *arguments[1:]]
            return subprocess.run(command, cwd=root, check=False).returncode

        code = coverage("run", "-m", "pytest", "-q", *tests)
        code = code or coverage("combine", "--quiet") or coverage("json", "--quiet", "-o", str(report))
        if code:
            raise NotProven(code)
        return of_report(module, json.loads(report.read_text()))


def of_report(module: str, report: dict[str, dict[str, dict[str, Any]]]) -> Covered:
    """Return what coverage's report says of a module."""
    said = report["files"][module]
    summary = said["summary"]
    branches = [f"{start} to {end}" for start, end in said["missing_branches"]]
    missing = ", ".join([*map(str, said["missing_lines"]), *branches])
    return Covered(module, summary["num_statements"], summary["num_branches"], summary["percent_covered"], missing)
