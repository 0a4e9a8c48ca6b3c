"""Command line of section 1."""

import argparse
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from common import cli

if TYPE_CHECKING:
    from section1.config import ProcessConfig
    from section1.main import Outcome, Request

FILE_REFUSED = 3
EXIT_CODES = """\
exit codes:
  0   done (unsuccessful rows are not a failure)
  1   failed, nothing published
  2   usage or configuration error
  3   published, but a file was refused
  75  another run holds the lock
"""


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line. Exit codes: see EXIT_CODES."""
    options = parser().parse_args(argv)
    cli.run(lambda: run(options), "Nothing was published.")


def parser() -> cli.Parser:
    """Return the parser of all options."""
    arguments = cli.Parser(
        description="Clean, validate and label the membership applications of a directory. Publish them as one batch.",
        example="./section1_runner.sh run --src-path my/applications --dest-path my/results\n"
        "  ./section1_runner.sh run --compare stricter.yaml --reprocess --batch 2026-11-23T16",
        exit_codes=EXIT_CODES,
    )
    arguments.add_argument(
        "--task-config",
        default="section1_process.yaml",
        metavar="FILE",
        help="configuration: a file of section1/conf or a path (default: %(default)s)",
    )
    arguments.add_argument("--engine", choices=["spark", "duckdb"], help="override the configured engine")
    arguments.add_argument("--master", metavar="URL", help="run on this Spark master, such as spark://host:7077")
    arguments.add_argument(
        "--batch", metavar="HOUR", help="such as 2026-11-23T16 (default: this hour in the configured time zone)"
    )
    arguments.add_argument("--src-path", type=directory, metavar="DIRECTORY", help="read another directory")
    arguments.add_argument("--dest-path", type=directory, metavar="DIRECTORY", help="publish to another directory")
    arguments.add_argument("--reprocess", action="store_true", help="replace the committed batch named by --batch")
    arguments.add_argument("--dry-run", action="store_true", help="read, label and report, but write nothing")
    arguments.add_argument(
        "--compare", metavar="FILE", help="count the rows that the rules of another configuration change; write nothing"
    )
    return arguments


def directory(text: str) -> Path:
    """Return the path, relative to the working directory. An empty text is often an unset variable of a script."""
    if not text:
        raise argparse.ArgumentTypeError("expected a directory, got an empty name")
    return Path.cwd() / text


def run(options: argparse.Namespace) -> int:
    """Run one batch or one comparison, print its summary and return the exit code."""
    started = time.monotonic()
    # Imported late, so that --help and a usage error take a fraction of a second.
    from common.progress import Progress
    from section1 import main as job
    from section1.config import load_process
    from section1.core.summary import summarize_comparison

    config, request = configure(options)
    if options.compare is not None:
        comparison = job.compare(config, load_process(options.compare, "--compare").rules, request, Progress())
        text = summarize_comparison(comparison, other=options.compare, seconds=time.monotonic() - started)
        refused = comparison.refused
    else:
        outcome = job.run(config, request, Progress())
        text = summary(outcome, request, config.destination, time.monotonic() - started)
        refused = outcome.report.refused
    cli.print_summary(text)
    return FILE_REFUSED if refused else 0


def summary(outcome: "Outcome", request: "Request", destination: Path, seconds: float) -> str:
    """Return the counts of a run and the paths of its batch, or why there is no batch."""
    from section1.core.summary import summarize
    from section1.operator.destination import Destination

    report = outcome.report
    if request.dry_run:
        return summarize(report, state="dry run, nothing written", seconds=seconds)
    if outcome.nothing_new:
        refused = [f"refused: {file.name}: {file.problem}" for file in report.refused]
        return "\n".join([f"Batch {request.batch} is published and no file is new. Nothing to do.", *refused])
    state = "published, none replaced" if request.reprocess and not outcome.replaced else "published"
    paths = [f"  {path}" for path in Destination(destination).paths(report.batch)]
    return "\n".join([summarize(report, state=state, seconds=seconds), *paths])


def configure(options: argparse.Namespace) -> "tuple[ProcessConfig, Request]":
    """Return the configuration with the options applied, and the request. Raises: UsageError."""
    from common.errors import UsageError
    from section1.config import load_process, on_master
    from section1.core.batch import hour_of, parse
    from section1.main import Request

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


if __name__ == "__main__":
    main()
