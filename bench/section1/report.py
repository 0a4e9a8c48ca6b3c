"""Says what was measured: the section of RESULTS.md."""

from collections.abc import Mapping

from bench.measure import MEMORY, Spread, Summary
from bench.section1.contenders import FLOOR, OWN_COPY, POLARS, Contender
from bench.section1.kept import Measured
from bench.section1.rounds import Size
from bench.section1.source import FILES
from bench.section1.targets import targets_table
from common.results import table

SIZES = (5_000, 100_000, 1_000_000, 10_000_000)
HEADER = ("contender", "wall s", "CPU s", "peak MB", "to the floor", "to Polars", "to own copy")


def section(measured: Mapping[int, Measured]) -> str:
    """Return all that was measured as Markdown."""
    left_out = [short(rows) for rows in SIZES if rows not in measured]
    parts = [
        f"Applications in {FILES} plain CSV files. Interleaved runs of each contender: medians (least–most). "
        "Each run is a process of its own, start-up included. CPU: user and system time of the process tree. "
        f"Peak: {MEMORY}. Ratios: wall / CPU / peak. Floor: parsing every field with pyarrow, then writing as many "
        "bytes as the DuckDB engine writes, to the disk. Import floor: Python and the libraries of the DuckDB engine, "
        "without work.",
        f"Not measured yet: {', '.join(left_out)} rows." if left_out else "",
        *(
            f"### {short(rows)} rows\n\n{size_table(one.size)}\n\n{one.runs} runs. {one.origin}"
            for rows, one in measured.items()
        ),
        "![wall time and peak memory against rows](section1.png)",
        f"### Targets\n\n{targets_table(sizes_of(measured)) or 'No target has all its sizes measured.'}",
    ]
    return "\n\n".join(filter(None, parts))


def sizes_of(measured: Mapping[int, Measured]) -> dict[int, Size]:
    """Return what came of each size."""
    return {rows: one.size for rows, one in measured.items()}


def size_table(size: Size) -> str:
    """Return the contenders of one size, each with its ratios to the bases."""
    return table(HEADER, [_row(contender, size) for contender in size])


def _row(contender: Contender, size: Size) -> tuple[str, ...]:
    summary = size[contender]
    if isinstance(summary, str):
        return contender.name, summary, *("",) * 5
    peak = Spread(
        *(value / 1e6 for value in (summary.peak_bytes.median, summary.peak_bytes.low, summary.peak_bytes.high))
    )
    bases = (FLOOR, POLARS, OWN_COPY.get(contender))
    return (
        contender.name,
        _spread(summary.wall, 2),
        _spread(summary.cpu, 2),
        _spread(peak, 0),
        *(_ratios(summary, size.get(base) if base else None) for base in bases),
    )


def _spread(spread: Spread, digits: int) -> str:
    return f"{spread.median:.{digits}f} ({spread.low:.{digits}f}–{spread.high:.{digits}f})"


def _ratios(of: Summary, base: Summary | str | None) -> str:
    if not isinstance(base, Summary):
        return ""
    pairs = ((of.wall, base.wall), (of.cpu, base.cpu), (of.peak_bytes, base.peak_bytes))
    return " / ".join(f"{mine.median / theirs.median:.2f}" for mine, theirs in pairs)


def short(rows: int) -> str:
    """Write a number of rows as the command line takes it: 5k, 1M."""
    for unit, size in (("M", 1_000_000), ("k", 1_000)):
        if rows % size == 0:
            return f"{rows // size}{unit}"
    return str(rows)
