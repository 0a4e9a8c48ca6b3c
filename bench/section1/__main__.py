"""Benchmark of section 1: prints its figures and writes them to RESULTS.md and section1.png."""

from bench import EXIT_CODES, RESULTS
from bench.arguments import number_of_rows, number_of_runs
from bench.section1 import store
from bench.section1.plot import draw
from bench.section1.report import SIZES, section, short, sizes_of
from bench.section1.rounds import run_size
from common import cli
from common.results import origin, write_section
from section1.operator.java import find_java

PLOT, STORE = RESULTS.with_name("section1.png"), RESULTS.with_name("section1.json")
PACKAGES = ("duckdb", "pyspark", "polars", "pandas", "pyarrow")


def main() -> None:
    options = parser().parse_args()
    cli.run(lambda: benchmark(sorted(set(options.rows)), options.runs))


def benchmark(sizes: list[int], runs: int) -> int:
    """Measure these sizes, write all results after each, and print them. Return the exit code. Raises: JobError."""
    for rows in sizes:
        size = run_size(rows, runs)
        results = store.add(STORE, rows, store.Result.of(origin(PACKAGES, java=find_java().version), runs, size))
        body = section(results)
        draw(sizes_of(results), PLOT)
        write_section(RESULTS, "Section 1", body)
    print(f"{body}\n\nwrote {RESULTS} and {PLOT}")
    return 0


def parser() -> cli.Parser:
    arguments = cli.Parser(
        description="Compare section 1's engines with Polars, pandas, plain copies and I/O baselines."
        " Sizes that are not run keep their stored figures.",
        example=".venv/bin/python -m bench.section1 --rows 5k",
        exit_codes=EXIT_CODES,
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
