"""Section 1's job: label every application of the source folder and publish the batch."""

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
from section1.core.moves import Comparison, total
from section1.core.report import Committed, Counts, Report
from section1.operator.destination import Destination, Stage
from section1.operator.engine import Engine
from section1.operator.pages import refresh
from section1.operator.parts import add_empty_parts, rows_written
from section1.operator.source import Source, read_source, require_unchanged


class RowsLost(JobError):
    """The engine did not write every row to exactly one output, or not as it counted them."""

    def __init__(self, rows: int, counts: Counts, written: list[int]) -> None:
        counted = f"{counts.successful} + {counts.unsuccessful} counted, {written[0]} + {written[1]} written"
        super().__init__(f"{rows} rows were read, {counted}; nothing was published; please report this line")


class RowsNotCompared(JobError):
    """The engine did not label every row by both rules."""

    def __init__(self, rows: int, compared: int) -> None:
        super().__init__(f"{rows} rows were read, {compared} compared; please report this line")


class SourceGone(UsageError):
    """Replacing the batch would lose the rows of files that are gone."""

    def __init__(self, batch: str, names: list[str]) -> None:
        files = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
        super().__init__(
            f"--reprocess: batch {batch} holds files that cannot be read any more ({files}); put them back"
        )


@dataclass(frozen=True)
class Request:
    """Which batch to make, and how; `now` has a time zone."""

    batch: str
    now: datetime
    reprocess: bool = False
    dry_run: bool = False


@dataclass(frozen=True)
class Outcome:
    """What a run found; nothing is published when the hour has a batch and no file is new."""

    report: Report
    nothing_new: bool
    replaced: bool


class SparkMissing(JobError):
    """The packages of the Spark engine are not installed."""

    def __init__(self, package: str | None) -> None:
        super().__init__(
            f"the Spark engine needs the package {package}, which is not installed. "
            "Run ./section1_runner.sh run --engine spark, which installs it, or use --engine duckdb."
        )


def engine_of(config: ProcessConfig) -> Engine:
    """Return the configured engine. Only its own packages are imported. Raises: SparkMissing."""
    if config.engine == "duckdb":
        from section1.operator.duckdb_operator import DuckdbEngine

        return DuckdbEngine(config.duckdb, config.rules, config.parts)
    try:
        from section1.operator.spark_operator import SparkEngine
    except ModuleNotFoundError as error:
        raise SparkMissing(error.name) from None
    return SparkEngine(config.spark, config.rules, config.parts)


def run(config: ProcessConfig, request: Request, progress: Progress) -> Outcome:
    """Label the applications that no batch holds yet and publish them as one. Raises: JobError, OSError."""
    destination, engine = Destination(config.destination), engine_of(config)
    with _workplace(destination, request.dry_run) as stage:
        name, replaced, source = _input(config, request, destination, stage, progress)
        with progress.step("labelling"):
            counts = label(source, engine, stage, config.parts)
        report = _report(name, request, source, counts, engine, progress)
        outcome = Outcome(report, not source.files and name != request.batch, replaced is not None)
        if not request.dry_run and not outcome.nothing_new:
            with progress.step("publishing"), destination.replacing(name, stage) if replaced else nullcontext():
                destination.publish(stage, report)
        return outcome


def compare(config: ProcessConfig, other: Rules, request: Request, progress: Progress) -> Comparison:
    """Label what the requested batch would take by other rules too, and write nothing. Raises: JobError, OSError."""
    engine = engine_of(config)
    with _workplace(Destination(config.destination), dry_run=True) as stage:
        name, _, source = _input(config, request, Destination(config.destination), stage, progress)
        with progress.step("labelling twice"):
            try:
                moves = engine.compare(source, other) if source.rows else []
            finally:
                require_unchanged(source)
    if total(moves) != source.rows:
        raise RowsNotCompared(source.rows, total(moves))
    files = tuple(file.read for file in source.files)
    return Comparison(name, engine.name, files, source.skipped, source.refused, tuple(moves))


def _input(
    config: ProcessConfig, request: Request, destination: Destination, stage: Stage, progress: Progress
) -> tuple[str, Committed | None, Source]:
    """Return the name of the batch to make, the one it replaces, and its files, laid ready. Raises: JobError."""
    committed = destination.committed()
    name = request.batch if request.reprocess else free_name(request.batch, committed)
    replaced = committed.pop(name, None)
    with progress.step("reading"):
        source = read_source(config.source, stage.source, _batch_by_content(committed), progress.update)
    if replaced:
        require_all_there(replaced, source)
    return name, replaced, source


def label(source: Source, engine: Engine, stage: Stage, parts: int) -> Counts:
    """Write every row of the source to one of the staged outputs. Raises: RowsLost, SourceChanged, EngineFailed."""
    outputs = [stage.output(output) for output in OUTPUTS]
    try:
        counts = engine.label(source, *outputs) if source.rows else Counts.of({}, 0)
    finally:
        require_unchanged(source)  # first of all, since it may be why the engine failed
    for folder, columns in zip(outputs, OUTPUTS.values(), strict=True):
        add_empty_parts(folder, columns, parts)
    written = [rows_written(folder) for folder in outputs]
    if written != [counts.successful, counts.unsuccessful] or sum(written) != source.rows:
        raise RowsLost(source.rows, counts, written)
    return counts


def require_all_there(replaced: Committed, source: Source) -> None:
    """Raise SourceGone if a file of the batch to replace is read no more, by its content or (mended) by its name."""
    names = {file.read.name for file in source.files}
    contents = {file.read.sha256 for file in source.files}
    gone = [file.name for file in replaced.files if file.name not in names and file.sha256 not in contents]
    if gone:
        raise SourceGone(replaced.batch, gone)


@contextmanager
def _workplace(destination: Destination, dry_run: bool) -> Iterator[Stage]:
    """Keep a stage while the body runs: the destination's, under its lock, or for a dry run one far from it."""
    if dry_run:
        with tempfile.TemporaryDirectory(prefix="section1-") as folder:
            yield Stage.at(Path(folder, "stage"))
    else:
        with destination.lock():
            destination.clean()
            with destination.stage() as stage:
                yield stage
            refresh(destination)  # pages are made from what is committed, so they come last


def _batch_by_content(committed: dict[str, Committed]) -> dict[str, str]:
    """Return which batch holds a file's content, by its sha256."""
    return {file.sha256: report.batch for report in committed.values() for file in report.files}


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
