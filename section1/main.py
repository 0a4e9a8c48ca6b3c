"""Section 1's job: label the new applications of the source directory and publish them as one batch."""

import platform
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from common.errors import JobError, UsageError
from common.progress import Progress
from section1.config import ProcessConfig, Rules
from section1.core.batch import free_name
from section1.core.columns import OUTPUTS
from section1.core.comparison import Comparison, total
from section1.core.report import Committed, Counts, Report
from section1.operator.destination import Destination, Stage
from section1.operator.engine import Engine
from section1.operator.pages import refresh
from section1.operator.parts import add_empty_parts, rows_written
from section1.operator.source import Source, read_source, require_unchanged


class RowsLost(JobError):
    """The engine did not write every row to exactly one output, or its counts differ from what it wrote."""

    def __init__(self, rows: int, counts: Counts, written: list[int]) -> None:
        counted = f"{counts.successful} + {counts.unsuccessful} counted, {written[0]} + {written[1]} written"
        super().__init__(f"{rows} rows read, {counted}. Nothing was published. This is a bug: please report this line.")


class RowsNotCompared(JobError):
    """The engine did not label every row by both rules."""

    def __init__(self, rows: int, compared: int) -> None:
        super().__init__(f"{rows} rows read, {compared} compared. This is a bug: please report this line.")


class SourceFilesMissing(UsageError):
    """Replacing the batch would lose the rows of source files that are gone."""

    def __init__(self, batch: str, names: list[str]) -> None:
        files = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
        super().__init__(
            f"--reprocess: batch {batch} has files that are not in the source directory: {files}. Restore them first."
        )


class SparkMissing(JobError):
    """The packages of the Spark engine are not installed."""

    def __init__(self, module: str) -> None:
        super().__init__(
            f"the Spark engine needs the package {module.partition('.')[0]}, which is not installed. "
            "Run ./section1_runner.sh run --engine spark, which installs it, or use --engine duckdb."
        )


@dataclass(frozen=True)
class Request:
    """The batch to make, and how. `now` has a time zone."""

    batch: str
    now: datetime
    reprocess: bool = False
    dry_run: bool = False


@dataclass(frozen=True)
class Outcome:
    """The result of a run. Nothing is published when the hour has a batch and no file is new."""

    report: Report
    nothing_new: bool
    replaced: bool


def engine_of(config: ProcessConfig) -> Engine:
    """Return the configured engine. Only its own packages are imported. Raises: SparkMissing."""
    if config.engine == "duckdb":
        from section1.operator.duckdb_operator import DuckdbEngine

        return DuckdbEngine(config.duckdb, config.rules, config.parts)
    try:
        from section1.operator.spark_operator import SparkEngine
    except ModuleNotFoundError as error:
        raise SparkMissing(error.name or str(error)) from None
    return SparkEngine(config.spark, config.rules, config.parts)


def run(config: ProcessConfig, request: Request, progress: Progress) -> Outcome:
    """Label the applications that no batch has yet and publish them as one batch. Raises: JobError, OSError."""
    destination, engine = Destination(config.destination), engine_of(config)
    with _staging(destination, request.dry_run) as stage:
        name, replaced, source = _read(config, request, destination, stage, progress)
        with progress.step("labelling"):
            counts = label(source, engine, stage, config.parts)
        report = _report(name, request, source, counts, engine, progress)
        outcome = Outcome(report, not source.files and name != request.batch, replaced is not None)
        if not request.dry_run and not outcome.nothing_new:
            with progress.step("publishing"), destination.replacing(name, stage) if replaced else nullcontext():
                destination.publish(stage, report)
        return outcome


def compare(config: ProcessConfig, other: Rules, request: Request, progress: Progress) -> Comparison:
    """Label the files of the requested batch by other rules too, and write nothing. Raises: JobError, OSError."""
    destination, engine = Destination(config.destination), engine_of(config)
    with _staging(destination, dry_run=True) as stage:
        name, _, source = _read(config, request, destination, stage, progress)
        with progress.step("labelling twice"):
            try:
                changes = engine.compare(source, other) if source.rows else []
            finally:
                require_unchanged(source)
    if total(changes) != source.rows:
        raise RowsNotCompared(source.rows, total(changes))
    files = tuple(file.read for file in source.files)
    return Comparison(name, engine.name, files, source.skipped, source.refused, tuple(changes))


def _read(
    config: ProcessConfig, request: Request, destination: Destination, stage: Stage, progress: Progress
) -> tuple[str, Committed | None, Source]:
    """Return the name of the batch to make, the batch that it replaces, and its staged files. Raises: JobError."""
    committed = destination.committed()
    name = request.batch if request.reprocess else free_name(request.batch, committed)
    replaced = committed.pop(name, None)
    batch_by_content = {file.sha256: report.batch for report in committed.values() for file in report.files}
    with progress.step("reading"):
        source = read_source(config.source, stage.source, batch_by_content, progress.update)
    if replaced:
        require_source_files(replaced, source)
    return name, replaced, source


def label(source: Source, engine: Engine, stage: Stage, parts: int) -> Counts:
    """Write every row of the source to one of the staged outputs. Raises: RowsLost, SourceChanged, EngineFailed."""
    outputs = [stage.output(output) for output in OUTPUTS]
    try:
        counts = engine.label(source, *outputs) if source.rows else Counts.of({}, 0)
    finally:
        require_unchanged(source)  # checked first: a changed file can be why the engine failed
    for directory, columns in zip(outputs, OUTPUTS.values(), strict=True):
        add_empty_parts(directory, columns, parts)
    written = [rows_written(directory) for directory in outputs]
    if written != [counts.successful, counts.unsuccessful] or sum(written) != source.rows:
        raise RowsLost(source.rows, counts, written)
    return counts


def require_source_files(replaced: Committed, source: Source) -> None:
    """Raise SourceFilesMissing if the source has a file of the batch neither by content nor by name."""
    names = {file.read.name for file in source.files}
    contents = {file.read.sha256 for file in source.files}
    missing = [file.name for file in replaced.files if file.name not in names and file.sha256 not in contents]
    if missing:
        raise SourceFilesMissing(replaced.batch, missing)


@contextmanager
def _staging(destination: Destination, dry_run: bool) -> Iterator[Stage]:
    """Keep a stage while the body runs: in the destination, under its lock, or in a temporary directory."""
    if dry_run:
        with tempfile.TemporaryDirectory(prefix="section1-") as directory:
            yield Stage.create(Path(directory, "stage"))
    else:
        with destination.lock():
            destination.clean()
            with destination.stage() as stage:
                yield stage
            refresh(destination)  # pages show committed batches, so they are written last


def _report(name: str, request: Request, source: Source, counts: Counts, engine: Engine, progress: Progress) -> Report:
    return Report(
        batch=name,
        started_at=request.now.isoformat(timespec="seconds"),
        engine=engine.name,
        versions={"python": platform.python_version(), **engine.versions()},
        files=tuple(file.read for file in source.files),
        skipped=source.skipped,
        refused=source.refused,
        rows=source.rows,
        counts=counts,
        seconds=dict(progress.seconds),
    )
