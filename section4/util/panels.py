"""The dashboard's panels, one definition for Grafana and the page: a question in SQL, a title, a shape."""

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


@dataclass(frozen=True)
class Panel:
    """A time series: each column of its question by its shape; `right` has an axis of its own."""

    name: str
    title: str
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    right: str | None = None
    unit: str = "short"
    bar_days: int = 1
    wide: bool = False


AVERAGED = {"Reported": Shape.BARS, "7-day average": Shape.LINE}
PANELS: Sequence[Panel] = (
    Panel("daily_cases", "Confirmed cases a day", AVERAGED, wide=True),
    Panel("weekly_totals", "Confirmed cases a week", {"Cases": Shape.BARS}, bar_days=7),
    Panel("deaths", "Deaths a day", AVERAGED),
    Panel("growth", "Growth within a week", {"Against a week before": Shape.LINE}, unit="percentunit"),
    Panel("cumulative", "Cases and deaths so far", {"Cases": Shape.LINE, "Deaths": Shape.LINE}, right="Deaths"),
    Panel("comparison", "Countries compared, 7-day averages of cases", wide=True),
)


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
