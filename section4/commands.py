"""The commands that need no drawing libraries: ingest and create."""

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from common.cli import print_summary
from common.database import server_for
from common.errors import UsageError
from common.postgresql import Server
from common.progress import Progress
from section4 import main
from section4.config import CLUSTER, ROLES, ProcessConfig, load_process, load_server
from section4.main import Request
from section4.summary import summary


def ingest(options: argparse.Namespace) -> int:
    config, request = requested(options)
    with server_of(options) as server:
        ingest_into(server, config, request)
    return 0


def create() -> int:
    with server_for("section4", ROLES, CLUSTER) as server:
        applied = main.create(server)
    state = f"applied {', '.join(applied)}" if applied else "up to date"
    print(f"database {server.database}: {state}")
    return 0


def requested(options: argparse.Namespace) -> tuple[ProcessConfig, Request]:
    """Return the configuration, and the request with the command line's values. Raises: UsageError."""
    config = load_process(options.task_config)
    query = config.query(options.country, options.first, options.last)
    if query.last and query.last < query.first:
        raise UsageError(f"--to {query.last} is before the first day, {query.first}. Swap --from and --to.")
    sources = (options.source,) if options.source else config.sources
    return config, Request(sources, query, datetime.now(UTC), dry_run=options.dry_run)


@contextmanager
def server_of(options: argparse.Namespace) -> Iterator[Server]:
    """Yield the server of the options or the environment, else an embedded one with the newest schema."""
    if options.postgresql_config:
        yield load_server(options.postgresql_config)
    else:
        with server_for("section4", ROLES, CLUSTER, main.create) as server:
            yield server


def ingest_into(server: Server, config: ProcessConfig, request: Request) -> None:
    started = time.monotonic()
    outcome = main.ingest(config, server, request, Progress())
    print_summary(summary(outcome, request, time.monotonic() - started))
