"""Commands of section 2: each one calls the job and prints its result."""

import sys
import time
from argparse import Namespace

from common import cli
from common.database import server_for
from common.errors import UsageError
from common.postgresql import Server
from common.progress import Progress
from common.table import table
from section2 import main
from section2.config import APPLICATIONS, CLUSTER, QUERIES, TEAMS
from section2.operator import backup as backups
from section2.operator.client_programs import run_client
from section2.operator.diagram import graph_source
from section2.operator.member_loader import load_members as load_committed_members
from section2.operator.order_loader import load_orders
from section2.operator.query_files import Query, find_query, read_queries

DIFFERENT = 1


def run_command(options: Namespace) -> int:
    """Run the parsed command and return its exit code. Raises: JobError."""
    if options.command == "query" and options.name is None:
        return list_queries()
    with server_for("section2", TEAMS, CLUSTER) as server:
        return COMMANDS[options.command](server, options)


def run(server: Server, options: Namespace) -> int:
    """Create the database, load sample orders and print the two main results."""
    create(server, options)
    load(server, Namespace(orders=options.orders, seed=1, until=None))
    show(server, find_query(QUERIES, "top10_highest_spending_member"), "Top 10 members by spending")
    show(server, find_query(QUERIES, "top3_most_sold_item"), "Top 3 items")
    return 0


def create(server: Server, _: Namespace) -> int:
    versions = main.create(server)
    done = f"applied {', '.join(versions)}" if versions else "already up to date"
    print(f"database {server.database}: {done}")
    return 0


def load(server: Server, options: Namespace) -> int:
    progress, started = Progress(), time.monotonic()
    with progress.step("loading orders"):
        loaded = load_orders(server, options.seed, options.until, options.orders, progress.bar("orders"))
    seconds = time.monotonic() - started
    rate = f" in {seconds:.1f} s ({loaded.added / seconds:,.0f} per second)" if loaded.added else ""
    print(f"orders of seed {options.seed}: {loaded.before:,} existed, {loaded.added:,} added{rate}")
    return 0


def load_members(server: Server, options: Namespace) -> int:
    done = load_committed_members(server, options.applications or APPLICATIONS)
    counts = f"inserted {done.inserted:,}, updated {done.updated:,}, unchanged {done.unchanged:,}"
    print(f"batches {done.batches:,}: {counts}, rejected {done.rejected.total():,}")
    for reason, applications in sorted(done.rejected.items()):
        print(f"  {reason}: {applications:,}")
    return 0


def list_queries() -> int:
    for query in read_queries(QUERIES).values():
        print(f"{query.name}\n    {query.description[0]}")
    return 0


def query(server: Server, options: Namespace) -> int:
    found = find_query(QUERIES, options.name)
    show(server, found, "\n".join(found.description))
    return 0


def show(server: Server, query: Query, title: str) -> None:
    result = main.run_query(server, query.statement)
    rows = f"{len(result.rows)} row{'s' if len(result.rows) != 1 else ''}"
    cli.print_summary(f"\n{title}\n\n{table(result.columns, result.rows)}\n\n{rows}")


def check(server: Server, _: Namespace) -> int:
    """Print the totals and aggregates that differ from their recomputation."""
    found = main.differences(server)
    print(table(found.columns, found.rows) if found.rows else "all totals and aggregates add up")
    return DIFFERENT if found.rows else 0


def psql(server: Server, options: Namespace) -> int:
    return run_client(server, "psql", options.role, *options.psql_arguments)


def erd(server: Server, options: Namespace) -> int:
    """Write the entity diagram to standard output."""
    from common.graph import png, svg  # imported late: the embedded set-up does not install Graphviz

    draw = {"svg": svg, "png": png}[options.format]
    sys.stdout.buffer.write(draw(graph_source(server)))
    return 0


def backup(server: Server, _: Namespace) -> int:
    """Write a backup to standard output."""
    if sys.stdout.isatty():
        raise UsageError("backup: standard output is a terminal. Redirect it: ... backup > sales.backup.")
    backups.backup(server, sys.stdout.buffer)
    return 0


def restore(server: Server, _: Namespace) -> int:
    """Replace the database with the backup on standard input."""
    backups.restore(server, sys.stdin.buffer)
    main.create(server)
    print(f"database {server.database}: restored from the backup")
    return 0


COMMANDS = {
    "run": run,
    "create": create,
    "load": load,
    "load-members": load_members,
    "query": query,
    "psql": psql,
    "check": check,
    "erd": erd,
    "backup": backup,
    "restore": restore,
}
