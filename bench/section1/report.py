"""The results as Markdown."""

from collections.abc import Mapping

from bench.measure import MEMORY, Summary
from bench.section1.contenders import IO_BASELINE, OWN_COPY, POLARS, Contender
from bench.section1.rounds import Size
from bench.section1.source import FILES
from bench.section1.store import Result
from bench.section1.targets import targets_table
from common.results import table

SIZES = (5_000, 100_000, 1_000_000, 10_000_000)
HEADER = ("contender", "wall s", "CPU s", "peak MB", "vs I/O baseline", "vs Polars", "vs own copy")
INTRODUCTION = f"""\
Input: applications in {FILES} plain CSV files. Each run is a new process, start-up included.
The contenders take turns. A cell is the median (minimum–maximum) of all runs.

- CPU: user and system time of the process tree. Peak: {MEMORY}.
- Ratios in the last three columns: wall / CPU / peak.
- I/O baseline: parses every field with pyarrow, then writes as many bytes as the DuckDB engine and flushes them.
- Import baseline: Python with the libraries of the DuckDB engine, without work.
- Plain PySpark: the same SQL with PySpark's default settings."""


def section(results: Mapping[int, Result]) -> str:
    """Return all results as one section of RESULTS.md."""
    missing = [short(rows) for rows in SIZES if rows not in results]
    parts = [
        INTRODUCTION,
        f"Not measured yet: {', '.join(missing)} rows." if missing else "",
        *(
            f"### {short(rows)} rows\n\n{size_table(result.size)}\n\nRuns: {result.runs}.\n{result.origin}"
            for rows, result in results.items()
        ),
        "![wall time and peak memory by number of rows](section1.png)",
        f"### Targets\n\n{targets_table(sizes_of(results)) or 'No target has results for all of its sizes.'}",
    ]
    return "\n\n".join(filter(None, parts))


def sizes_of(results: Mapping[int, Result]) -> dict[int, Size]:
    return {rows: result.size for rows, result in results.items()}


def size_table(size: Size) -> str:
    return table(HEADER, [_row(contender, size) for contender in size])


def _row(contender: Contender, size: Size) -> tuple[str, ...]:
    summary = size[contender]
    if isinstance(summary, str):
        return contender.name, summary, *("",) * 5
    bases = (IO_BASELINE, POLARS, OWN_COPY.get(contender))
    return (
        contender.name,
        summary.wall.text(),
        summary.cpu.text(),
        summary.peak_megabytes.text(0),
        *(_ratios(summary, size.get(base) if base else None) for base in bases),
    )


def _ratios(summary: Summary, base: Summary | str | None) -> str:
    if not isinstance(base, Summary):
        return ""
    pairs = ((summary.wall, base.wall), (summary.cpu, base.cpu), (summary.peak_bytes, base.peak_bytes))
    return " / ".join(f"{value.median / other.median:.2f}" for value, other in pairs)


def short(rows: int) -> str:
    """Return a number of rows as the command line takes it, such as 5k or 1M."""
    for unit, size in (("M", 1_000_000), ("k", 1_000)):
        if rows % size == 0:
            return f"{rows // size}{unit}"
    return str(rows)
