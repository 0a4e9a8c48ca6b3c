"""Draws what the database holds of a country: a picture and one page, from the questions of Grafana's panels."""

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import vl_convert

from common.errors import JobError
from common.paths import ROOT
from common.picture import VEGA_LITE, vega_lite_to_png
from common.postgresql import Cursor, Result, Server
from section4.config import QUERIES, READER
from section4.core.bound import bound
from section4.core.chart import CONFIG, Chart, annotated, chart, picture
from section4.core.country import name_of
from section4.core.panels import ANNOTATED, FRESHNESS, PANELS, RUNS, question

PICTURE = ROOT / "section4" / "covid19_graph.png"
PAGE = ROOT / "section4" / "covid19_dashboard.html"
TEMPLATE = Path(__file__).parent.parent / "core" / "page.html"
EMBED = """
for (const [id, spec] of Object.entries(JSON.parse(document.getElementById("charts").textContent)))
    vegaEmbed("#" + id, spec, {actions: false, renderer: "svg"});
"""


class NoFigures(JobError):
    """There is nothing to draw."""

    def __init__(self, countries: Sequence[str]) -> None:
        super().__init__(f"there are no figures of {', '.join(countries)} to draw; all that was ingested is there")


@dataclass(frozen=True)
class Dashboard:
    """All that is shown of a country."""

    country: str
    freshness: Result
    charts: dict[str, Chart]
    runs: Result

    @property
    def state(self) -> str:
        """Say what the figures are worth."""
        return str(self.freshness.rows[0][0])

    @property
    def title(self) -> str:
        """Name it."""
        return f"COVID-19, {name_of(self.country)}"


def draw(server: Server, countries: Sequence[str]) -> list[Path]:
    """Write the picture and the page of the first country that has figures, compared with the others; returns where.

    Raises: NoFigures.
    """
    shown = dashboard(server, countries)
    PICTURE.write_bytes(png(specification(shown)))
    PAGE.write_text(page(shown))
    return [PICTURE, PAGE]


def dashboard(server: Server, countries: Sequence[str]) -> Dashboard:
    """Return what there is of the first country that has figures, compared with the others. Raises: NoFigures."""
    with server.connected(READER) as connection, connection.cursor() as cursor:
        country, first, last = _span(cursor, countries)
        values = {"country": country, "compared": tuple(countries), "first": first, "last": last}
        gaps = _asked(cursor, "gaps", values, kind="annotation").rows
        charts = {}
        for panel in PANELS:
            answer = _asked(cursor, panel.name, values)
            charts[panel.name] = chart(panel, question(QUERIES, panel.name).words, answer.columns, answer.rows)
        spans = [(start.date(), min(end.date(), last), why) for start, end, why in gaps if start.date() <= last]
        charts[ANNOTATED] = annotated(charts[ANNOTATED], spans)
        return Dashboard(country, _asked(cursor, FRESHNESS, values), charts, _asked(cursor, RUNS, values))


def _span(cursor: Cursor, countries: Sequence[str]) -> tuple[str, date, date]:
    """Return the first country that has figures, its first day and its last one."""
    cursor.execute(
        "select country_code, min(measurement_date), max(measurement_date) from covid.daily_cases"
        " inner join covid.freshness using (country_code) where country_code = any(%s) group by country_code",
        [list(countries)],
    )
    spans = {country: (country, first, last) for country, first, last in cursor.fetchall()}
    if not spans:
        raise NoFigures(countries)
    return spans[next(filter(spans.__contains__, countries))]


def _asked(cursor: Cursor, name: str, values: dict[str, object], kind: str = "panel") -> Result:
    cursor.execute(bound(question(QUERIES, name, kind).statement), values)
    return Result.of(cursor)


def specification(shown: Dashboard) -> str:
    """Return the picture's description, the same for the same figures."""
    state, source, last_day = (str(value) for value in shown.freshness.rows[0][:3])
    if state == "fresh":  # a picture does not grow old by itself
        state = f"fresh on {shown.freshness.rows[0][4]}"
    subtitle = f"{state} - source {source}, figures up to {last_day}"
    return json.dumps(
        picture(shown.title, subtitle, not state.startswith("fresh"), list(shown.charts.values())), sort_keys=True
    )


def png(specified: str) -> bytes:
    """Return the picture."""
    return vega_lite_to_png(specified)


def page(shown: Dashboard) -> str:
    """Return the page: one file that needs no network."""
    charts = {name: {**one, "config": CONFIG, "width": "container"} for name, one in shown.charts.items()}
    places = "\n".join(
        f'<figure id="{name}" role="img" aria-label="{html.escape(one["title"]["text"])}"></figure>'
        for name, one in shown.charts.items()
    )
    parts = {
        "title": html.escape(shown.title),
        "state_class": "fresh" if shown.state == "fresh" else "doubtful",
        "freshness": "".join(
            f"<div><dt>{html.escape(name)}</dt><dd>{html.escape(str(value))}</dd></div>"
            for name, value in zip(
                (*shown.freshness.columns, "This page was made"),
                (*shown.freshness.rows[0], f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"),
                strict=True,
            )
        ),
        "figures": places,
        "runs": _html_table(shown.runs),
        "charts": json.dumps(charts).replace("<", "\\u003c"),
        "script": vl_convert.javascript_bundle(EMBED, vl_version=VEGA_LITE).replace("</script", "<\\/script"),
    }
    text = TEMPLATE.read_text()
    for name, part in parts.items():
        text = text.replace(f"<!--{name}-->", part)
    return text


def _html_table(answer: Result) -> str:
    head = "".join(f"<th>{html.escape(name)}</th>" for name in answer.columns)
    rows = ("".join(f"<td>{html.escape(str(value))}</td>" for value in row) for row in answer.rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(f'<tr>{row}</tr>' for row in rows)}</tbody></table>"
