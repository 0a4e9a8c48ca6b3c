"""Command line of section 2, the sales database."""

import argparse
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from common import cli

SAMPLE_ORDERS = 2_000
PSQL_ROLES = ("analytics", "logistics", "sales", "application", "dashboard", "postgres")
EXIT_CODES = """\
exit codes:
  0   done
  1   failed (batches that a load has committed stay); check: something does not add up
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
    """Return the parser with all commands and options."""
    commands = cli.Parser(
        description="Sales database, on the server that SECTION2_HOST names, else on an embedded one in .local.",
        example="./section2_runner.sh run",
        exit_codes=EXIT_CODES,
    )
    add = commands.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = add.add_parser("run", help="create the database, load sample orders, print top members and items")
    run.add_argument("--orders", type=order_count, default=SAMPLE_ORDERS, metavar="N", help="default: 2,000")
    add.add_parser("create", help="create the database or apply new migrations, and set role passwords")
    load = add.add_parser("load", help="load sample orders; existing orders stay, a stopped load continues")
    load.add_argument("--orders", type=order_count, required=True, metavar="N", help="number of orders of the seed")
    load.add_argument("--seed", type=seed, default=1, metavar="N", help="seed of the sample data; default: 1")
    load.add_argument("--until", type=end_date, metavar="DATE", help="end of the sample data; default: today")
    members = add.add_parser("load-members", help="upsert the members of section 1's committed batches")
    members.add_argument("--applications", type=Path, metavar="DIRECTORY", help="destination directory of section 1")
    query = add.add_parser("query", help="run a query; without a name, list all queries")
    query.add_argument("name", nargs="?", metavar="NAME", help="such as top10_highest_spending_member")
    psql = add.add_parser("psql", help="run psql as one of the roles; further arguments are passed to psql")
    psql.add_argument("--role", choices=PSQL_ROLES, default=PSQL_ROLES[0])
    add.add_parser("check", help="recompute totals and aggregates, print differences; exit code 0 when there are none")
    erd = add.add_parser("erd", help="draw the entity diagram from the live catalogue to standard output")
    erd.add_argument("--format", choices=("svg", "png"), default="svg")
    add.add_parser("backup", help="write a backup to standard output")
    add.add_parser("restore", help="replace the database with the backup on standard input")
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
