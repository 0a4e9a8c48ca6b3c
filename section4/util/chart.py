"""Panels as Vega-Lite charts: the picture and the page are drawn from these."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

from section4.util.panels import Panel, Shape

Chart: TypeAlias = dict[str, Any]
Rows: TypeAlias = Sequence[Sequence[object]]

BLUE, ORANGE = "#4e79a7", "#f28e2b"  # told apart by the colour-blind too
CONFIG = {
    "font": "Liberation Sans, Helvetica, Arial, sans-serif",
    "title": {"anchor": "start", "fontSize": 15, "subtitleColor": "#555555", "subtitleFontSize": 11},
    "axis": {"gridColor": "#e6e6e6", "labelColor": "#444444", "title": None},
    "legend": {"orient": "top", "title": None, "symbolType": "square"},
    "view": {"stroke": None},
}
TIME = {"field": "time", "type": "temporal", "timeUnit": "utcyearmonthdate", "axis": {"format": "%b %Y"}}
MARKS = {
    Shape.BARS: {"type": "bar", "opacity": 0.55, "tooltip": True},
    Shape.LINE: {"type": "line", "strokeWidth": 1.8, "tooltip": True},
}
LONG = ("time", "metric", "value")
WIDTH, HEIGHT, GAP = 460, 210, 40


def chart(panel: Panel, words: str, columns: Sequence[str], rows: Rows) -> Chart:
    """Return a panel's chart of what its question answers: a column a series, or time, metric and value."""
    if tuple(columns) == LONG:
        series = sorted({str(row[1]) for row in rows})
        values = [_value(row[0], str(row[1]), row[2]) for row in rows]
    else:
        series = list(columns[1:])
        values = [_value(row[0], name, figure) for row in rows for name, figure in zip(series, row[1:], strict=True)]
    kinds = [(panel.shapes.get(name, Shape.LINE), name == panel.right) for name in series]
    return {
        "title": {"text": panel.title, "subtitle": words},
        "width": WIDTH * 2 + GAP if panel.wide else WIDTH,
        "height": HEIGHT,
        "data": {"values": [value for value in values if value["value"] is not None]},
        "layer": [
            _layer(
                panel, shape, series, [name for name, its in zip(series, kinds, strict=True) if its == (shape, right)]
            )
            for shape, right in dict.fromkeys(kinds)
        ],
        "resolve": {"scale": {"y": "independent" if panel.right else "shared"}},
    }


def _layer(panel: Panel, shape: Shape, series: Sequence[str], drawn: Sequence[str]) -> Chart:
    """Return the marks of the series that are drawn alike."""
    axis = {"orient": "right" if panel.right in drawn else "left", **({"format": "%"} if panel.unit != "short" else {})}
    return {
        "transform": [{"filter": {"field": "series", "oneOf": list(drawn)}}],
        "mark": MARKS[shape],
        "encoding": {
            "x": TIME,
            "y": {"field": "value", "type": "quantitative", "axis": axis},
            "color": {"field": "series", "type": "nominal", "scale": _colors(series)},
        },
    }


def _colors(series: Sequence[str]) -> Chart:
    palette = [BLUE, ORANGE, "#59a14f", "#b07aa1", "#76b7b2", "#9c755f", "#bab0ac", "#e15759"]
    return {"domain": list(series), "range": palette[: len(series)] if len(series) <= len(palette) else palette}


def _value(time: object, series: str, figure: object) -> Chart:
    assert isinstance(time, date | datetime)
    number = float(figure) if isinstance(figure, Decimal) else figure
    return {"time": f"{time:%Y-%m-%d}", "series": series, "value": number}


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
            rows.append({"hconcat": [drawn], "spacing": GAP})
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
        "spacing": 28,
        "config": CONFIG,
        "vconcat": rows,
    }
