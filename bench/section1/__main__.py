"""Section 1's benchmark: prints what it measured and writes it to RESULTS.md and section1.png."""

import argparse
import re

from bench import RESULTS
from bench.arguments import number_of_rows
from bench.section1 import kept
from bench.section1.plot import draw
from bench.section1.report import SIZES, section, short, sizes_of
from bench.section1.rounds import measured
from common.errors import JobError
from common.results import origin, write_section
from section1.operator.java import find_java

PLOT, KEPT = RESULTS.with_name("section1.png"), RESULTS.with_name("section1.json")
PACKAGES = ("duckdb", "pyspark", "polars", "pandas", "pyarrow")


def main() -> None:
    """Measure every size and say what came of it."""
    arguments = parser()
    options = arguments.parse_args()
    try:
        print(benchmark(sorted(set(options.rows)), options.runs))
    except JobError as error:
        arguments.exit(1, f"{error}\n")
    print(f"\nwrote {RESULTS} and {PLOT}")


def benchmark(numbers_of_rows: list[int], runs: int) -> str:
    """Measure these sizes, write down all that is known after each, and return it. Raises: JobError."""
    body = ""
    for rows in numbers_of_rows:
        size = measured(rows, runs)
        known = kept.add(KEPT, rows, kept.measured_now(origin(PACKAGES, java=find_java().version), runs, size))
        body = section(known)
        draw(sizes_of(known), PLOT)
        write_section(RESULTS, "Section 1", body)
    return body


def parser() -> argparse.ArgumentParser:
    """Return the arguments of the benchmark."""
    arguments = argparse.ArgumentParser(
        prog="python -m bench.section1",
        description="Run section 1's engines against Polars, pandas, bare copies and the floor.",
        epilog="sizes that are not run keep their figures\n\nexample: .venv/bin/python -m bench.section1 --rows 5k\n"
        "exit codes: 0 done, 1 failed, 2 bad usage",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    default = " ".join(map(short, SIZES))
    arguments.add_argument(
        "--rows", nargs="+", type=number_of_rows, default=SIZES, metavar="N", help=f"such as 20k; default: {default}"
    )
    arguments.add_argument(
        "--runs", type=number_of_runs, default=3, metavar="N", help="of each contender; default: %(default)s"
    )
    return arguments


def number_of_runs(text: str) -> int:
    """Return how often to run each contender."""
    if not re.fullmatch("[1-9][0-9]?", text):
        raise argparse.ArgumentTypeError(f"'{text}' is no number of runs (1 to 99)")
    return int(text)


if __name__ == "__main__":
    main()
