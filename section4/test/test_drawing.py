"""The picture and the page, drawn with the SQL of the panels."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.picture import is_current
from common.postgresql import Server
from common.test.browser import opened
from common.test.databases import run_sql
from common.test.web_server import Site
from section4.core.panels import PANELS
from section4.drawings import COMPARED, PICTURE
from section4.operator.drawing import NoFigures, dashboard, draw, page, specification
from section4.test.support import EVERYTHING, ingested, owid

pytestmark = pytest.mark.integration


@pytest.fixture
def sampled(covid: Server) -> Server:
    """Return a database with the sample."""
    ingested(covid, None, "sample", query=EVERYTHING)
    return covid


def test_committed_picture_is_current_and_labelled_sample(sampled: Server) -> None:
    specified = specification(dashboard(sampled, COMPARED))
    assert "SAMPLE: made up" in specified
    assert is_current(PICTURE.read_bytes(), specified), "regenerate it: .venv/bin/python -m section4 picture"


def test_draw_writes_a_picture_of_these_figures_and_a_page(sampled: Server, tmp_path: Path) -> None:
    before = specification(dashboard(sampled, COMPARED))
    graph, written = draw(sampled, COMPARED, tmp_path / "output")
    assert (graph, written) == (tmp_path / "output/covid19_graph.png", tmp_path / "output/covid19_dashboard.html")
    assert written.read_text().startswith("<!DOCTYPE html>")
    run_sql(sampled, "update covid.daily_cases set cases_new = cases_new + 1 where measurement_date = '2022-03-09'")
    after = specification(dashboard(sampled, COMPARED))
    content = graph.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert (is_current(content, before), is_current(content, after)) == (True, False)


def test_charts_show_the_results_of_the_queries(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", owid(*(("Singapore", f"2022-03-{day:02d}", day, 100 + day, 0, 1) for day in range(1, 16))))
    ingested(covid, site)
    charts = dashboard(covid, ["SG"]).charts
    assert list(charts) == [panel.name for panel in PANELS]
    reported = [value for value in charts["daily_cases"]["data"]["values"] if value["series"] == "Reported"]
    assert reported[0] == {"time": "2022-03-01", "end": "2022-03-02", "series": "Reported", "value": 1}
    assert [value["value"] for value in reported] == list(range(1, 16))
    averages = [value["value"] for value in charts["daily_cases"]["data"]["values"] if value["series"] != "Reported"]
    assert averages == [*[None] * 6, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    # 2022-03-01 is a Tuesday: the week before began earlier, and the last one has not ended.
    assert [value["value"] for value in charts["weekly_totals"]["data"]["values"]] == [70]
    assert [value["value"] for value in charts["growth"]["data"]["values"]] == [*[None] * 6, 1.75, 1.4]


def test_first_country_with_figures_is_drawn(sampled: Server) -> None:
    shown = dashboard(sampled, ["AQ", "US", "SG"])
    assert shown.title == json.loads(specification(shown))["title"]["text"] == "COVID-19, United States"


def test_sample_is_marked_in_the_chart(sampled: Server) -> None:
    spans = dashboard(sampled, COMPARED).charts["daily_cases"]["layer"][0]["data"]["values"]
    assert {"time": "2020-01-22", "end": "2023-03-09", "text": "SAMPLE: made up"} in spans


def test_picture_of_fresh_figures_shows_the_day(covid: Server, site: Site) -> None:
    today = datetime.now(UTC)
    site.answer("/owid.csv", owid(("Singapore", f"{today.date() - timedelta(days=1)}", 3, 10, 1, 2)))
    ingested(covid, site, now=today)
    assert f"fresh on {today:%Y-%m-%d}" in specification(dashboard(covid, ["SG"]))


def test_countries_without_figures_are_an_error(covid: Server) -> None:
    with pytest.raises(NoFigures, match="cannot draw: no figures for AQ, DE"):
        dashboard(covid, ["AQ", "DE"])


def test_page_escapes_names_and_needs_no_network(sampled: Server) -> None:
    run_sql(sampled, "update covid.country set name = '</script><script>alert(1)</script>' where country_code = 'MY'")
    written = page(dashboard(sampled, COMPARED))
    assert "<script>alert(1)" not in written
    assert len(re.findall("<script", written)) == 2 + written.count("<script\\")
    head = written.split('<script type="module">')[0]
    assert not re.search(r"(src|href)=.(https?:)?//", head)
    assert "SAMPLE: made up" in head
    assert len(written) < 3_000_000


@pytest.mark.needs("chromium")
def test_browser_draws_the_page_without_errors(sampled: Server, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(page(dashboard(sampled, COMPARED)))
    shown = opened(path)
    assert shown.returncode == 0
    assert "CONSOLE" not in shown.stderr
    assert len(re.findall(r'<figure id="\w+"[^>]*><svg', shown.stdout)) == len(PANELS)


@pytest.mark.needs("chromium")
def test_browser_error_is_detected(tmp_path: Path) -> None:
    path = tmp_path / "broken.html"
    path.write_text("<script>nothing.there()</script>")
    assert "CONSOLE" in opened(path).stderr
