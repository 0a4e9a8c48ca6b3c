"""Panels as Vega-Lite charts, for the picture and the page."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from textwrap import wrap
from typing import Any, TypeAlias

from section4.core.panels import Panel, Shape

Chart: TypeAlias = dict[str, Any]
Rows: TypeAlias = Sequence[Sequence[object]]

BLUE, ORANGE = "#4e79a7", "#f28e2b"  # distinguishable by colour-blind readers too
EXTENT = 62  # width of the y axes, so that charts are aligned
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
INDEPENDENT = {"scale": {"color": "independent"}, "legend": {"color": "independent"}}
LONG = ("time", "metric", "value")


def chart(panel: Panel, description: str, columns: Sequence[str], rows: Rows) -> Chart:
    """Return the chart of a query result with one column per series, or with columns time, metric and value."""
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
        "title": {"text": panel.title, "subtitle": wrap(description, 160 if panel.wide else 75)},
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
    """Return the chart with shaded time spans: start, end, text."""
    values = [{"time": f"{start:%Y-%m-%d}", "end": f"{end:%Y-%m-%d}", "text": text} for start, end, text in gaps]
    spans = {
        "data": {"values": values},
        "mark": {"type": "rect", "opacity": 0.12, "color": "#b3261e"},
        "encoding": {"x": TIME, "x2": {"field": "end"}, "tooltip": {"field": "text", "type": "nominal"}},
    }
    return {**drawn, "layer": [spans, *drawn["layer"]]}


def _layer(panel: Panel, shape: Shape, series: Sequence[str], drawn: Sequence[str]) -> Chart:
    """Return the layer of the series with the same shape and axis."""
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
    """Return one data point, which covers a number of days."""
    assert isinstance(time, date)  # also true of datetime
    number = float(figure) if isinstance(figure, Decimal) else figure
    end = time + timedelta(days=days)
    return {"time": f"{time:%Y-%m-%d}", "end": f"{end:%Y-%m-%d}", "series": series, "value": number}


def picture(title: str, subtitle: str, is_doubtful: bool, charts: Sequence[Chart]) -> Chart:
    """Return all charts in one column, narrow ones in pairs."""
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
            rows.append({"hconcat": [drawn], "spacing": SPACING, "resolve": INDEPENDENT})
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
        "resolve": INDEPENDENT,
        "config": CONFIG,
        "vconcat": rows,
    }
