"""Draws wall time and peak memory against rows, a line a contender."""

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
    FLOOR,
    IMPORTS,
    PANDAS,
    POLARS,
    SPARK,
    SPARK_COPY,
    STOCK,
    Contender,
)
from bench.section1.report import short
from bench.section1.rounds import Size


class Look(NamedTuple):
    """How a contender is drawn; a bare copy has its engine's colour."""

    color: str
    line: str = "-"
    width: float = 1.6


LOOKS = {
    DUCKDB: Look("#c75300", width=3),
    SPARK: Look("#0060a8", width=3),
    POLARS: Look("#00805c"),
    PANDAS: Look("#a04a86"),
    DUCKDB_COPY: Look("#c75300", "--"),
    SPARK_COPY: Look("#0060a8", "--"),
    FLOOR: Look("#555555", ":"),
    IMPORTS: Look("#555555"),
    STOCK: Look("#0060a8"),
}
INK, GRID = "#222222", "#e4e4e4"
# What a line of a label takes of the axis.
LINE_HEIGHT = 0.045

Points = dict[Contender, list[tuple[int, Spread]]]


def draw(sizes: Mapping[int, Size], path: Path) -> None:
    """Write the picture."""
    with style.context(["default", {"font.family": "DejaVu Sans"}]):  # not the user's matplotlibrc
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
    """Draw one measure: medians as lines, least to most as bars."""
    _axes(axes, list(sizes))
    axes.set_title(title, loc="left", color=INK, fontsize=12)
    for contender, values in points.items():
        rows, spreads = zip(*values, strict=True)
        medians = [spread.median for spread in spreads]
        bars = [[s.median - s.low for s in spreads], [s.high - s.median for s in spreads]]
        look = LOOKS[contender]
        axes.plot(rows, medians, look.line, color=look.color, linewidth=look.width, marker="o", markersize=5)
        axes.errorbar(rows, medians, bars, fmt="none", ecolor=look.color, elinewidth=1.2)
    _labels(axes, points, max(sizes))


def _axes(axes: Axes, sizes: list[int]) -> None:
    """Mark the sizes that were run and plain numbers; leave room for the labels at the left."""
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
    """Name each line at its end; who was not run on the largest size is named at the left."""
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
                color=LOOKS[contender].color,
                fontsize=10.5,
                arrowprops={"arrowstyle": "-", "color": LOOKS[contender].color, "linewidth": 0.7, "shrinkB": 5},
            )


def apart(heights: list[float], gap: float) -> list[float]:
    """Move heights that are nearer than the gap away from each other, as little as it takes."""
    places = list(heights)
    order = sorted(range(len(places)), key=lambda number: places[number])
    for _ in range(500):
        for lower, upper in pairwise(order):
            push = max(0.0, gap - (places[upper] - places[lower])) / 2
            places[lower], places[upper] = places[lower] - push, places[upper] + push
    return places
