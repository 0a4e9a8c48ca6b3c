"""Runs the contenders against each other on one size."""

import csv
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.measure import Measurement, Summary, interleaved, measure
from bench.section1.contenders import CONTENDERS, DUCKDB, Contender, Job
from bench.section1.source import source_of
from common.errors import JobError
from common.paths import ROOT
from section1.core.columns import OUTPUTS

SCRATCH = ROOT / ".local" / "bench" / "section1"
MAX_ROWS_TO_COMPARE = 100_000

# The summary of each contender's runs, or the reason why there is none.
Size = dict[Contender, Summary | str]
Row = tuple[str, ...]


class ReferenceFailed(JobError):
    """The DuckDB engine, to which all contenders are compared, failed."""

    def __init__(self, failure: str) -> None:
        super().__init__(f"{DUCKDB.name}: {failure}. No contender was timed.")


def run_size(rows: int, rounds: int) -> Size:
    """Run every contender once per round on this number of rows. Raises: ReferenceFailed."""
    source = source_of(SCRATCH, rows)
    contenders = [contender for contender in CONTENDERS if contender.runs_on(rows)]
    output_bytes = _warm_up(contenders, source, rows)

    def run(contender: Contender, number: int) -> Measurement:
        with _job(source, output_bytes) as job:
            result = measure(contender.command(job), ROOT)
        figures = f"{result.wall:.2f} s, {result.cpu:.2f} s of CPU, {result.peak_bytes / 1e6:.0f} MB"
        _log(f"{rows:,} rows, round {number} of {rounds}: {contender.name}: {_failure(result) or figures}")
        return result

    runs = interleaved(contenders, rounds, run)
    return {contender: _summary(its_runs) for contender, its_runs in runs.items()}


def _summary(runs: list[Measurement]) -> Summary | str:
    return next((f"failed: {run.failure}" for run in runs if run.failure), None) or Summary.of(runs)


def _failure(run: Measurement) -> str:
    return f"{run.failure} ({run.last_line})" if run.failure else ""


def _log(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _warm_up(contenders: list[Contender], source: Path, rows: int) -> int:
    """Run once without timing, so that files are cached, and return the bytes that the DuckDB engine writes.

    Also log which contenders label rows differently. Their rules are approximations, so this is not an error.
    """
    _log(f"{rows:,} rows: a first run without timing")
    with _job(source) as job:
        reference = measure(DUCKDB.command(job), ROOT)
        if reference.failure:
            raise ReferenceFailed(_failure(reference))
        if rows <= MAX_ROWS_TO_COMPARE:
            expected = rows_of(job.destination)
            for contender in contenders:
                if contender.labels and contender is not DUCKDB:
                    _log_differences(contender, source, expected)
        return sum(path.stat().st_size for path in _files(job.destination))


def _log_differences(contender: Contender, source: Path, expected: Counter[Row]) -> None:
    with _job(source) as job:
        if not measure(contender.command(job), ROOT).failure:
            different = (expected - rows_of(job.destination)).total()
            _log(f"{contender.name}: {different:,} of {expected.total():,} rows differ from the {DUCKDB.name}'s")


def rows_of(destination: Path) -> Counter[Row]:
    """Return the rows of both outputs, including headers."""
    found = Counter[Row]()
    for path in _files(destination):
        with path.open(encoding="utf-8", newline="") as file:
            found.update(tuple(row) for row in csv.reader(file))
    return found


def _files(destination: Path) -> list[Path]:
    return [path for output in OUTPUTS for path in (destination / output).rglob("*.csv")]


@contextmanager
def _job(source: Path, output_bytes: int = 0) -> Iterator[Job]:
    """Yield a job with a new destination, which is removed afterwards."""
    parent = SCRATCH / "dest"
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent) as directory:
        yield Job(source, Path(directory, "dest"), output_bytes)
