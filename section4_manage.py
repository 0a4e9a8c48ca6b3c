"""Entry point of section 4: ingests COVID-19 figures of countries by day."""

import argparse
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from common import cli

if TYPE_CHECKING:
    from common.postgresql import Server
    from section4.config import ProcessConfig
    from section4.main import Request

SOURCES = ("owid", "who", "jhu", "disease_sh", "covid19api", "sample")
EXIT_CODES = """\
exit codes:
  0   all done (a source that says nothing new is no failure)
  1   failed, nothing was changed
  2   bad usage or configuration
  75  another ingestion is at work
"""


def parser() -> cli.Parser:
    """Return the arguments of the job."""
    arguments = cli.Parser(
        description="Ask the sources in turn for COVID-19 figures by country and day, and load what the first"
        " that answers says: into the database that --postgresql-config or SECTION4_HOST names, or else into one of"
        " its own in .local.",
        example="./section4_runner.sh run --country SG,MY --from 2021-01-01",
        exit_codes=EXIT_CODES,
    )
    add_job_arguments(arguments)
    return arguments


def add_job_arguments(arguments: argparse.ArgumentParser) -> None:
    """Add what the job and the runner's `run` both take."""
    arguments.add_argument(
        "--task-config", required=True, metavar="FILE", help="configuration: a name in section4/conf, or a path"
    )
    arguments.add_argument(
        "--postgresql-config", type=Path, metavar="FILE", help="YAML: host, port, database (passwords: the environment)"
    )
    arguments.add_argument(
        "--source", choices=SOURCES, metavar="NAME", help=f"ask this one alone: {', '.join(SOURCES)} (made up)"
    )
    arguments.add_argument("--country", type=countries, metavar="CODES", help="such as SG,MY, or all")
    arguments.add_argument("--from", dest="first", type=day, metavar="DATE", help="the first day, such as 2021-01-01")
    arguments.add_argument("--to", dest="last", type=day, metavar="DATE", help="the last day")
    arguments.add_argument("--dry-run", action="store_true", help="ask and compare, but change nothing")


def day(text: str) -> date:
    """Return a date."""
    from section4.core.days import iso_day

    try:
        return iso_day(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} {error}") from None


def countries(text: str) -> tuple[str, ...]:
    """Return the codes of countries, or all."""
    from section4.config import ALL, country_codes

    # Only ASCII's letters have one capital each: that of the German sharp s is SS, which is South Sudan.
    codes = tuple(part.strip().upper() if part.isascii() else part for part in text.split(","))
    try:
        return country_codes((ALL,) if codes == (ALL.upper(),) else codes)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} {error}") from None


def job(arguments: argparse.Namespace) -> int:
    """Ingest once, say what became of it, return the exit code."""
    config, request = requested(arguments)
    with server_of(arguments) as server:
        ingest(server, config, request)
    return 0


@contextmanager
def server_of(arguments: argparse.Namespace) -> Iterator["Server"]:
    """Give the server that the arguments or the environment name, or else one of our own with the newest version."""
    # Imported late, so that --help and a mistyped argument answer at once.
    from common.database import server_for
    from section4.config import CLUSTER, ROLES, load_server
    from section4.main import create

    logging.getLogger("yoyo").setLevel(logging.WARNING)  # it tells of each statement
    if arguments.postgresql_config:
        yield load_server(arguments.postgresql_config)
    else:
        with server_for("section4", ROLES, CLUSTER, create) as server:
            yield server


def ingest(server: "Server", config: "ProcessConfig", request: "Request") -> None:
    """Ingest once, and say what became of it."""
    from common.progress import Progress
    from section4.core.summary import table
    from section4.main import ingest

    started = time.monotonic()
    outcome = ingest(config, server, request, Progress())
    cli.print_summary(table(outcome, request, time.monotonic() - started))


def requested(arguments: argparse.Namespace) -> "tuple[ProcessConfig, Request]":
    """Return the configuration, and what to do with the arguments laid over it. Raises: UsageError."""
    from common.errors import UsageError
    from section4.config import load_process
    from section4.main import Request

    config = load_process(arguments.task_config)
    ask = config.ask(arguments.country, arguments.first, arguments.last)
    if ask.last and ask.last < ask.first:
        raise UsageError(f"the last day, {ask.last}, is before the first, {ask.first}; turn --from and --to round")
    sources = (arguments.source,) if arguments.source else config.sources
    return config, Request(sources, ask, datetime.now(UTC), dry_run=arguments.dry_run)


if __name__ == "__main__":
    options = parser().parse_args()
    cli.run(lambda: job(options), "Nothing was changed.")
