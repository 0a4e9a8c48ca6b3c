"""Plots wall time and peak memory by number of rows, one line for each contender."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from math import log10
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
    Contender,
)
from bench.section1.report import short
from bench.section1.rounds import Size


class Style(NamedTuple):
    """Line style of a contender. A copy has the colour of its engine."""

    color: str
    line: str = "-"
    width: float = 1.6


STYLES = {
    DUCKDB: Style("#c75300", width=3),
    SPARK: Style("#0060a8", width=3),
    POLARS: Style("#00805c"),
    PANDAS: Style("#a04a86"),
    DUCKDB_COPY: Style("#c75300", "--"),
    SPARK_COPY: Style("#0060a8", "--"),
    IO_BASELINE: Style("#555555", ":"),
    IMPORTS: Style("#555555"),
    PLAIN_PYSPARK: Style("#0060a8"),
}
INK, GRID = "#222222", "#e4e4e4"
# Height of one line of a label, as a share of the axis.
LINE_HEIGHT = 0.045

Points = dict[Contender, list[tuple[int, Spread]]]


def draw(sizes: Mapping[int, Size], path: Path) -> None:
    """Write the plot as PNG."""
    with style.context(["default", {"font.family": "DejaVu Sans"}]):  # ignores the user's matplotlibrc
        _figure(sizes).savefig(path, dpi=100, facecolor="white")


def _figure(sizes: Mapping[int, Size]) -> Figure:
    figure = Figure(figsize=(12, 6), layout="constrained")
    wall, memory = figure.subplots(1, 2)
    _panel(wall, "Wall time, seconds", _points(sizes, lambda summary: summary.wall), sizes)
    _panel(memory, "Peak memory of the process tree, MB", _points(sizes, _megabytes), sizes)
    figure.suptitle("Section 1: membership applications, by number of rows", color=INK, fontsize=14, weight="bold")
    return figure


def _megabytes(summary: Summary) -> Spread:
    peak = summary.peak_bytes
    return Spread(peak.median / 1e6, peak.low / 1e6, peak.high / 1e6)


def _points(sizes: Mapping[int, Size], value: Callable[[Summary], Spread]) -> Points:
    points: Points = {}
    for rows, size in sizes.items():
        for contender, summary in size.items():
            if isinstance(summary, Summary):
                points.setdefault(contender, []).append((rows, value(summary)))
    return points


def _panel(axes: Axes, title: str, points: Points, sizes: Mapping[int, Size]) -> None:
    """Draw one measure: medians as lines, minimum to maximum as error bars."""
    _axes(axes, list(sizes))
    axes.set_title(title, loc="left", color=INK, fontsize=12)
    for contender, values in points.items():
        rows, spreads = zip(*values, strict=True)
        medians = [spread.median for spread in spreads]
        bars = [[s.median - s.low for s in spreads], [s.high - s.median for s in spreads]]
        style_ = STYLES[contender]
        axes.plot(rows, medians, style_.line, color=style_.color, linewidth=style_.width, marker="o", markersize=5)
        axes.errorbar(rows, medians, bars, fmt="none", ecolor=style_.color, elinewidth=1.2)
    _labels(axes, points, max(sizes))


def _axes(axes: Axes, sizes: list[int]) -> None:
    """Set ticks at the measured sizes, with room for labels on the left."""
    axes.set(xscale="log", yscale="log")
    decades = log10(max(sizes) / min(sizes)) or 1
    axes.set_xlim(min(sizes) / 10 ** (0.5 * decades), max(sizes) * 10 ** (0.04 * decades))
    axes.xaxis.set_major_locator(FixedLocator(sizes))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda rows, _: short(int(rows))))
    axes.xaxis.set_minor_locator(FixedLocator([]))
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK, length=0, which="both")
    axes.spines[:].set_visible(False)


def _labels(axes: Axes, points: Points, largest: int) -> None:
    """Label each line at its right end, or on the left if the contender was not run on the largest size."""
    low, high = (log10(limit) for limit in axes.get_ylim())
    left, right = (log10(limit) for limit in axes.get_xlim())
    for at_the_right in (True, False):
        ends = {name: values[-1] for name, values in points.items() if (values[-1][0] == largest) == at_the_right}
        values = [(log10(spread.median) - low) / (high - low) for _, spread in ends.values()]
        heights = apart(values, LINE_HEIGHT if at_the_right else 2 * LINE_HEIGHT)
        for (contender, (rows, spread)), height in zip(ends.items(), heights, strict=True):
            place = (log10(rows) - left) / (right - left) + (0.05 if at_the_right else -0.05)
            axes.annotate(
                contender.name if at_the_right else contender.name.replace(" ", "\n", 1),
                (rows, spread.median),
                (place, height),
                textcoords="axes fraction",
                horizontalalignment="left" if at_the_right else "right",
                verticalalignment="center",
                color=STYLES[contender].color,
                fontsize=10.5,
                arrowprops={"arrowstyle": "-", "color": STYLES[contender].color, "linewidth": 0.7, "shrinkB": 5},
            )


def apart(heights: list[float], gap: float) -> list[float]:
    """Move heights apart until no two are nearer than the gap."""
    positions = list(heights)
    order = sorted(range(len(positions)), key=lambda number: positions[number])
    for _ in range(500):
        for lower, upper in pairwise(order):
            push = max(0.0, gap - (positions[upper] - positions[lower])) / 2
            positions[lower], positions[upper] = positions[lower] - push, positions[upper] + push
    return positions
