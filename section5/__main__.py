"""Entry point of section 5: the notebook on car prices, and its answer in a table."""

import argparse

from common import cli

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
    add = commands.add_subparsers(
        dest="command", required=True, metavar="COMMAND", parser_class=argparse.ArgumentParser
    )
    add.add_parser("notebook", help="execute the notebook in a clean kernel; writes it, its page and the key figures")
    add.add_parser("data", help="write section5/resource/ml/car.data from its four tables")
    predict = add.add_parser("predict", help="say which buying price a car most likely has, and how sure that is")
    for name in ("maint", "doors", "lug-boot", "safety", "class"):
        predict.add_argument(f"--{name}", required=True, metavar="VALUE", dest=name.replace("-", "_"))
    return commands


def job(arguments: argparse.Namespace) -> int:
    """Run the command, return the exit code."""
    # Imported late, so that --help and a mistyped argument answer at once.
    if arguments.command == "predict":
        predict({name: getattr(arguments, name) for name in ("maint", "doors", "lug_boot", "safety", "class")})
    elif arguments.command == "data":
        from section5.operator import cars

        cars.write()
    else:
        from section5.operator import notebook

        notebook.make()
        print("section5/car_buy_price_prediction.ipynb and .html are written")
    return 0


def predict(car: dict[str, str]) -> None:
    """Print the answer."""
    from section5.operator.cars import read
    from section5.util.answer import answered
    from section5.util.summary import told

    answer = answered(read(), car)
    cli.conclude(lambda: print(told(car, answer)))


if __name__ == "__main__":
    options = parser().parse_args()
    cli.run(lambda: job(options))
