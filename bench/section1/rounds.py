"""Checks the contenders on one size, then runs them against each other."""

import csv
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.measure import Measurement, Summary, interleaved, measure
from bench.section1.contenders import CONTENDERS, DUCKDB, Contender, Job, lacking
from bench.section1.source import source_of
from common.errors import JobError
from common.paths import ROOT
from section1.core.columns import OUTPUTS

SCRATCH = ROOT / ".local" / "bench" / "section1"
MOST_ROWS_TO_CHECK = 100_000

# What a contender's runs took, or why there is nothing to say.
Size = dict[Contender, Summary | str]
Row = tuple[str, ...]


class RowsDiffer(JobError):
    """A contender does not do the same work, so its time says nothing."""

    def __init__(self, contender: Contender, output: str, rows: int) -> None:
        super().__init__(f"{contender.name}: {rows} rows of {output} are not those of the DuckDB engine; nothing timed")


class ReferenceFailed(JobError):
    """The engine that all are held against does not run."""

    def __init__(self, failure: str) -> None:
        super().__init__(f"{DUCKDB.name}: {failure}; nothing timed")


def measured(rows: int, rounds: int) -> Size:
    """Run every contender `rounds` times on so many rows. Raises: RowsDiffer, ReferenceFailed."""
    source = source_of(SCRATCH, rows)
    contenders = [contender for contender in CONTENDERS if contender.runs_on(rows)]
    able = [contender for contender in contenders if not lacking(contender)]
    output_bytes = _checked(able, source, rows)

    def run(contender: Contender, number: int) -> Measurement:
        with _job(source, output_bytes) as job:
            result = measure(contender.command(job), ROOT)
        took = _complaint(result) or f"{result.wall:.2f} s, {result.cpu:.2f} s of CPU, {result.peak_bytes / 1e6:.0f} MB"
        print(f"{rows:,} rows, round {number} of {rounds}: {contender.name}: {took}", file=sys.stderr)
        return result

    runs = interleaved(able, rounds, run)
    return {contender: _summary(contender, runs.get(contender, [])) for contender in contenders}


def _summary(contender: Contender, runs: list[Measurement]) -> Summary | str:
    if not runs:
        return f"not run: {lacking(contender)}"
    return next((f"failed: {run.failure}" for run in runs if run.failure), None) or Summary.of(runs)


def _complaint(run: Measurement) -> str:
    return f"{run.failure} ({run.last_words})" if run.failure else ""


def _checked(contenders: list[Contender], source: Path, rows: int) -> int:
    """Return how many bytes the DuckDB engine writes; on few rows require the same rows of all who label."""
    with _job(source) as job:
        print(f"{rows:,} rows: a first run that is not timed, to warm the files and to check", file=sys.stderr)
        reference = measure(DUCKDB.command(job), ROOT)
        if reference.failure:
            raise ReferenceFailed(_complaint(reference))
        if rows <= MOST_ROWS_TO_CHECK:
            expected = rows_of(job.destination)
            for contender in contenders:
                if contender.labels and contender is not DUCKDB:
                    _require_same(contender, source, expected)
        return sum(path.stat().st_size for path in _files(job.destination))


def _require_same(contender: Contender, source: Path, expected: dict[str, Counter[Row]]) -> None:
    """Raise RowsDiffer if a contender that runs to its end writes other rows; one that fails says so when timed."""
    with _job(source) as job:
        if measure(contender.command(job), ROOT).failure:
            return
        for output, rows in rows_of(job.destination).items():
            if rows != expected[output]:
                raise RowsDiffer(contender, output, ((rows - expected[output]) + (expected[output] - rows)).total())


def rows_of(destination: Path) -> dict[str, Counter[Row]]:
    """Return the rows of both outputs, headers among them, in no order."""
    outputs = {output: Counter[Row]() for output in OUTPUTS}
    for path in _files(destination):
        with path.open(encoding="utf-8", newline="") as file:
            outputs[path.relative_to(destination).parts[0]].update(tuple(row) for row in csv.reader(file))
    return outputs


def _files(destination: Path) -> list[Path]:
    return [path for output in OUTPUTS for path in (destination / output).rglob("*.csv")]


@contextmanager
def _job(source: Path, output_bytes: int = 0) -> Iterator[Job]:
    """Give a job a destination that is not there yet, and remove it afterwards."""
    parent = SCRATCH / "dest"
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent) as folder:
        yield Job(source, Path(folder, "dest"), output_bytes)
