"""The Grafana dashboard, built from the panels' definitions."""

import json
from pathlib import Path

from grafana_foundation_sdk.builders import common, dashboard, stat, table, timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import common as drawing
from grafana_foundation_sdk.models import dashboard as model

from section4.util.panels import FRESHNESS, PANELS, RUNS, Panel, Question, Shape, question

UID = "covid"
DATASOURCE = model.DataSourceRef(type_val="grafana-postgresql-datasource", uid="covid-postgresql")
TITLE = "COVID-19 by country"
WIDE, HALF, HIGH, LOW = 24, 12, 9, 4
BLUE, ORANGE, RED, GREEN = "#4e79a7", "#f28e2b", "dark-red", "dark-green"
MAPPED = {"^SAMPLE.*$": RED, "^STALE.*$": RED, "^fresh$": GREEN}


class SqlQuery(Builder[Dataquery], Dataquery):
    """A statement, in the shape of Grafana's PostgreSQL data source."""

    def __init__(self, statement: str, kind: str) -> None:
        self._statement, self._kind = statement, kind

    def build(self) -> Dataquery:
        """Return it: it is built already."""
        return self

    def to_json(self) -> dict[str, object]:
        """Return it as the dashboard holds it."""
        return {
            "refId": "A",
            "datasource": DATASOURCE,
            "editorMode": "code",
            "format": self._kind,
            "rawQuery": True,
            "rawSql": self._statement,
        }


class SqlAnnotation(Builder[model.AnnotationTarget], model.AnnotationTarget):
    """The same for an annotation, which the library does not know."""

    def __init__(self, statement: str) -> None:
        super().__init__()
        self._query = SqlQuery(statement, "table")

    def build(self) -> model.AnnotationTarget:
        """Return it: it is built already."""
        return self

    def to_json(self) -> dict[str, object]:
        """Return it as the dashboard holds it."""
        return self._query.to_json()


def dashboard_json(folder: Path) -> str:
    """Return the dashboard whose questions stand in `folder`, as Grafana reads it from a file."""
    built = (
        dashboard.Dashboard(TITLE)
        .uid(UID)
        .description("What sources report, signed as they report it; averages are of seven days of the calendar.")
        .tags(["covid"])
        .readonly()
        .timezone("utc")
        .time("2020-01-01T00:00:00Z", "now")
        .refresh("1h")
        .timepicker(dashboard.TimePicker().refresh_intervals(["1m", "1h", "1d"]))
        .with_variable(_country(folder, "country", "Country", ["SG"], several=False))
        .with_variable(_country(folder, "compared", "Compared with", ["SG", "MY"], several=True))
        .annotation(_gaps(folder))
        .with_panel(_freshness(question(folder, FRESHNESS)))
    )
    for panel in PANELS:
        built.with_panel(_series(panel, question(folder, panel.name)))
    built.with_panel(_runs(question(folder, RUNS)))
    return json.dumps(built.build(), cls=JSONEncoder, indent=2, sort_keys=True) + "\n"


def _country(folder: Path, name: str, label: str, chosen: list[str], *, several: bool) -> dashboard.QueryVariable:
    current = model.VariableOption(text=chosen if several else chosen[0], value=chosen if several else chosen[0])
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(DATASOURCE)
        .query(question(folder, "country", "variable").statement)
        .refresh(model.VariableRefresh.ON_DASHBOARD_LOAD)
        .multi(several)
        .current(current)
    )


def _gaps(folder: Path) -> dashboard.AnnotationQuery:
    return (
        dashboard.AnnotationQuery()
        .name("Reporting gaps")
        .datasource(DATASOURCE)
        .enable(True)
        .icon_color(ORANGE)
        .target(SqlAnnotation(question(folder, "gaps", "annotation").statement))
    )


def _freshness(asked: Question) -> stat.Panel:
    mappings: list[model.ValueMapping] = [
        model.RegexMap(model.DashboardRegexMapOptions(pattern, model.ValueMappingResult(color=color)))
        for pattern, color in MAPPED.items()
    ]
    return (
        stat.Panel()
        .title("How fresh is this?")
        .description(asked.words)
        .datasource(DATASOURCE)
        .with_target(SqlQuery(asked.statement, "table"))
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).fields("/.*/"))
        .color_mode(drawing.BigValueColorMode.BACKGROUND_SOLID)
        .graph_mode(drawing.BigValueGraphMode.NONE)
        .text_mode(drawing.BigValueTextMode.VALUE_AND_NAME)
        .no_value("no figures of this country")
        .color_scheme(dashboard.FieldColor().mode(model.FieldColorModeId.FIXED).fixed_color("#5a6570"))
        .mappings(mappings)
        .height(LOW)
        .span(WIDE)
    )


def _series(panel: Panel, asked: Question) -> timeseries.Panel:
    legend = (
        common.VizLegendOptions()
        .display_mode(drawing.LegendDisplayMode.TABLE)
        .placement(drawing.LegendPlacement.BOTTOM)
        .show_legend(True)
        .calcs(["min", "max", "mean", "lastNotNull"])
    )
    built = (
        timeseries.Panel()
        .title(panel.title)
        .description(asked.words)
        .datasource(DATASOURCE)
        .with_target(SqlQuery(asked.statement, "time_series"))
        .unit(panel.unit)
        .legend(legend)
        .tooltip(common.VizTooltipOptions().mode(drawing.TooltipDisplayMode.MULTI))
        .show_points(drawing.VisibilityMode.NEVER)
        .line_width(2)
        .no_value("no figures in this time range")
        .height(HIGH)
        .span(WIDE if panel.wide else HALF)
    )
    for number, (column, shape) in enumerate(panel.shapes.items()):
        built.override_by_name(column, _properties(shape, first=number == 0, on_the_right=column == panel.right))
    return built


def _properties(shape: Shape, *, first: bool, on_the_right: bool) -> list[model.DynamicConfigValue]:
    bars = shape is Shape.BARS
    properties: dict[str, object] = {
        "custom.drawStyle": shape.value,
        "custom.fillOpacity": 40 if bars else 0,
        "color": {"mode": "fixed", "fixedColor": BLUE if first else ORANGE},
    }
    if on_the_right:
        properties["custom.axisPlacement"] = "right"
    return [model.DynamicConfigValue(name, value) for name, value in properties.items()]


def _runs(asked: Question) -> table.Panel:
    return (
        table.Panel()
        .title("Ingestion runs")
        .description(asked.words)
        .datasource(DATASOURCE)
        .with_target(SqlQuery(asked.statement, "table"))
        .no_value("no run yet")
        .show_header(True)
        .height(HIGH)
        .span(WIDE)
    )
