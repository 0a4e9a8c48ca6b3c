"""Grafana's dashboards, built from the panel definitions."""

import json
from collections.abc import Callable, Mapping
from typing import TypeAlias

from grafana_foundation_sdk.builders import common, dashboard, stat, table, timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import common as drawing
from grafana_foundation_sdk.models import dashboard as model

from section4.core.panels import Board, Panel, PanelQuery, Shape, Variable, View

DATASOURCE = model.DataSourceRef(type_val="grafana-postgresql-datasource", uid="covid-postgresql")
WIDE, HALF, HIGH, LOW = 24, 12, 9, 4
BLUE, ORANGE, TEAL, GREY = "#4e79a7", "#f28e2b", "#76b7b2", "#5a6570"
RED, GREEN = "dark-red", "dark-green"
COLORS, FILLED = (BLUE, ORANGE, TEAL), 40
MAPPED = {"^SAMPLE.*$": RED, "^STALE.*$": RED, "^no (batch|run) yet$": RED, "^fresh$": GREEN}
QueryOf: TypeAlias = Callable[[str, str], PanelQuery]
Built: TypeAlias = stat.Panel | timeseries.Panel | table.Panel


class SqlQuery(Builder[Dataquery], Dataquery):
    """A query of Grafana's PostgreSQL data source."""

    def __init__(self, sql: str, kind: str) -> None:
        self._sql, self._kind = sql, kind

    def build(self) -> Dataquery:
        return self

    def to_json(self) -> dict[str, object]:
        return {
            "refId": "A",
            "datasource": DATASOURCE,
            "editorMode": "code",
            "format": self._kind,
            "rawQuery": True,
            "rawSql": self._sql,
        }


class SqlAnnotation(Builder[model.AnnotationTarget], model.AnnotationTarget):
    """An annotation query, for which the library has no type."""

    def __init__(self, sql: str) -> None:
        super().__init__()
        self._query = SqlQuery(sql, "table")

    def build(self) -> model.AnnotationTarget:
        return self

    def to_json(self) -> dict[str, object]:
        return self._query.to_json()


def dashboard_json(board: Board, query_of: QueryOf) -> str:
    """Return the JSON of a dashboard. `query_of` returns a query by name and kind."""
    built = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .description(board.description)
        .tags([board.uid])
        .readonly()
        .timezone("utc")
        .time(board.time_from, "now")
        .refresh(board.refresh)
        .timepicker(dashboard.TimePicker().refresh_intervals(["1m", "1h", "1d"]))
    )
    for variable in board.variables:
        built.with_variable(_variable(variable, query_of))
    for title, name in board.annotations.items():
        built.annotation(_annotation(title, query_of(name, "annotation").sql))
    for panel in board.panels:
        built.with_panel(_panel(panel, query_of))
    return json.dumps(built.build(), cls=JSONEncoder, indent=2, sort_keys=True) + "\n"


def _variable(variable: Variable, query_of: QueryOf) -> dashboard.QueryVariable:
    default = list(variable.default) if variable.multiple else variable.default[0]
    return (
        dashboard.QueryVariable(variable.name)
        .label(variable.label)
        .datasource(DATASOURCE)
        .query(query_of("country", "variable").sql)
        .refresh(model.VariableRefresh.ON_DASHBOARD_LOAD)
        .multi(variable.multiple)
        .current(model.VariableOption(text=default, value=default))
    )


def _annotation(title: str, sql: str) -> dashboard.AnnotationQuery:
    return (
        dashboard.AnnotationQuery()
        .name(title)
        .datasource(DATASOURCE)
        .enable(True)
        .icon_color(ORANGE)
        .target(SqlAnnotation(sql))
    )


def _panel(panel: Panel, query_of: QueryOf) -> Built:
    query = query_of(panel.name, panel.kind)
    views: Mapping[View, Callable[[Panel], Built]] = {View.SERIES: _series, View.TILES: _tiles, View.TABLE: _table}
    built = views[panel.view](panel)
    kind = "time_series" if panel.view is View.SERIES else "table"
    return (
        built.title(panel.title)
        .description(query.description)
        .datasource(DATASOURCE)
        .with_target(SqlQuery(query.sql, kind))
        .no_value(panel.no_value)
        .span(WIDE if panel.wide else HALF)
    )


def _tiles(_: Panel) -> stat.Panel:
    mappings: list[model.ValueMapping] = [
        model.RegexMap(model.DashboardRegexMapOptions(pattern, model.ValueMappingResult(color=color)))
        for pattern, color in MAPPED.items()
    ]
    return (
        stat.Panel()
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).fields("/.*/"))
        .color_mode(drawing.BigValueColorMode.BACKGROUND_SOLID)
        .graph_mode(drawing.BigValueGraphMode.NONE)
        .text_mode(drawing.BigValueTextMode.VALUE_AND_NAME)
        .color_scheme(dashboard.FieldColor().mode(model.FieldColorModeId.FIXED).fixed_color(GREY))
        .mappings(mappings)
        .height(LOW)
    )


def _series(panel: Panel) -> timeseries.Panel:
    legend = (
        common.VizLegendOptions()
        .display_mode(drawing.LegendDisplayMode.TABLE)
        .placement(drawing.LegendPlacement.BOTTOM)
        .show_legend(True)
        .calcs(["min", "max", "mean", "lastNotNull"])
    )
    built = (
        timeseries.Panel()
        .unit(panel.unit)
        .legend(legend)
        .tooltip(common.VizTooltipOptions().mode(drawing.TooltipDisplayMode.MULTI))
        .show_points(drawing.VisibilityMode.NEVER)
        .line_width(2)
        .height(HIGH)
    )
    if panel.stacked:
        stacking = common.StackingConfig().mode(drawing.StackingMode.NORMAL)
        built.draw_style(drawing.GraphDrawStyle.BARS).fill_opacity(FILLED).stacking(stacking)
    for color, (column, shape) in zip(COLORS, panel.shapes.items(), strict=False):
        built.override_by_name(column, _properties(shape, color, on_the_right=column == panel.right))
    return built


def _table(_: Panel) -> table.Panel:
    return table.Panel().show_header(True).height(HIGH)


def _properties(shape: Shape, color: str, *, on_the_right: bool) -> list[model.DynamicConfigValue]:
    properties: dict[str, object] = {
        "custom.drawStyle": shape.value,
        "custom.fillOpacity": FILLED if shape is Shape.BARS else 0,
        "color": {"mode": "fixed", "fixedColor": color},
    }
    if on_the_right:
        properties["custom.axisPlacement"] = "right"
    return [model.DynamicConfigValue(name, value) for name, value in properties.items()]
