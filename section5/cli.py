"""Command line of section 5: predict a car's buying price, build the notebook."""

import argparse
from collections.abc import Sequence

from common import cli
from section5.config import FEATURES
from section5.core.car_data import VALUES

EXIT_CODES = """\
exit codes:
  0   done
  1   failed, no file was changed
  2   usage error, such as a value that the data set does not have
"""


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line. Exit codes: see EXIT_CODES."""
    options = parser().parse_args(argv)
    cli.run(lambda: run(options))


def parser() -> cli.Parser:
    """Return the parser with its three commands."""
    commands = cli.Parser(
        description="Predict a car's buying price from the Car Evaluation data set.",
        example="python -m section5 predict --maint high --doors 4 --lug-boot big --safety high --class good",
        exit_codes=EXIT_CODES,
    )
    add = commands.add_subparsers(dest="command", required=True, metavar="COMMAND")
    predict = add.add_parser("predict", help="print the most probable buying price of a car and how certain it is")
    for name in FEATURES:
        values = VALUES[name]
        option = f"--{name.replace('_', '-')}"
        predict.add_argument(option, required=True, metavar="VALUE", choices=values, help=", ".join(values))
    add.add_parser("notebook", help="execute the notebook; write it, its HTML page and key_figures.json (1 minute)")
    add.add_parser("data", help="write section5/resource/ml/car.data")
    return commands


def run(options: argparse.Namespace) -> int:
    """Run one command and return its exit code. Imports are late, so that --help stays fast."""
    match options.command:
        case "predict":
            from section5.main import predict

            report = predict({name: getattr(options, name) for name in FEATURES})
        case "notebook":
            from section5.operator.notebook import build

            report = build()
        case _:
            from section5.operator.dataset import write_cars

            report = write_cars()
    cli.print_summary(report)
    return 0
