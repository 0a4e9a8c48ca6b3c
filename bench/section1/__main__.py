"""Benchmark of section 1: prints its figures and writes them to RESULTS.md and section1.png."""

import argparse

from bench import RESULTS
from bench.arguments import number_of_rows, number_of_runs
from bench.section1 import store
from bench.section1.plot import draw
from bench.section1.report import SIZES, section, short, sizes_of
from bench.section1.rounds import run_size
from common.errors import JobError
from common.results import origin, write_section
from section1.operator.java import find_java

PLOT, STORE = RESULTS.with_name("section1.png"), RESULTS.with_name("section1.json")
PACKAGES = ("duckdb", "pyspark", "polars", "pandas", "pyarrow")


def main() -> None:
    """Run the benchmark for each size."""
    arguments = parser()
    options = arguments.parse_args()
    try:
        print(benchmark(sorted(set(options.rows)), options.runs))
    except JobError as error:
        arguments.exit(1, f"{arguments.prog}: {error}\n")
    print(f"\nwrote {RESULTS} and {PLOT}")


def benchmark(sizes: list[int], runs: int) -> str:
    """Measure these sizes, write all results after each, and return them as Markdown. Raises: JobError."""
    body = ""
    for rows in sizes:
        size = run_size(rows, runs)
        results = store.add(STORE, rows, store.Result.of(origin(PACKAGES, java=find_java().version), runs, size))
        body = section(results)
        draw(sizes_of(results), PLOT)
        write_section(RESULTS, "Section 1", body)
    return body


def parser() -> argparse.ArgumentParser:
    """Return the argument parser."""
    arguments = argparse.ArgumentParser(
        prog="python -m bench.section1",
        description="Compare section 1's engines with Polars, pandas, plain copies and I/O baselines.",
        epilog="Sizes that are not run keep their stored figures.\n\n"
        "example: .venv/bin/python -m bench.section1 --rows 5k\n"
        "exit codes: 0 done, 1 failed, 2 usage error",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    default = " ".join(map(short, SIZES))
    arguments.add_argument(
        "--rows", nargs="+", type=number_of_rows, default=SIZES, metavar="N", help=f"sizes; default: {default}"
    )
    arguments.add_argument(
        "--runs", type=number_of_runs, default=3, metavar="N", help="runs of each contender; default: %(default)s"
    )
    return arguments


if __name__ == "__main__":
    main()
