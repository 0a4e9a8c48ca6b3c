"""Command line of section 3: draws, checks and simulates the image platform."""

import argparse
from collections.abc import Sequence

from common import cli

EXIT_CODES = """\
exit codes:
  0   done
  1   a check failed, or the simulation lost images
  2   usage or configuration error
"""


def main(argv: Sequence[str] | None = None) -> None:
    options = parser().parse_args(argv)
    cli.run(lambda: run_command(options))


def parser() -> cli.Parser:
    commands = cli.Parser(
        description="Architecture pictures, template checks and capacity simulation of the image platform.",
        example="python -m section3 simulate --rate 5000 --scenario burst",
        exit_codes=EXIT_CODES,
    )
    add = commands.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add.add_parser("pictures", help="redraw section3_*_architecture.png")
    add.add_parser("check", help="check template.yaml with cfn-lint, checkov and this project's rules")
    simulate = add.add_parser(
        "simulate", help="simulate the write path at all rates; writes resource/capacity.json and the plots"
    )
    simulate.add_argument("--rate", type=int, metavar="N", help="only this rate, in images per minute; writes nothing")
    simulate.add_argument("--scenario", metavar="NAME", help="only this scenario; writes nothing")
    return commands


def run_command(options: argparse.Namespace) -> int:
    """Run one command. Each imports only what it needs, so that --help stays fast."""
    if options.command == "pictures":
        from section3.operator import pictures

        lines = [f"wrote {path.name}" for path in pictures.draw()]
    elif options.command == "check":
        from section3.operator.checks import check

        lines = [str(result) for result in check()]
    else:
        from section3.main import simulate_all, simulate_selected

        selected = options.rate is not None or options.scenario is not None
        lines = [simulate_selected(options.rate, options.scenario) if selected else simulate_all()]
    cli.print_summary("\n".join(lines))
    return 0
