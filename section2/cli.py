"""Command line of section 2, the sales database."""

import argparse
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from common import cli

SAMPLE_ORDERS = 2_000
RUNNER, MODULE = "./section2_runner.sh", ".venv/bin/python -m section2"
PSQL_ROLES = ("analytics", "logistics", "sales", "application", "dashboard", "postgres")
EXIT_CODES = """\
exit codes:
  0   done
  1   failed (committed batches of a load stay); check: found differences
  2   usage error
  75  another load or restore is running
"""


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line. Exit codes: see EXIT_CODES."""
    options = parse(parser(), argv)

    def job() -> int:
        from section2 import commands  # imported late, so that --help and usage errors need no database driver

        return commands.run_command(options)

    cli.run(job)


def parser() -> cli.Parser:
    commands = cli.Parser(
        description="Sales database, on the server that SECTION2_HOST names, else on an embedded one in .local.",
        example=f"{RUNNER} run",
        exit_codes=EXIT_CODES,
    )
    add = commands.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, description: str, example: str) -> cli.Parser:
        return add.add_parser(
            name, help=description, description=f"{description}.", example=example, exit_codes=EXIT_CODES
        )

    run = command(
        "run", "create the database, load sample orders, print top members and items", f"{RUNNER} run --orders 5000"
    )
    run.add_argument("--orders", type=order_count, default=SAMPLE_ORDERS, metavar="N", help="default: 2,000")
    command("create", "create the database or apply new migrations, and set role passwords", f"{MODULE} create")
    load = command(
        "load", "load sample orders; existing orders stay, a stopped load continues", f"{RUNNER} load --orders 100000"
    )
    load.add_argument("--orders", type=order_count, required=True, metavar="N", help="number of orders of the seed")
    load.add_argument("--seed", type=seed, default=1, metavar="N", help="seed of the sample data; default: 1")
    load.add_argument("--until", type=end_date, metavar="DATE", help="end of the sample data; default: today")
    members = command("load-members", "upsert the members of section 1's committed batches", f"{RUNNER} load-members")
    members.add_argument("--applications", type=Path, metavar="DIRECTORY", help="destination directory of section 1")
    query = command("query", "run a query; without a name, list all queries", f"{RUNNER} query average_basket")
    query.add_argument("name", nargs="?", metavar="NAME", help="such as top10_highest_spending_member")
    psql = command("psql", "run psql as a role; further arguments are passed to psql", f"{RUNNER} psql --role sales")
    psql.add_argument("--role", choices=PSQL_ROLES, default=PSQL_ROLES[0])
    command("check", "recompute totals and aggregates, print the differences", f"{RUNNER} check")
    erd = command("erd", "draw the entity diagram of the live catalogue to standard output", f"{MODULE} erd > erd.svg")
    erd.add_argument("--format", choices=("svg", "png"), default="svg")
    command("backup", "write a backup to standard output", f"{MODULE} backup > sales.backup")
    command("restore", "replace the database with the backup on standard input", f"{MODULE} restore < sales.backup")
    return commands


def parse(commands: cli.Parser, argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the parsed arguments; unknown ones are collected in `psql_arguments` for the command psql only."""
    options, options_of_psql = commands.parse_known_args(argv)
    options.psql_arguments = options_of_psql
    if options_of_psql and options.command != "psql":
        commands.error(f"unrecognized arguments: {' '.join(options_of_psql)}")
    return options


def order_count(text: str) -> int:
    """Convert a number of orders, from 1 to 1,000,000,000."""
    if not text.isascii() or not text.replace("_", "").isdecimal() or not 0 < int(text) <= 1_000_000_000:
        raise argparse.ArgumentTypeError(f"expected a number of orders such as 1000000, got {text!r}")
    return int(text)


def seed(text: str) -> int:
    """Convert a seed of the sample data, which must fit into the database's integer."""
    if not re.fullmatch("[0-9]{1,9}", text):
        raise argparse.ArgumentTypeError(f"expected a seed of at most nine digits such as 1, got {text!r}")
    return int(text)


def end_date(text: str) -> date:
    """Convert a date from 2000 on; the sample data cover the years before it."""
    try:
        if not re.fullmatch("[2-9][0-9]{3}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a date from 2000 on such as 2026-10-31, got {text!r}") from None
