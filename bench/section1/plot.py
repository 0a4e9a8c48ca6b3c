"""Plots wall time and peak memory by number of rows, one line for each contender."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter

from bench.measure import Spread, Summary
from bench.section1.contenders import (
    DUCKDB,
    DUCKDB_COPY,
    IMPORTS,
    IO_BASELINE,
    PANDAS,
    PLAIN_PYSPARK,
    POLARS,
    SPARK,
    SPARK_COPY,
)
from bench.section1.report import short
from bench.section1.rounds import Size


class LineStyle(NamedTuple):
    """Line style of a contender. A copy has the colour of its engine."""

    color: str
    line: str = "-"
    width: float = 1.6
    marker: str = "o"


STYLES = {
    DUCKDB: LineStyle("#c75300", width=3),
    SPARK: LineStyle("#0060a8", width=3),
    POLARS: LineStyle("#00805c"),
    PANDAS: LineStyle("#a04a86"),
    DUCKDB_COPY: LineStyle("#c75300", "--"),
    SPARK_COPY: LineStyle("#0060a8", "--"),
    IO_BASELINE: LineStyle("#555555", ":"),
    IMPORTS: LineStyle("#555555", "none", marker="s"),
    PLAIN_PYSPARK: LineStyle("#0060a8", "none", marker="s"),
}


def draw(sizes: Mapping[int, Size], path: Path) -> None:
    """Write the plot as PNG."""
    with style.context(["default", {"font.family": "DejaVu Sans"}]):  # ignores the user's matplotlibrc
        figure = Figure(figsize=(12, 6), layout="constrained")
        wall, memory = figure.subplots(1, 2)
        _draw_panel(wall, "Wall time, seconds", sizes, lambda summary: summary.wall)
        _draw_panel(memory, "Peak memory of the process tree, MB", sizes, lambda summary: summary.peak_megabytes)
        figure.legend(*wall.get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False)
        figure.suptitle("Section 1: membership applications, by number of rows", fontsize=14, weight="bold")
        figure.savefig(path, dpi=100, facecolor="white")


def _draw_panel(axes: Axes, title: str, sizes: Mapping[int, Size], value: Callable[[Summary], Spread]) -> None:
    """Draw one measure: medians as lines, minimum to maximum as error bars."""
    for contender, line in STYLES.items():
        found = {rows: size.get(contender) for rows, size in sizes.items()}
        spreads = {rows: value(summary) for rows, summary in found.items() if isinstance(summary, Summary)}
        if spreads:
            axes.errorbar(
                list(spreads),
                [spread.median for spread in spreads.values()],
                [[s.median - s.low for s in spreads.values()], [s.high - s.median for s in spreads.values()]],
                fmt=line.marker,
                linestyle=line.line,
                color=line.color,
                linewidth=line.width,
                markersize=5,
                elinewidth=1.2,
                label=contender.name,
            )
    axes.set_title(title, loc="left")
    axes.set(xscale="log", yscale="log")
    axes.xaxis.set_major_locator(FixedLocator(list(sizes)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda rows, _: short(int(rows))))
    axes.xaxis.set_minor_locator(FixedLocator([]))
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda number, _: f"{number:,g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.grid(color="#e4e4e4", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
