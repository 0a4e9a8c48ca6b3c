"""Panel definitions, shared by Grafana's dashboards and the drawn page: an SQL query, a title, a shape."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

FRESHNESS = "freshness"
RUNS = "runs"
ANNOTATED = "daily_cases"  # the page shows the annotations on this panel only, Grafana on all


class Shape(Enum):
    """The mark of a series."""

    BARS = "bars"
    LINE = "line"


class View(Enum):
    """The kind of a panel."""

    SERIES = "time_series"
    TILES = "tiles"
    TABLE = "table"


@dataclass(frozen=True)
class Panel:
    """A query's result: each column of a time series with its shape, or stacked; `right` has a separate axis."""

    name: str
    title: str
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    right: str | None = None
    unit: str = "short"
    bar_days: int = 1
    wide: bool = False
    view: View = View.SERIES
    stacked: bool = False
    kind: str = "panel"
    no_value: str = "no figures in this time range"


@dataclass(frozen=True)
class Variable:
    """A dashboard variable: countries that the reader selects."""

    name: str
    label: str
    default: Sequence[str]
    multiple: bool


@dataclass(frozen=True)
class Board:
    """A dashboard: its panels in order, its initial time range and refresh interval."""

    uid: str
    title: str
    description: str
    time_from: str
    refresh: str
    panels: Sequence[Panel]
    variables: Sequence[Variable] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)


AVERAGED = {"Reported": Shape.BARS, "7-day average": Shape.LINE}
PANELS: Sequence[Panel] = (
    Panel("daily_cases", "Confirmed cases per day", AVERAGED, wide=True),
    Panel("weekly_totals", "Confirmed cases per week", {"Cases": Shape.BARS}, bar_days=7),
    Panel("deaths", "Deaths per day", AVERAGED),
    Panel("growth", "Weekly growth", {"Change to a week before": Shape.LINE}, unit="percentunit"),
    Panel("cumulative", "Cumulative cases and deaths", {"Cases": Shape.LINE, "Deaths": Shape.LINE}, right="Deaths"),
    Panel("comparison", "Countries compared: cases, 7-day average", wide=True),
)
FRESH = Panel(FRESHNESS, "Data freshness", view=View.TILES, wide=True, no_value="no figures for this country")
INGESTED = Panel(RUNS, "Ingestion runs", view=View.TABLE, wide=True, no_value="no run yet")
COVID = Board(
    uid="covid",
    title="COVID-19 by country",
    description="Figures as the sources report them, with negative corrections; averages cover seven calendar days.",
    time_from="2020-01-01T00:00:00Z",
    refresh="1h",
    panels=(FRESH, *PANELS, INGESTED),
    variables=(
        Variable("country", "Country", ["SG"], multiple=False),
        Variable("compared", "Compared with", ["SG", "MY"], multiple=True),
    ),
    annotations={"Reporting gaps": "gaps"},
)

COUNTED = {"Successful": Shape.BARS, "Unsuccessful": Shape.BARS}
FILES = {"Read": Shape.LINE, "Refused": Shape.LINE, "Skipped": Shape.LINE}
CHANGES = {"Inserted": Shape.BARS, "Changed": Shape.BARS}
PIPELINE = Board(
    uid="pipeline",
    title="Pipeline health",
    description="Section 1's hourly batches, from their reports, and section 4's daily ingestion; all times are UTC.",
    time_from="now-7d",
    refresh="1m",
    panels=(
        Panel("freshness", "Applications: last batch", view=View.TILES, kind="pipeline"),
        Panel("last_ingestion", "COVID-19: last ingestion", view=View.TILES, kind="pipeline"),
        Panel("totals", "Batches in this time range", view=View.TILES, wide=True, kind="pipeline"),
        Panel("applications", "Applications by hour", COUNTED, stacked=True, wide=True, kind="pipeline"),
        Panel("reasons", "Unsuccessful applications by reason", stacked=True, kind="pipeline"),
        Panel(
            "unsuccessful_share",
            "Share of unsuccessful applications",
            {"Unsuccessful": Shape.LINE},
            unit="percentunit",
            kind="pipeline",
        ),
        Panel("files", "Files", FILES, right="Skipped", kind="pipeline"),
        Panel("seconds", "Run time", unit="s", kind="pipeline"),
        Panel(
            "batches", "Batches", view=View.TABLE, wide=True, kind="pipeline", no_value="no batch in this time range"
        ),
        Panel(
            "ingestion",
            "COVID-19: days added or changed",
            CHANGES,
            stacked=True,
            wide=True,
            kind="pipeline",
        ),
        INGESTED,
    ),
)
BOARDS: Sequence[Board] = (COVID, PIPELINE)


@dataclass(frozen=True)
class PanelQuery:
    """SQL with Grafana's macros, and its leading comment as a description."""

    description: str
    sql: str


def parse_query(text: str) -> PanelQuery:
    comments = [line for line in text.splitlines() if line.startswith("--")]
    return PanelQuery(" ".join(line.removeprefix("--").strip() for line in comments), text)
