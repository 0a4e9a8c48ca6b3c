"""Plots of latency, queue and cost, readable in print and by colour-blind people."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from common.config import load
from common.picture import mark_png
from section3.capacity.cost import COMPONENTS
from section3.capacity.model import SCENARIOS, Model, Scenario, Window
from section3.capacity.report import NAMES
from section3.capacity.results import Results
from section3.capacity.sizing import planned_tasks
from section3.config import MODEL, SECTION

COLORS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7")  # Okabe-Ito palette
MARKERS = ("o", "s", "^", "D")
GREY = "#666666"
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
}
FAULTS: tuple[Scenario, ...] = ("burst", "zone_outage", "kafka_backlog")
TICKS = {1: "1 s", 10: "10 s", 60: "1 min", 300: "5 min", 600: "10 min"}
LATENCY, QUEUE, COST = (f"section3_capacity_{name}.png" for name in ("latency", "queue", "cost"))


def draw(results: Results, source: str, directory: Path = SECTION) -> None:
    """Write the three plots; `source` is the text of the results, whose hash they record."""
    with style.context(["default", STYLE]):  # ignores the user's matplotlibrc
        figures = {LATENCY: latency(results), QUEUE: queue(results, load(Model, MODEL)), COST: cost(results)}
        for name, figure in figures.items():
            _write(directory / name, figure, source)


def latency(results: Results) -> Figure:
    """Draw latency percentiles by rate, one panel per scenario."""
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    panels = figure.subplots(1, len(SCENARIOS), sharey=True)
    rates = [bill.rate for bill in results.bills]
    percents = [name for name in results.outcomes[0].latency if name[1:2].isdigit() and "_" not in name]
    for panel, scenario in zip(panels, SCENARIOS, strict=True):
        for percent, color, marker in zip(percents, COLORS, MARKERS, strict=True):
            seconds = [results.outcome(rate, scenario).latency[percent] for rate in rates]
            panel.plot(range(len(rates)), seconds, color=color, marker=marker, label=percent)
        panel.set_title(NAMES[scenario], loc="left")
        panel.set_xticks(range(len(rates)), [_short(rate) for rate in rates])
        panel.margins(x=0.12)
    panels[0].set_yscale("log")
    panels[0].set_ylim(1, 900)
    panels[0].set_yticks(list(TICKS), list(TICKS.values()))
    panels[0].set_yticks([], minor=True)
    panels[0].set_ylabel("time from stored image to record")
    figure.supxlabel("images per minute", fontsize=10)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper right", ncols=4, frameon=False)
    return figure


def queue(results: Results, model: Model) -> Figure:
    """Draw queue and tasks over time, one column per fault; relative to the rate, so that rates are comparable."""
    figure = Figure(figsize=(10, 6), layout="constrained")
    panels = figure.subplots(2, len(FAULTS), sharex=True)
    rates = [bill.rate for bill in results.bills][1:]
    for column, scenario in enumerate(FAULTS):
        above, below = panels[0][column], panels[1][column]
        for rate, color in zip(rates, COLORS, strict=False):
            _timeline(above, below, results, model, rate, scenario, color)
        window: Window = getattr(model.scenarios, scenario)
        for panel in (above, below):
            panel.axvspan(window.start, window.start + window.length, color=GREY, alpha=0.12, linewidth=0)
        above.set_title(NAMES[scenario], loc="left")
        below.set_xlabel("minutes")
        below.set_ylim(0, 110 if scenario != "burst" else 440)
    panels[0][0].set_ylabel("waiting, in seconds of\narrivals at the usual rate")
    panels[1][0].set_ylabel("tasks, in % of the planned tasks")
    panels[0][0].set_xlim(0, model.scenarios.minutes)
    panels[0][-1].plot([], [], color=GREY, linestyle="--", label="in Kafka, not yet in the queue")
    handles, labels = panels[0][-1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(rates) + 1, frameon=False)
    return figure


def _timeline(
    above: Axes, below: Axes, results: Results, model: Model, rate: int, scenario: Scenario, color: str
) -> None:
    """Draw the queue of one rate (Kafka topic: dashed) above, its tasks below."""
    outcome = results.outcome(rate, scenario)
    line, part = outcome.timeline, rate / outcome.slices
    minutes = [index * line.seconds / 60 for index in range(len(line.tasks))]
    above.plot(minutes, [60 * count / part for count in line.waiting], color=color, label=f"{rate:,} per minute")
    if scenario == "kafka_backlog":
        above.plot(minutes, [60 * count / part for count in line.kafka_lag], color=color, linestyle="--")
    below.plot(minutes, [100 * count / planned_tasks(model, part) for count in line.tasks], color=color)


def cost(results: Results) -> Figure:
    """Draw the cost of a million images, one row per component, one point per rate."""
    figure = Figure(figsize=(10, 8), layout="constrained")
    panel = figure.subplots()
    bills = [(bill, bill.per_million()) for bill in results.bills]
    thousand = bills[1][1]
    rows = sorted(COMPONENTS, key=lambda component: thousand[component])
    _lines(panel, rows, [part for _, part in bills])
    shifts = (0.3, 0.1, -0.1, -0.3)  # so that equal points do not hide each other
    for (bill, part), color, marker, shift in zip(bills, COLORS, MARKERS, shifts, strict=True):
        label = rf"{bill.rate:,} per minute: \${sum(part.values()):,.0f} per million, \${bill.month:,.0f} per month"
        values = [part[component] for component in rows]
        heights = [row + shift for row in range(len(rows))]
        panel.scatter(values, heights, color=color, marker=marker, s=30, label=label, zorder=3)
    panel.set_xscale("log")
    panel.set_xticks([0.1, 1, 10, 100, 1000], [r"\$0.10", r"\$1", r"\$10", r"\$100", r"\$1,000"])
    panel.set_yticks(range(len(rows)), rows)
    panel.grid(axis="y", visible=False)
    panel.set_xlabel("dollars per million images")
    panel.legend(loc="lower right", frameon=True, framealpha=1)
    return figure


def _lines(panel: Axes, rows: Sequence[str], parts: Sequence[dict[str, float]]) -> None:
    """Connect the points of each row."""
    for row, component in enumerate(rows):
        values = [part[component] for part in parts]
        panel.plot([min(values), max(values)], [row, row], color=GREY, linewidth=1, alpha=0.5)


def _short(rate: int) -> str:
    return f"{rate // 1_000_000}M" if rate >= 1_000_000 else f"{rate // 1_000}k" if rate >= 1_000 else f"{rate}"


def _write(path: Path, figure: Figure, source: str) -> None:
    """Write a plot that records the hash of its source."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=130, metadata={"Software": ""})
    path.write_bytes(mark_png(buffer.getvalue(), source))
