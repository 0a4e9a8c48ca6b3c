"""Entry point of section 1: makes one batch of membership applications."""

import argparse
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from common import cli

if TYPE_CHECKING:
    from section1.config import ProcessConfig
    from section1.main import Outcome, Request

REFUSED = 3
EXIT_CODES = """\
exit codes:
  0   all done (unsuccessful rows are no failure)
  1   failed, nothing published
  2   bad usage or configuration
  3   published, but a file was refused
  75  another run is at work
"""


def parser() -> cli.Parser:
    """Return the arguments of the job."""
    arguments = cli.Parser(
        description="Clean, check and label the membership applications of a folder, and publish them as one batch.",
        example="./section1_runner.sh run --src-path my/applications --dest-path my/results\n"
        "  ./section1_runner.sh run --compare stricter.yaml --reprocess --batch 2026-11-23T16",
        exit_codes=EXIT_CODES,
    )
    arguments.add_argument(
        "--task-config",
        required=True,
        metavar="FILE",
        help="configuration: a name in section1/conf, or a path",
    )
    arguments.add_argument("--engine", choices=["spark", "duckdb"], help="instead of the configured one")
    arguments.add_argument("--master", metavar="URL", help="on Spark, and on this master, such as spark://host:7077")
    arguments.add_argument(
        "--batch", metavar="HOUR", help="such as 2026-11-23T16; default: this hour in the configured time zone"
    )
    arguments.add_argument("--src-path", type=folder, metavar="FOLDER", help="read another folder")
    arguments.add_argument("--dest-path", type=folder, metavar="FOLDER", help="publish to another folder")
    arguments.add_argument("--reprocess", action="store_true", help="replace the committed batch that --batch names")
    arguments.add_argument("--dry-run", action="store_true", help="read, label and report, but write nothing")
    arguments.add_argument(
        "--compare",
        metavar="OTHER",
        help="show which rows the rules of another configuration would move, and write nothing",
    )
    return arguments


def folder(text: str) -> Path:
    """Return the folder that is named from where the caller stands; an unset variable in a script names none."""
    if not text:
        raise argparse.ArgumentTypeError("an empty name is no folder")
    return Path.cwd() / text


def job(arguments: argparse.Namespace) -> int:
    """Run one batch, say what became of it, return the exit code."""
    started = time.monotonic()
    # Imported late, so that --help and a mistyped argument answer at once.
    from common.progress import Progress
    from section1.main import run

    config, request = requested(arguments)
    if arguments.compare is not None:
        return compare(config, request, arguments.compare)
    outcome = run(config, request, Progress())
    cli.print_summary(summary(outcome, request, config.destination, time.monotonic() - started))
    return REFUSED if outcome.report.refused else 0


def compare(config: "ProcessConfig", request: "Request", other: str) -> int:
    """Say what the rules of another configuration would change, return the exit code."""
    started = time.monotonic()
    from common.progress import Progress
    from section1 import main
    from section1.config import load_process
    from section1.core.summary import comparison

    compared = main.compare(config, load_process(other, "--compare").rules, request, Progress())
    cli.print_summary(comparison(compared, other=other, seconds=time.monotonic() - started))
    return REFUSED if compared.refused else 0


def summary(outcome: "Outcome", request: "Request", destination: Path, seconds: float) -> str:
    """Return the closing table and the batch's paths, or why there is no batch."""
    from section1.core.summary import table
    from section1.operator.destination import Destination

    report = outcome.report
    if outcome.nothing_new and not request.dry_run:
        refused = [f"refused: {file.name}: {file.problem}" for file in report.refused]
        return "\n".join([f"batch {request.batch} is published and no file is new since; nothing to do", *refused])
    if request.dry_run:
        return table(report, state="dry run, nothing written", seconds=seconds)
    state = "published, none replaced" if request.reprocess and not outcome.replaced else "published"
    paths = [f"  {path}" for path in Destination(destination).places(report.batch)]
    return "\n".join([table(report, state=state, seconds=seconds), *paths])


def requested(arguments: argparse.Namespace) -> "tuple[ProcessConfig, Request]":
    """Return the configuration with the arguments laid over it, and what to do. Raises: UsageError."""
    from zoneinfo import ZoneInfo

    from common.errors import UsageError
    from section1.config import load_process, on_master
    from section1.core.batch import hour_of, parse
    from section1.main import Request

    if arguments.master is not None and arguments.engine == "duckdb":
        raise UsageError("--master: is for Spark; leave --engine duckdb out")
    if arguments.reprocess and arguments.batch is None:
        raise UsageError("--reprocess: name the batch to replace with --batch, such as --batch 2026-11-23T16")
    overrides = {
        "engine": arguments.engine,
        "source": arguments.src_path,
        "destination": arguments.dest_path,
    }
    config = load_process(arguments.task_config)
    if arguments.master is not None:
        config = on_master(config, arguments.master)
    config = config.model_copy(update={key: value for key, value in overrides.items() if value})
    now = datetime.now(ZoneInfo(config.time_zone))
    batch = parse(arguments.batch, replacing=arguments.reprocess) if arguments.batch is not None else hour_of(now)
    return config, Request(batch, now, reprocess=arguments.reprocess, dry_run=arguments.dry_run)


if __name__ == "__main__":
    options = parser().parse_args()
    cli.run(lambda: job(options), "Nothing was published.")
