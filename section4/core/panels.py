"""The dashboards' panels, one definition for Grafana and the page: a question in SQL, a title, a shape."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

FRESHNESS = "freshness"
RUNS = "runs"
ANNOTATED = "daily_cases"  # the page shows what Grafana shows on all of them


class Shape(Enum):
    """How a column is drawn."""

    BARS = "bars"
    LINE = "line"


class View(Enum):
    """How an answer is shown."""

    SERIES = "time_series"
    TILES = "tiles"
    TABLE = "table"


@dataclass(frozen=True)
class Panel:
    """A question's answer: each column of a time series by its shape, or stacked; `right` has an axis of its own."""

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
    without: str = "no figures in this time range"


@dataclass(frozen=True)
class Variable:
    """What a dashboard's reader chooses: countries."""

    name: str
    label: str
    chosen: Sequence[str]
    several: bool


@dataclass(frozen=True)
class Board:
    """A dashboard: its panels in their order, the time that it shows at first, how often it asks anew."""

    uid: str
    title: str
    words: str
    since: str
    refresh: str
    panels: Sequence[Panel]
    variables: Sequence[Variable] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)


AVERAGED = {"Reported": Shape.BARS, "7-day average": Shape.LINE}
PANELS: Sequence[Panel] = (
    Panel("daily_cases", "Confirmed cases a day", AVERAGED, wide=True),
    Panel("weekly_totals", "Confirmed cases a week", {"Cases": Shape.BARS}, bar_days=7),
    Panel("deaths", "Deaths a day", AVERAGED),
    Panel("growth", "Growth within a week", {"Against a week before": Shape.LINE}, unit="percentunit"),
    Panel("cumulative", "Cases and deaths so far", {"Cases": Shape.LINE, "Deaths": Shape.LINE}, right="Deaths"),
    Panel("comparison", "Countries compared, 7-day averages of cases", wide=True),
)
FRESH = Panel(FRESHNESS, "How fresh is this?", view=View.TILES, wide=True, without="no figures of this country")
INGESTED = Panel(RUNS, "Ingestion runs", view=View.TABLE, wide=True, without="no run yet")
COVID = Board(
    uid="covid",
    title="COVID-19 by country",
    words="What sources report, signed as they report it; averages are of seven days of the calendar.",
    since="2020-01-01T00:00:00Z",
    refresh="1h",
    panels=(FRESH, *PANELS, INGESTED),
    variables=(
        Variable("country", "Country", ["SG"], several=False),
        Variable("compared", "Compared with", ["SG", "MY"], several=True),
    ),
    annotations={"Reporting gaps": "gaps"},
)

COUNTED = {"Successful": Shape.BARS, "Unsuccessful": Shape.BARS}
FILES = {"Read": Shape.LINE, "Refused": Shape.LINE, "Skipped": Shape.LINE}
CHANGES = {"Inserted": Shape.BARS, "Changed": Shape.BARS}
PIPELINE = Board(
    uid="pipeline",
    title="Pipeline health",
    words="Section 1's hourly batches, by their own reports, and section 4's daily ingestion; all times are UTC.",
    since="now-7d",
    refresh="1m",
    panels=(
        Panel("freshness", "Applications: last batch", view=View.TILES, kind="pipeline"),
        Panel("last_ingestion", "COVID-19: last ingestion", view=View.TILES, kind="pipeline"),
        Panel("totals", "Batches in this time range", view=View.TILES, wide=True, kind="pipeline"),
        Panel("applications", "Applications by hour", COUNTED, stacked=True, wide=True, kind="pipeline"),
        Panel("reasons", "Reasons why they were unsuccessful", stacked=True, kind="pipeline"),
        Panel(
            "unsuccessful_share",
            "Share of unsuccessful applications",
            {"Unsuccessful": Shape.LINE},
            unit="percentunit",
            kind="pipeline",
        ),
        Panel("files", "Files", FILES, right="Skipped", kind="pipeline"),
        Panel("seconds", "Seconds that runs took", unit="s", kind="pipeline"),
        Panel("batches", "Batches", view=View.TABLE, wide=True, kind="pipeline", without="no batch in this time range"),
        Panel("ingestion", "COVID-19: days that ingestions brought", CHANGES, stacked=True, wide=True, kind="pipeline"),
        INGESTED,
    ),
)
BOARDS: Sequence[Board] = (COVID, PIPELINE)


@dataclass(frozen=True)
class Question:
    """A statement as Grafana takes it, with what it asks in words."""

    words: str
    statement: str


def question(folder: Path, name: str, kind: str = "panel") -> Question:
    """Return the question of a panel, from its file."""
    text = (folder / f"section4_{kind}_{name}.sql").read_text()
    comments = [line for line in text.splitlines() if line.startswith("--")]
    return Question(" ".join(line.removeprefix("--").strip() for line in comments), text)
