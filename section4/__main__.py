"""Section 4 beside its job: creates the database, draws what it holds, writes Grafana's dashboards anew."""

import argparse
import logging

import section4_manage
from common import cli

DRAWN = ("SG", "MY", "FR", "US")


def parser() -> cli.Parser:
    """Return the commands and their arguments."""
    commands = cli.Parser(
        description="The COVID-19 database: on the server that SECTION4_HOST names, or on one of its own in .local.",
        example="./section4_runner.sh run --source sample",
        exit_codes=section4_manage.EXIT_CODES,
    )
    add = commands.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = add.add_parser("run", help="ingest, then draw section4/covid19_graph.png and covid19_dashboard.html")
    section4_manage.add_job_arguments(run)
    add.add_parser(
        "create",
        help="bring the database to the newest version, let the roles in, and tell it where section 1's reports are:"
        " in this repository, or where SECTION4_REPORTS says",
    )
    add.add_parser("dashboard", help="write section4/grafana/*_dashboard.json anew from the panels' questions")
    return commands


def job(arguments: argparse.Namespace) -> int:
    """Run the command, return the exit code."""
    # Imported late, so that --help and a mistyped argument answer at once.
    if arguments.command == "dashboard":
        return write_dashboards()
    return run(arguments) if arguments.command == "run" else create()


def create() -> int:
    """Create the schema, or bring it to the newest version."""
    from common.database import server_for
    from section4.config import CLUSTER, ROLES
    from section4.main import create

    logging.getLogger("yoyo").setLevel(logging.WARNING)  # it tells of each statement
    with server_for("section4", ROLES, CLUSTER) as server:
        versions = create(server)
    said = f"added {', '.join(versions)}" if versions else "is of the newest version"
    print(f"database {server.database}: {said}")
    return 0


def run(arguments: argparse.Namespace) -> int:
    """Ingest, then draw."""
    from section4.operator.drawing import draw

    config, request = section4_manage.requested(arguments)
    with section4_manage.server_of(arguments) as server:
        section4_manage.ingest(server, config, request)
        if not request.dry_run:
            countries = arguments.country or config.countries
            for path in draw(server, DRAWN if request.ask.countries is None else countries):
                print(f"  {path}")
    return 0


def write_dashboards() -> int:
    """Write a file a dashboard."""
    from section4.config import GRAFANA, QUERIES
    from section4.core.dashboard import dashboard_json
    from section4.core.panels import BOARDS

    for board in BOARDS:
        name = f"{board.uid}_dashboard.json"
        (GRAFANA / name).write_text(dashboard_json(board, QUERIES))
        print(f"section4/grafana/{name} is written")
    return 0


if __name__ == "__main__":
    options = parser().parse_args()
    cli.run(lambda: job(options))
