"""Section 1's command in a separate process."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from common.paths import ROOT
from section1.test.support import BATCH

PROGRAM = "section1_manage.py"  # begins every error message
COMMAND = [sys.executable, str(ROOT / "section1_manage.py")]
CONFIG = ("--task-config", "section1_process.yaml")
PATHS = ("--src-path", "src", "--dest-path", "dest")
HEAVY = {"pydantic", "duckdb", "pyspark", "pyarrow", "sqlglot", "yaml", "rich", "section1.main"}
QUICK_JAVA = "-XX:TieredStopAtLevel=1 -XX:-UsePerfData"  # Java compiles less when it will not run for long
SECONDS = 180  # after which a command is killed and its test fails
NO_VARIABLES: Mapping[str, str] = MappingProxyType({})


class Ran(NamedTuple):
    """Exit code and output of a command."""

    code: int
    out: str
    err: str


def run(
    command: Sequence[str], directory: Path, environment: Mapping[str, str] = NO_VARIABLES, stdout: int | None = None
) -> Ran:
    """Run a command in the directory, without the progress lines that only a slow machine prints."""
    ran = subprocess.run(
        command,
        cwd=directory,
        env={**os.environ, "COLUMNS": "300", "PROGRAM": PROGRAM, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if stdout is None else stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=SECONDS,
    )
    return Ran(ran.returncode, ran.stdout or "", without_progress(ran.stderr))


def without_progress(text: str) -> str:
    """Drop the line that a slow machine prints every ten seconds."""
    return re.sub(r"^\w.* \.\.\. \d+ s\n", "", text, flags=re.MULTILINE)


def run_cli(directory: Path, *arguments: str) -> Ran:
    """Run section1_manage.py in the directory with exactly these arguments."""
    return run([*COMMAND, *arguments], directory)


def run_job(directory: Path, *arguments: str, batch: str = BATCH, engine: str = "duckdb") -> Ran:
    """Publish directory/src to directory/dest; later arguments win over these."""
    return run_cli(directory, *CONFIG, "--engine", engine, "--batch", batch, *PATHS, *arguments)


def imported_by(*command: str, directory: Path = ROOT) -> set[str]:
    """Return the modules that a Python command imports."""
    lines = run([sys.executable, "-X", "importtime", *command], directory).err.splitlines()
    return {line.split("|")[-1].strip() for line in lines if line.startswith("import time:")}


def error(problem: str) -> str:
    """Return the one line that the command prints when it fails."""
    return f"{PROGRAM}: {problem}\n"


def cells_of(table: str) -> list[list[str]]:
    """Return the lines of printed tables, cut into cells."""
    return [re.split(r" {2,}", line.strip()) for line in table.splitlines()]


def figures_of(table: str) -> dict[str, str]:
    """Return the closing table's values by their names."""
    return {cells[0]: cells[1] for cells in cells_of(table) if len(cells) == 2}


def unprivileged() -> list[str]:
    """Return the start of a command that obeys file modes even when the tests run as root."""
    drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--"]
    return drop if os.geteuid() == 0 else []
