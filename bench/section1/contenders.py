"""Who runs against whom: each contender is a command, a process of its own from start to end."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SMALL = 5_000


@dataclass(frozen=True)
class Job:
    """What to read, the folder to make, and how many bytes DuckDB writes of this source."""

    source: Path
    destination: Path
    output_bytes: int


@dataclass(frozen=True)
class Contender:
    """A command; `labels` tells that it writes section 1's two outputs, `most_rows` what it is run on."""

    name: str
    command: Callable[[Job], list[str]]
    labels: bool = False
    most_rows: int | None = None

    def runs_on(self, rows: int) -> bool:
        """Whether it is run on so many rows."""
        return self.most_rows is None or rows <= self.most_rows


def _engine(name: str, job: Job) -> list[str]:
    config = ["--task-config", "section1_process.yaml", "--engine", name]
    folders = ["--src-path", str(job.source), "--dest-path", str(job.destination)]
    return [sys.executable, "section1_manage.py", *config, *folders]


def _script(module: str, job: Job, *arguments: str) -> list[str]:
    return [sys.executable, "-m", f"bench.section1.{module}", str(job.source), str(job.destination), *arguments]


DUCKDB = Contender("DuckDB engine", lambda job: _engine("duckdb", job), labels=True)
SPARK = Contender("Spark engine", lambda job: _engine("spark", job), labels=True)
POLARS = Contender("Polars", lambda job: _script("polars_version", job), labels=True)
PANDAS = Contender("pandas", lambda job: _script("pandas_version", job), labels=True)
DUCKDB_COPY = Contender("DuckDB's bare copy", lambda job: _script("duckdb_copy", job))
SPARK_COPY = Contender("Spark's bare copy", lambda job: _script("spark_copy", job))
FLOOR = Contender("floor", lambda job: _script("floor", job, str(job.output_bytes)))
IMPORTS = Contender(
    "import floor", lambda _: [sys.executable, "-c", "import duckdb, pydantic, yaml, sqlglot"], most_rows=SMALL
)
STOCK = Contender("Spark, stock launch", lambda job: _script("spark_stock", job), labels=True, most_rows=SMALL)

CONTENDERS = (DUCKDB, SPARK, POLARS, PANDAS, DUCKDB_COPY, SPARK_COPY, FLOOR, IMPORTS, STOCK)
OWN_COPY = {DUCKDB: DUCKDB_COPY, SPARK: SPARK_COPY}


def lacking(contender: Contender) -> str:
    """Say what this machine lacks to run the contender; empty when nothing."""
    return "no Java on this machine" if contender is STOCK and not has_stock_java() else ""


def has_stock_java() -> bool:
    """Whether the Java that PySpark's launcher would take is there, with the module that the launcher asks for."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which(Path(home, "bin", "java") if home else "java")
    if java is None:
        return False
    modules = subprocess.run([java, "--list-modules"], capture_output=True, text=True).stdout
    return "jdk.incubator.vector" in modules
