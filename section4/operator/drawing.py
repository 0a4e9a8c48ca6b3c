"""Draws a country's figures as a picture and as a page, with the SQL of Grafana's panels."""

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import vl_convert

from common.errors import JobError
from common.files import write_atomic
from common.picture import VEGA_LITE, vega_lite_to_png
from common.postgresql import Cursor, Result, Server
from section4.config import READER
from section4.core.chart import CONFIG, Chart, annotated, chart, picture
from section4.core.country import name_of
from section4.core.panels import ANNOTATED, FRESHNESS, PANELS, RUNS
from section4.core.parameters import with_parameters
from section4.operator.queries import read_query

TEMPLATE = Path(__file__).parent.parent / "core" / "page.html"
EMBED = """
for (const [id, spec] of Object.entries(JSON.parse(document.getElementById("charts").textContent)))
    vegaEmbed("#" + id, spec, {actions: false, renderer: "svg"});
"""


class NoFigures(JobError):
    """None of the countries has figures."""

    def __init__(self, countries: Sequence[str]) -> None:
        super().__init__(f"cannot draw: no figures for {', '.join(countries)}. The ingestion itself was committed.")


@dataclass(frozen=True)
class Dashboard:
    """The drawn charts and tables of one country."""

    country: str
    freshness: Result
    charts: dict[str, Chart]
    runs: Result

    @property
    def state(self) -> str:
        return str(self.freshness.rows[0][0])

    @property
    def title(self) -> str:
        return f"COVID-19, {name_of(self.country)}"


def draw(server: Server, countries: Sequence[str], directory: Path) -> list[Path]:
    """Write the picture and the page of the first country that has figures; return their paths. Raises: NoFigures."""
    shown = dashboard(server, countries)
    directory.mkdir(parents=True, exist_ok=True)
    graph, written = directory / "covid19_graph.png", directory / "covid19_dashboard.html"
    write_atomic(graph, vega_lite_to_png(specification(shown)))
    write_atomic(written, page(shown))
    return [graph, written]


def dashboard(server: Server, countries: Sequence[str]) -> Dashboard:
    """Return the charts of the first country that has figures, compared with the others. Raises: NoFigures."""
    with server.connected(READER) as connection, connection.cursor() as cursor:
        country, first, last = _span(cursor, countries)
        values = {"country": country, "compared": tuple(countries), "first": first, "last": last}
        gaps = _run(cursor, "gaps", values, kind="annotation").rows
        charts = {}
        for panel in PANELS:
            result = _run(cursor, panel.name, values)
            charts[panel.name] = chart(panel, read_query(panel.name).description, result.columns, result.rows)
        spans = [(start.date(), min(end.date(), last), text) for start, end, text in gaps if start.date() <= last]
        charts[ANNOTATED] = annotated(charts[ANNOTATED], spans)
        return Dashboard(country, _run(cursor, FRESHNESS, values), charts, _run(cursor, RUNS, values))


def _span(cursor: Cursor, countries: Sequence[str]) -> tuple[str, date, date]:
    """Return the first country that has figures, with its first and last day."""
    cursor.execute(
        "select country_code, min(measurement_date), max(measurement_date) from covid.daily_cases"
        " inner join covid.freshness using (country_code) where country_code = any(%s) group by country_code",
        [list(countries)],
    )
    spans = {country: (country, first, last) for country, first, last in cursor.fetchall()}
    if not spans:
        raise NoFigures(countries)
    return spans[next(filter(spans.__contains__, countries))]


def _run(cursor: Cursor, name: str, values: dict[str, object], kind: str = "panel") -> Result:
    cursor.execute(with_parameters(read_query(name, kind).sql), values)
    return Result.of(cursor)


def specification(shown: Dashboard) -> str:
    """Return the picture's Vega-Lite specification, the same for the same figures."""
    state, source, last_day = (str(value) for value in shown.freshness.rows[0][:3])
    if state == "fresh":  # true on the day of the run only, but a picture does not change afterwards
        state = f"fresh on {shown.freshness.rows[0][4]}"
    subtitle = f"{state} - source {source}, figures up to {last_day}"
    return json.dumps(
        picture(shown.title, subtitle, not state.startswith("fresh"), list(shown.charts.values())), sort_keys=True
    )


def page(shown: Dashboard) -> str:
    """Return the page: one HTML file that needs no network."""
    charts = {name: {**spec, "config": CONFIG, "width": "container"} for name, spec in shown.charts.items()}
    figures = "\n".join(
        f'<figure id="{name}" role="img" aria-label="{html.escape(spec["title"]["text"])}"></figure>'
        for name, spec in shown.charts.items()
    )
    made = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    freshness = zip((*shown.freshness.columns, "Page created"), (*shown.freshness.rows[0], made), strict=True)
    parts = {
        "title": html.escape(shown.title),
        "state_class": "fresh" if shown.state == "fresh" else "doubtful",
        "freshness": "".join(
            f"<div><dt>{html.escape(name)}</dt><dd>{html.escape(str(value))}</dd></div>" for name, value in freshness
        ),
        "figures": figures,
        "runs": _html_table(shown.runs),
        "charts": json.dumps(charts).replace("<", "\\u003c"),
        "script": vl_convert.javascript_bundle(EMBED, vl_version=VEGA_LITE).replace("</script", "<\\/script"),
    }
    text = TEMPLATE.read_text()
    for name, part in parts.items():
        text = text.replace(f"<!--{name}-->", part)
    return text


def _html_table(result: Result) -> str:
    head = "".join(f"<th>{html.escape(name)}</th>" for name in result.columns)
    rows = ("".join(f"<td>{html.escape(str(value))}</td>" for value in row) for row in result.rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(f'<tr>{row}</tr>' for row in rows)}</tbody></table>"
