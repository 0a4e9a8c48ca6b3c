"""Entry point of section 2: creates the sales database, fills it, asks it, backs it up."""

import argparse
import logging
import re
import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from common import cli

if TYPE_CHECKING:
    from common.postgresql import Server
    from section2.core.question import Question

SAMPLE_ORDERS = 2_000
DIFFERENT = 1
PSQL_ROLES = ("analytics", "logistics", "sales", "application", "dashboard", "postgres")
EXIT_CODES = """\
exit codes:
  0   done
  1   failed (what a load had committed stays); check: something does not add up
  2   bad usage
  75  another load, or another run, is at work
"""


def parser() -> cli.Parser:
    """Return the commands and their arguments."""
    commands = cli.Parser(
        description="The sales database: on the server that SECTION2_HOST names, or else on one of its own in .local.",
        example="./section2_runner.sh run",
        exit_codes=EXIT_CODES,
        prog="section2",
    )
    add = commands.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=cli.Command)
    run = add.add_parser("run", help="create the database, load a sample unless it has orders, show who buys what")
    run.add_argument("--orders", type=count, default=SAMPLE_ORDERS, metavar="N", help=f"default: {SAMPLE_ORDERS:,}")
    add.add_parser("create", help="bring the database to the newest version and let the teams in")
    load = add.add_parser("load", help="load made-up orders; what is there stays, a load that was stopped goes on")
    load.add_argument("--orders", type=count, required=True, metavar="N", help="how many there shall be of the seed")
    load.add_argument("--seed", type=story, default=1, metavar="N", help="which story; default: 1")
    load.add_argument("--until", type=last_day, metavar="DATE", help="the day before which it ends; default: today")
    members = add.add_parser("load-members", help="upsert the members of section 1's committed batches")
    members.add_argument("--applications", type=Path, metavar="FOLDER", help="where section 1 publishes to")
    query = add.add_parser("query", help="answer a question; without a name, list the questions")
    query.add_argument("name", nargs="?", metavar="NAME", help="such as top10_highest_spending_member")
    psql = add.add_parser("psql", help="psql as one of the teams; its own arguments follow")
    psql.add_argument("--role", choices=PSQL_ROLES, default=PSQL_ROLES[0])
    add.add_parser("check", help="show what does not add up; 0 when all does")
    erd = add.add_parser("erd", help="draw the entity diagram from the live catalogue, on the standard output")
    erd.add_argument("--format", choices=("svg", "png"), default="svg")
    add.add_parser("backup", help="write a backup to the standard output")
    add.add_parser("restore", help="put the backup on the standard input in the database's place")
    return commands


def count(text: str) -> int:
    """Return a number of orders."""
    if not text.isascii() or not text.replace("_", "").isdecimal() or not 0 < int(text) <= 1_000_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of orders (e.g. 1000000)")
    return int(text)


def story(text: str) -> int:
    """Return a number that the database can keep."""
    if not re.fullmatch("[0-9]{1,9}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of a story, of at most nine digits (e.g. 1)")
    return int(text)


def last_day(text: str) -> date:
    """Return a day; the story before it is of years."""
    try:
        if not re.fullmatch("[2-9][0-9]{3}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date since 2000 (e.g. 2026-10-31)") from None


