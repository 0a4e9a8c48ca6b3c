"""Panels as Vega-Lite charts: the picture and the page are drawn from these."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from textwrap import wrap
from typing import Any, TypeAlias

from section4.core.panels import Panel, Shape

Chart: TypeAlias = dict[str, Any]
Rows: TypeAlias = Sequence[Sequence[object]]

BLUE, ORANGE = "#4e79a7", "#f28e2b"  # told apart by the colour-blind too
EXTENT = 62  # of the axes at the side, so that charts stand in line
WIDTH, HEIGHT, SPACING = 440, 210, 30
CONFIG = {
    "font": "Liberation Sans, Helvetica, Arial, sans-serif",
    "title": {
        "anchor": "start",
        "frame": "group",
        "offset": 8,
        "fontSize": 15,
        "subtitleColor": "#555555",
        "subtitleFontSize": 11,
    },
    "axisY": {"minExtent": EXTENT, "maxExtent": EXTENT},
    "axis": {"gridColor": "#e6e6e6", "labelColor": "#444444", "title": None},
    "legend": {"orient": "top", "title": None, "symbolType": "square"},
    "view": {"stroke": None},
}
TIME = {
    "field": "time",
    "type": "temporal",
    "scale": {"type": "utc"},
    "axis": {"format": "%b %Y", "labelOverlap": True},
}
MARKS = {
    Shape.BARS: {"type": "rect", "opacity": 0.55, "tooltip": True},
    Shape.LINE: {"type": "line", "strokeWidth": 1.8, "tooltip": True},
}
APART = {"scale": {"color": "independent"}, "legend": {"color": "independent"}}
LONG = ("time", "metric", "value")


def chart(panel: Panel, words: str, columns: Sequence[str], rows: Rows) -> Chart:
    """Return a panel's chart of what its question answers: a column a series, or time, metric and value."""
    if tuple(columns) == LONG:
        series = sorted({str(row[1]) for row in rows})
        values = [_value(row[0], str(row[1]), row[2], panel.bar_days) for row in rows]
    else:
        series = list(columns[1:])
        values = [
            _value(row[0], name, figure, panel.bar_days)
            for row in rows
            for name, figure in zip(series, row[1:], strict=True)
        ]
    kinds = [(panel.shapes.get(name, Shape.LINE), name == panel.right) for name in series]
    return {
        "title": {"text": panel.title, "subtitle": wrap(words, 160 if panel.wide else 75)},
        "width": WIDTH * 2 + EXTENT + SPACING if panel.wide else WIDTH,
        "height": HEIGHT,
        "data": {"values": values},
        "layer": [
            _layer(
                panel, shape, series, [name for name, its in zip(series, kinds, strict=True) if its == (shape, right)]
            )
            for shape, right in dict.fromkeys(kinds)
        ],
        "resolve": {"scale": {"y": "independent" if panel.right else "shared"}},
    }


def annotated(drawn: Chart, gaps: Rows) -> Chart:
    """Return a chart with the spans of time that its readers must know of: from, until, why."""
    values = [{"time": f"{start:%Y-%m-%d}", "end": f"{end:%Y-%m-%d}", "why": why} for start, end, why in gaps]
    spans = {
        "data": {"values": values},
        "mark": {"type": "rect", "opacity": 0.12, "color": "#b3261e"},
        "encoding": {"x": TIME, "x2": {"field": "end"}, "tooltip": {"field": "why", "type": "nominal"}},
    }
    return {**drawn, "layer": [spans, *drawn["layer"]]}


def _layer(panel: Panel, shape: Shape, series: Sequence[str], drawn: Sequence[str]) -> Chart:
    """Return the marks of the series that are drawn alike."""
    axis = {"orient": "right" if panel.right in drawn else "left", **({"format": "%"} if panel.unit != "short" else {})}
    return {
        "transform": [{"filter": {"field": "series", "oneOf": list(drawn)}}],
        "mark": MARKS[shape],
        "encoding": {
            "x": TIME,
            **({"x2": {"field": "end"}, "y2": {"datum": 0}} if shape is Shape.BARS else {}),
            "y": {"field": "value", "type": "quantitative", "axis": axis},
            "color": {"field": "series", "type": "nominal", "scale": _colors(series)},
        },
    }


def _colors(series: Sequence[str]) -> Chart:
    palette = [BLUE, ORANGE, "#59a14f", "#b07aa1", "#76b7b2", "#9c755f", "#bab0ac", "#e15759"]
    return {"domain": list(series), "range": palette[: len(series)] if len(series) <= len(palette) else palette}


def _value(time: object, series: str, figure: object, days: int) -> Chart:
    """Return a figure of a series, from its day to the end of what it is the figure of."""
    assert isinstance(time, date)  # a moment is one, too
    number = float(figure) if isinstance(figure, Decimal) else figure
    end = time + timedelta(days=days)
    return {"time": f"{time:%Y-%m-%d}", "end": f"{end:%Y-%m-%d}", "series": series, "value": number}


def picture(title: str, subtitle: str, is_doubtful: bool, charts: Sequence[Chart]) -> Chart:
    """Return all charts one below another, two side by side where they are half as wide."""
    rows: list[Chart] = []
    for drawn in charts:
        if (
            rows
            and drawn["width"] == WIDTH
            and rows[-1]["hconcat"][-1]["width"] == WIDTH
            and len(rows[-1]["hconcat"]) < 2
        ):
            rows[-1]["hconcat"].append(drawn)
        else:
            rows.append({"hconcat": [drawn], "spacing": SPACING, "resolve": APART})
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "title": {
            "text": title,
            "subtitle": subtitle,
            "fontSize": 22,
            "subtitleFontSize": 15,
            "subtitleFontWeight": "bold",
            "subtitleColor": "#b3261e" if is_doubtful else "#2e7d32",
            "offset": 18,
        },
        "background": "white",
        "padding": 20,
        "spacing": 30,
        "resolve": APART,
        "config": CONFIG,
        "vconcat": rows,
    }
