"""The picture and the page: drawn from the panels' own questions, and they say what they show."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.paths import ROOT
from common.picture import is_current
from common.postgresql import Server
from common.test.browser import opened
from common.test.databases import run_sql
from common.test.web_server import Site
from section4.core.panels import PANELS
from section4.operator.drawing import NoFigures, dashboard, draw, page, png, specification
from section4.test.support import EVERYTHING, ingested, owid

COUNTRIES = ("SG", "MY", "FR", "US")


@pytest.fixture
def sampled(covid: Server) -> Server:
    """A database with the sample."""
    ingested(covid, None, "sample", query=EVERYTHING)
    return covid


def test_the_committed_picture_is_current_the_sample_and_says_so(sampled: Server) -> None:
    specified = specification(dashboard(sampled, COUNTRIES))
    assert "SAMPLE: made up" in specified
    assert is_current((ROOT / "section4" / "covid19_graph.png").read_bytes(), specified), (
        "regenerate it: .venv/bin/python -m section4 picture"
    )


def test_another_figure_is_another_picture(sampled: Server) -> None:
    before = specification(dashboard(sampled, COUNTRIES))
    run_sql(sampled, "update covid.daily_cases set cases_new = cases_new + 1 where measurement_date = '2022-03-09'")
    after = specification(dashboard(sampled, COUNTRIES))
    picture = png(before)
    assert is_current(picture, before)
    assert not is_current(picture, after)
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"


def test_the_picture_shows_what_the_questions_answer(covid: Server, site: Site) -> None:
    site.answer("/owid.csv", owid(*(("Singapore", f"2022-03-{day:02d}", day, 100 + day, 0, 1) for day in range(1, 16))))
    ingested(covid, site)
    charts = dashboard(covid, ["SG"]).charts
    assert list(charts) == [panel.name for panel in PANELS]
    reported = [value for value in charts["daily_cases"]["data"]["values"] if value["series"] == "Reported"]
    assert reported[0] == {"time": "2022-03-01", "end": "2022-03-02", "series": "Reported", "value": 1}
    assert [value["value"] for value in reported] == list(range(1, 16))
    averages = [value["value"] for value in charts["daily_cases"]["data"]["values"] if value["series"] != "Reported"]
    assert averages == [*[None] * 6, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    # 2022-03-01 is a Tuesday: one week began before, one has not ended.
    assert [value["value"] for value in charts["weekly_totals"]["data"]["values"]] == [70]
    assert [value["value"] for value in charts["growth"]["data"]["values"]] == [*[None] * 6, 1.75, 1.4]


def test_the_first_country_that_has_figures_is_drawn(sampled: Server) -> None:
    assert dashboard(sampled, ["AQ", "US", "SG"]).title == "COVID-19, United States"


def test_made_up_figures_are_marked_in_the_chart_itself(sampled: Server) -> None:
    spans = dashboard(sampled, COUNTRIES).charts["daily_cases"]["layer"][0]["data"]["values"]
    assert {"time": "2020-01-22", "end": "2023-03-09", "text": "SAMPLE: made up"} in spans


def test_a_picture_of_fresh_figures_says_of_which_day_they_are(covid: Server, site: Site) -> None:
    today = datetime.now(UTC)
    site.answer("/owid.csv", owid(("Singapore", f"{today.date() - timedelta(days=1)}", 3, 10, 1, 2)))
    ingested(covid, site, now=today)
    assert f"fresh on {today:%Y-%m-%d}" in specification(dashboard(covid, ["SG"]))


def test_a_country_without_figures_is_told(covid: Server) -> None:
    with pytest.raises(NoFigures, match="no figures of AQ"):
        dashboard(covid, ["AQ"])


def test_what_a_source_says_is_text_on_the_page_and_nothing_else(sampled: Server) -> None:
    run_sql(sampled, "update covid.country set name = '</script><script>alert(1)</script>' where country_code = 'MY'")
    written = page(dashboard(sampled, COUNTRIES))
    assert "<script>alert(1)" not in written
    assert len(re.findall("<script", written)) == 2 + written.count("<script\\")


def test_the_page_needs_no_network(sampled: Server) -> None:
    written = page(dashboard(sampled, COUNTRIES))
    head = written.split('<script type="module">')[0]
    assert not re.search(r"(src|href)=.(https?:)?//", head)
    assert "SAMPLE: made up" in head
    assert len(written) < 3_000_000


@pytest.mark.needs("chromium")
def test_a_browser_draws_the_page_without_a_complaint(sampled: Server, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(page(dashboard(sampled, COUNTRIES)))
    shown = opened(path)
    assert shown.returncode == 0
    assert "CONSOLE" not in shown.stderr
    assert len(re.findall(r'<figure id="\w+"[^>]*><svg', shown.stdout)) == len(PANELS)


@pytest.mark.needs("chromium")
def test_a_complaint_would_be_seen(tmp_path: Path) -> None:
    path = tmp_path / "broken.html"
    path.write_text("<script>nothing.site()</script>")
    assert "CONSOLE" in opened(path).stderr


def test_draw_writes_the_picture_and_the_page(sampled: Server, tmp_path: Path) -> None:
    directory = tmp_path / "output"
    assert draw(sampled, COUNTRIES, directory) == [
        directory / "covid19_graph.png",
        directory / "covid19_dashboard.html",
    ]
    assert json.loads(specification(dashboard(sampled, COUNTRIES)))["title"]["text"] == "COVID-19, Singapore"
