"""Entry point of section 5: the notebook on car prices, and its answer in a table."""

import argparse
import time

from common import cli
from section5.config import ASKED

EXIT_CODES = """\
exit codes:
  0   all done
  1   failed
  2   bad usage, or a value that the data does not have
"""


def parser() -> cli.Parser:
    """Return the commands and their arguments."""
    commands = cli.Parser(
        description="What a car was bought for, as far as that can be known from the Car Evaluation data.",
        example="python -m section5 predict --maint high --doors 4 --lug-boot big --safety high --class good",
        exit_codes=EXIT_CODES,
        prog="section5",
    )
    add = commands.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=cli.Command)
    add.add_parser("notebook", help="execute the notebook in a clean kernel; writes it, its page and the key figures")
    add.add_parser("data", help="write section5/resource/ml/car.data from its four tables")
    predict = add.add_parser("predict", help="say which buying price a car most likely has, and how sure that is")
    for name in ASKED:
        predict.add_argument(f"--{name.replace('_', '-')}", required=True, metavar="VALUE", dest=name)
    return commands


def job(arguments: argparse.Namespace) -> int:
    """Run the command, return the exit code."""
    # Imported late, so that --help and a mistyped argument answer at once.
    if arguments.command == "predict":
        predict({name: getattr(arguments, name) for name in ASKED})
    elif arguments.command == "data":
        from section5.operator import cars

        cars.write()
    else:
        from section5.operator import notebook

        started = time.monotonic()
        notebook.make()
        seconds = time.monotonic() - started
        cli.conclude(lambda: print(f"the notebook, its page and its key figures are written after {seconds:.0f} s"))
    return 0


def predict(car: dict[str, str]) -> None:
    """Print the answer."""
    from section5.core.answer import answered
    from section5.core.summary import told
    from section5.operator.cars import read

    answer = answered(read(), car)
    cli.conclude(lambda: print(told(car, answer)))


if __name__ == "__main__":
    options = parser().parse_args()
    cli.run(lambda: job(options))