def parsed(commands: cli.Parser, arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the arguments, the command line's unless others are given; those behind psql are its own."""
    options, for_psql = commands.parse_known_args(arguments)
    options.for_psql = for_psql
    if for_psql and options.command != "psql":
        commands.error(f"unrecognized arguments: {' '.join(for_psql)}")
    return options


def job(arguments: argparse.Namespace) -> int:
    """Run the command, return the exit code."""
    if arguments.command == "query" and arguments.name is None:
        return list_questions()
    # Imported late, so that --help and a mistyped argument answer at once.
    from common.database import server_for
    from section2.config import CLUSTER, TEAMS

    logging.getLogger("yoyo").setLevel(logging.WARNING)  # it tells of each statement
    with server_for("section2", TEAMS, CLUSTER) as server:
        return COMMANDS[arguments.command](server, arguments)


def run(server: "Server", arguments: argparse.Namespace) -> int:
    """Create, load a sample, and show the two named answers."""
    from section2.config import QUERIES
    from section2.core.question import named

    create(server, arguments)
    load(server, argparse.Namespace(orders=arguments.orders, seed=1, until=None))
    show(server, named(QUERIES, "top10_highest_spending_member"), "Top 10 members by spending")
    show(server, named(QUERIES, "top3_most_sold_item"), "Top 3 items")
    return 0


def create(server: "Server", _: argparse.Namespace) -> int:
    """Create the schema, or bring it to the newest version."""
    from section2.main import create

    versions = create(server)
    said = f"added {', '.join(versions)}" if versions else "is of the newest version"
    print(f"database {server.database}: {said}")
    return 0


def load(server: "Server", arguments: argparse.Namespace) -> int:
    """Load made-up orders, with a bar that shows how far it is."""
    from common.progress import Progress
    from section2.operator.order_loader import load_orders

    progress, started = Progress(), time.monotonic()
    with progress.step("loading orders"):
        loaded = load_orders(server, arguments.seed, arguments.until, arguments.orders, progress.bar("orders"))
    seconds = time.monotonic() - started
    rate = f" in {seconds:.1f} s, {loaded.added / seconds:,.0f} a second" if loaded.added else ""
    print(f"orders of seed {arguments.seed}: {loaded.before:,} were there, {loaded.added:,} added{rate}")
    return 0


def load_members(server: "Server", arguments: argparse.Namespace) -> int:
    """Upsert members, and say what became of the applications."""
    from section2.config import APPLICATIONS
    from section2.operator.member_loader import load_members

    done = load_members(server, arguments.applications or APPLICATIONS)
    print(f"batches {done.batches:,}: ", end="")
    print(f"inserted {done.inserted:,}, updated {done.updated:,}, unchanged {done.unchanged:,}, ", end="")
    print(f"refused {done.refused.total():,}")
    for reason, applications in sorted(done.refused.items()):
        print(f"  {reason}: {applications:,}")
    return 0


def list_questions() -> int:
    """Print the names of all questions with their words."""
    from section2.config import QUERIES
    from section2.core.question import questions

    for question in questions(QUERIES).values():
        print(f"{question.name}\n    {question.words[0]}")
    return 0


def query(server: "Server", arguments: argparse.Namespace) -> int:
    """Answer a question."""
    from section2.config import QUERIES
    from section2.core.question import named

    question = named(QUERIES, arguments.name)
    show(server, question, "\n".join(question.words))
    return 0


def show(server: "Server", question: "Question", title: str) -> None:
    """Print a title and the answer to a question."""
    from common.table import table
    from section2.main import ask

    answer = ask(server, question.statement)
    rows = f"{len(answer.rows)} row{'s' if len(answer.rows) != 1 else ''}"
    cli.conclude(lambda: print(f"\n{title}\n\n{table(answer.columns, answer.rows)}\n\n{rows}"))


def check(server: "Server", _: argparse.Namespace) -> int:
    """Print what does not add up."""
    from common.table import table
    from section2.main import differences

    found = differences(server)
    print(table(found.columns, found.rows) if found.rows else "all totals and aggregates add up")
    return DIFFERENT if found.rows else 0


def psql(server: "Server", arguments: argparse.Namespace) -> int:
    """Run psql."""
    from section2.operator.client import run_client

    return run_client(server, "psql", arguments.role, *arguments.for_psql)


def erd(server: "Server", arguments: argparse.Namespace) -> int:
    """Write the entity diagram to the standard output."""
    from common.graph import png, svg
    from section2.operator.diagram import source

    draw = {"svg": svg, "png": png}[arguments.format]
    sys.stdout.buffer.write(draw(source(server)))
    return 0


def backup(server: "Server", _: argparse.Namespace) -> int:
    """Write a backup to the standard output."""
    from common.errors import UsageError
    from section2.operator.backup import backup

    if sys.stdout.isatty():
        raise UsageError("backup: is no text for a terminal; send it to a file: ... backup > sales.backup")
    backup(server, sys.stdout.buffer)
    return 0


def restore(server: "Server", _: argparse.Namespace) -> int:
    """Put a backup in the database's place."""
    from section2.main import create
    from section2.operator.backup import restore

    restore(server, sys.stdin.buffer)
    create(server)
    print(f"database {server.database}: is as the backup has it")
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

if __name__ == "__main__":
    options = parsed(parser())
    cli.run(lambda: job(options))
