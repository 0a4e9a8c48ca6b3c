"""The commands that are compared. Each runs in a new process."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SMALL = 5_000


@dataclass(frozen=True)
class Job:
    """Source and destination directory, and the number of bytes that the DuckDB engine writes for this source."""

    source: Path
    destination: Path
    output_bytes: int


@dataclass(frozen=True)
class Contender:
    """A command. `labels`: it writes section 1's two outputs. `max_rows`: the largest size that it is run on."""

    name: str
    command: Callable[[Job], list[str]]
    labels: bool = False
    max_rows: int | None = None

    def runs_on(self, rows: int) -> bool:
        return self.max_rows is None or rows <= self.max_rows


def _engine(name: str, job: Job) -> list[str]:
    config = ["--task-config", "section1_process.yaml", "--engine", name]
    paths = ["--src-path", str(job.source), "--dest-path", str(job.destination)]
    return [sys.executable, "section1_manage.py", *config, *paths]


def _script(module: str, job: Job, *arguments: str) -> list[str]:
    return [sys.executable, "-m", f"bench.section1.{module}", str(job.source), str(job.destination), *arguments]


DUCKDB = Contender("DuckDB engine", lambda job: _engine("duckdb", job), labels=True)
SPARK = Contender("Spark engine", lambda job: _engine("spark", job), labels=True)
POLARS = Contender("Polars", lambda job: _script("polars_job", job), labels=True)
PANDAS = Contender("pandas", lambda job: _script("pandas_job", job), labels=True)
DUCKDB_COPY = Contender("DuckDB copy", lambda job: _script("duckdb_copy", job))
SPARK_COPY = Contender("Spark copy", lambda job: _script("spark_copy", job))
IO_BASELINE = Contender("I/O baseline", lambda job: _script("io_baseline", job, str(job.output_bytes)))
IMPORTS = Contender(
    "import baseline", lambda _: [sys.executable, "-c", "import duckdb, pydantic, yaml, sqlglot"], max_rows=SMALL
)
PLAIN_PYSPARK = Contender("plain PySpark", lambda job: _script("plain_pyspark", job), labels=True, max_rows=SMALL)

CONTENDERS = (DUCKDB, SPARK, POLARS, PANDAS, DUCKDB_COPY, SPARK_COPY, IO_BASELINE, IMPORTS, PLAIN_PYSPARK)
OWN_COPY = {DUCKDB: DUCKDB_COPY, SPARK: SPARK_COPY}
