"""The run and the comparison that the command line starts."""

import argparse
import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from common import cli
from common.errors import UsageError
from common.progress import Progress
from section1 import main
from section1.config import ProcessConfig, load_process, on_master
from section1.core.batch import hour_of, parse
from section1.core.summary import summarize, summarize_comparison
from section1.main import Outcome, Request
from section1.operator.destination import Destination

FILE_REFUSED = 3


def run(options: argparse.Namespace) -> int:
    """Run one batch or one comparison, print its summary and return the exit code."""
    started = time.monotonic()
    config, request = configure(options)
    if options.compare is not None:
        comparison = main.compare(config, load_process(options.compare, "--compare").rules, request, Progress())
        text = summarize_comparison(comparison, other=options.compare, seconds=time.monotonic() - started)
        refused = comparison.refused
    else:
        outcome = main.run(config, request, Progress())
        text = _summary(outcome, request, config.destination, time.monotonic() - started)
        refused = outcome.report.refused
    cli.print_summary(text)
    return FILE_REFUSED if refused else 0


def configure(options: argparse.Namespace) -> tuple[ProcessConfig, Request]:
    """Return the configuration with the options applied, and the request. Raises: UsageError."""
    if options.master is not None and options.engine == "duckdb":
        raise UsageError("--master: not allowed with --engine duckdb. Remove one of the two.")
    if options.reprocess and options.batch is None:
        raise UsageError("--reprocess: missing --batch. Name the batch to replace, such as --batch 2026-11-23T16.")
    config = load_process(options.task_config)
    if options.master is not None:
        config = on_master(config, options.master)
    overrides = {"engine": options.engine, "source": options.src_path, "destination": options.dest_path}
    config = config.model_copy(update={key: value for key, value in overrides.items() if value})
    now = datetime.now(ZoneInfo(config.time_zone))
    batch = parse(options.batch, replacing=options.reprocess) if options.batch is not None else hour_of(now)
    return config, Request(batch, now, reprocess=options.reprocess, dry_run=options.dry_run)


def _summary(outcome: Outcome, request: Request, destination: Path, seconds: float) -> str:
    """Return the counts of a run and the paths of its batch, or why there is no batch."""
    report = outcome.report
    if request.dry_run:
        return summarize(report, state="dry run, nothing written", seconds=seconds)
    if outcome.nothing_new:
        refused = [f"refused: {file.name}: {file.problem}" for file in report.refused]
        return "\n".join([f"Batch {request.batch} is published and no file is new. Nothing to do.", *refused])
    state = "published, none replaced" if request.reprocess and not outcome.replaced else "published"
    paths = [f"  {path}" for path in Destination(destination).paths(report.batch)]
    return "\n".join([summarize(report, state=state, seconds=seconds), *paths])
