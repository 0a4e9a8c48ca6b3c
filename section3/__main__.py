"""Entry point of section 3: draws, checks and loads the architecture."""

import argparse

from common import cli

EXIT_CODES = """\
exit codes:
  0   all done
  1   a checker found something, or an image was lost
  2   bad usage, or a tool is lacking
"""


def parser() -> cli.Parser:
    """Return the commands and their arguments."""
    commands = cli.Parser(
        description="The image platform's architecture: its pictures, the checks of its template, its load.",
        example="python -m section3 simulate --rate 5000 --scenario burst",
        exit_codes=EXIT_CODES,
    )
    add = commands.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add.add_parser("pictures", help="draw section3_*_architecture.png anew; needs Graphviz")
    add.add_parser("check", help="let cfn-lint, checkov and our own rules read template.yaml")
    simulate = add.add_parser("simulate", help="load the write path at all rates; writes the figures and their plots")
    simulate.add_argument("--rate", type=int, metavar="N", help="this many images a minute alone; writes nothing")
    simulate.add_argument("--scenario", metavar="NAME", help="this scenario alone; writes nothing")
    return commands


def job(arguments: argparse.Namespace) -> int:
    """Run the command, return the exit code."""
    # Imported late, so that --help and a mistyped argument answer at once.
    if arguments.command == "pictures":
        from section3.operator import pictures

        told = "".join(f"{path.name} is written\n" for path in pictures.draw())
    elif arguments.command == "check":
        from section3.operator.checks import check

        told = "".join(f"{result}\n" for result in check())
    else:
        told = simulated(arguments.rate, arguments.scenario)
    cli.print_summary(told.rstrip("\n"))
    return 0


def simulated(rate: int | None, scenario: str | None) -> str:
    """Return the tables of one case, or of all, which are then written too."""
    from section3.operator import capacity

    is_all = rate is None and scenario is None
    return (capacity.make() if is_all else capacity.shown(rate, scenario)) + "\n"


if __name__ == "__main__":
    options = parser().parse_args()
    cli.run(lambda: job(options))
