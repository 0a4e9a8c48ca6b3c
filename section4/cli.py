"""Command line of section 4."""

import argparse
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from common import cli
from section4.core.dates import iso_day

CONFIG = "section4_process.yaml"
SOURCES = ("owid", "who", "jhu", "disease_sh", "covid19api", "sample")
CONSEQUENCE = "Nothing was changed."
EXIT_CODES = """\
exit codes:
  0   done (also when the source has nothing new)
  1   failed, nothing was changed
  2   usage or configuration error
  75  another ingestion is running
"""
COMMANDS = {
    "run": "ingest, then draw a picture and a page in section4/output",
    "create": "create or migrate the database, set role passwords and the directory of section 1's reports",
    "dashboard": "regenerate section4/grafana/*_dashboard.json from the panels' SQL",
    "picture": "regenerate section4/covid19_graph.png, the README's picture, from the sample",
}
ARGUMENTS = "--country SG,MY --from 2021-01-01"


def main(argv: Sequence[str] | None = None) -> None:
    """Run a command of `python -m section4`."""
    options = parser().parse_args(argv)
    cli.run(lambda: _run_command(options), CONSEQUENCE)


def manage(argv: Sequence[str] | None = None) -> None:
    """Run the ingestion: the command line of section4_manage.py."""
    options = job_parser().parse_args(argv)
    cli.run(lambda: _ingest(options), CONSEQUENCE)


def job_parser() -> cli.Parser:
    job = cli.Parser(
        description="Ingest COVID-19 figures by country and day: try the sources in order and load the first usable"
        " response. The database is the one of --postgresql-config or SECTION4_HOST, else an embedded one in .local.",
        example=f"{cli.program()} {ARGUMENTS}",
        exit_codes=EXIT_CODES,
    )
    _add_job_options(job)
    return job


def parser() -> cli.Parser:
    commands = cli.Parser(
        description="The COVID-19 database and dashboards, on the server of SECTION4_HOST or an embedded one.",
        example="python -m section4 run --source sample",
        exit_codes=EXIT_CODES,
    )
    add = commands.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=cli.Parser)
    for name, text in COMMANDS.items():
        prog = f"{cli.program()} {name}"
        example = f"{prog} {ARGUMENTS}" if name == "run" else prog
        described = f"{text[0].upper()}{text[1:]}."
        command = add.add_parser(
            name, help=text, prog=prog, description=described, example=example, exit_codes=EXIT_CODES
        )
        if name == "run":
            _add_job_options(command)
    return commands


def _add_job_options(job: argparse.ArgumentParser) -> None:
    add = job.add_argument
    add(
        "--task-config",
        default=CONFIG,
        metavar="FILE",
        help="a name in section4/conf, or a path (default: %(default)s)",
    )
    add("--postgresql-config", type=Path, metavar="FILE", help="YAML with host, port and database of another server")
    add("--source", choices=SOURCES, metavar="NAME", help=f"use this source only: {', '.join(SOURCES)} (synthetic)")
    add("--country", type=_countries, metavar="CODES", help="country codes such as SG,MY, or all")
    add("--from", dest="first", type=_day, metavar="DATE", help="first day, such as 2021-01-01")
    add("--to", dest="last", type=_day, metavar="DATE", help="last day")
    add("--dry-run", action="store_true", help="request and compare, but change nothing")


def _day(text: str) -> date:
    try:
        return iso_day(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error}, got {text!r}") from None


def _countries(text: str) -> tuple[str, ...]:
    from section4.config import countries_of  # late: it loads the table of all countries

    try:
        return countries_of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error}, got {text!r}") from None


def _ingest(options: argparse.Namespace) -> int:
    from section4.commands import ingest  # late, so that --help stays fast

    return ingest(options)


def _run_command(options: argparse.Namespace) -> int:
    match options.command:
        case "create":
            from section4.commands import create

            return create()
        case "dashboard":
            from section4.operator.dashboards import write_dashboards

            return write_dashboards()
        case "picture":
            from section4.drawings import picture

            return picture()
    from section4.drawings import run

    return run(options)
