"""Grafana's dashboards, the results of their SQL, and the alerts."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models import alerting, dashboard

from common.postgresql import Server
from common.test.databases import run_sql
from common.test.web_server import Site
from section4.config import GRAFANA
from section4.core.dashboard import dashboard_json
from section4.core.panels import BOARDS, PANELS, PIPELINE, Board, Panel, View
from section4.main import create
from section4.operator.queries import read_query
from section4.test.support import ALL_TIME, ingested, owid, put_report, set_age

COMMITTED = {board.uid: (GRAFANA / f"{board.uid}_dashboard.json").read_text() for board in BOARDS}
MODELS: dict[str, dict[str, Any]] = {uid: json.loads(text) for uid, text in COMMITTED.items()}
MODEL = MODELS["covid"]


def sql_of(uid: str, title: str) -> str:
    """Return a panel's SQL with values instead of Grafana's macros."""
    [sql] = [panel["targets"][0]["rawSql"] for panel in MODELS[uid]["panels"] if panel["title"] == title]
    for macro, value in {
        r"\$\{country:sqlstring\}": "'SG'",
        r"\$\{compared:sqlstring\}": "'SG','MY'",
        r"\$__timeFilter\(([\w.]+)\)": rf"\1 between '{ALL_TIME[0]}' and '{ALL_TIME[1]}'",
        r"\$__timeFrom\(\)": f"'{ALL_TIME[0]}T00:00:00Z'",
        r"\$__timeTo\(\)": f"'{ALL_TIME[1]}T00:00:00Z'",
    }.items():
        sql = re.sub(macro, value, sql)
    assert "$" not in sql
    return str(sql)


def query_result(server: Server, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the columns and rows that Grafana's role gets."""
    with server.connected("grafana") as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return [column.name for column in cursor.description or ()], cursor.fetchall()


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_committed_dashboard_is_current(board: Board) -> None:
    assert dashboard_json(board, read_query) == COMMITTED[board.uid], (
        "regenerate it: .venv/bin/python -m section4 dashboard"
    )


def test_dashboards_keep_their_names_variables_and_time_ranges() -> None:
    assert {path.name for path in GRAFANA.glob("*.json")} == {"covid_dashboard.json", "pipeline_dashboard.json"}
    assert {uid: model["uid"] for uid, model in MODELS.items()} == {"covid": "covid", "pipeline": "pipeline"}
    assert MODEL["time"] == {"from": "2020-01-01T00:00:00Z", "to": "now"}  # includes the figures of frozen sources
    assert [variable["name"] for variable in MODEL["templating"]["list"]] == ["country", "compared"]
    assert MODELS["pipeline"]["time"] == {"from": "now-7d", "to": "now"}
    assert MODELS["pipeline"]["templating"].get("list", []) == []


@pytest.mark.parametrize("uid", MODELS)
def test_dashboard_is_valid_for_the_library(uid: str) -> None:
    register_default_plugins()
    read = dashboard.Dashboard.from_json(MODELS[uid])
    again = json.loads(json.dumps(read, cls=JSONEncoder))
    for known in ("title", "type"):
        assert [panel[known] for panel in again["panels"]] == [panel[known] for panel in MODELS[uid]["panels"]]
    for panel in again["panels"]:
        assert panel["gridPos"]["w"] in (12, 24)


@pytest.mark.parametrize("uid", MODELS)
def test_freshness_is_the_first_panel_and_turns_red(uid: str) -> None:
    first = MODELS[uid]["panels"][0]
    assert (first["type"], first["gridPos"]["y"]) == ("stat", 0)
    colors = {
        mapping["options"]["pattern"]: mapping["options"]["result"]["color"]
        for mapping in first["fieldConfig"]["defaults"]["mappings"]
    }
    doubtful = dict.fromkeys(["^SAMPLE.*$", "^STALE.*$", "^no (batch|run) yet$"], "dark-red")
    assert colors == {**doubtful, "^fresh$": "dark-green"}


@pytest.mark.parametrize("uid", MODELS)
def test_each_series_has_a_legend_with_statistics(uid: str) -> None:
    for panel in MODELS[uid]["panels"]:
        if panel["type"] == "timeseries":
            assert panel["options"]["legend"]["calcs"] == ["min", "max", "mean", "lastNotNull"]


@pytest.mark.integration
@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.name)
def test_panel_draws_exactly_the_columns_of_its_query(covid: Server, panel: Panel) -> None:
    ingested(covid, None, "sample")
    columns, rows = query_result(covid, sql_of("covid", panel.title))
    assert len(rows) > 100
    assert columns == (["time", *panel.shapes] if panel.shapes else ["time", "metric", "value"])


HOURS = [datetime(2026, 11, 23, hour, tzinfo=UTC) for hour in (8, 9)]
PIPELINE_RESULTS: dict[str, list[tuple[Any, ...]]] = {
    "Applications: last batch": [("fresh", "2026-11-23T17", "{minute}", 0)],
    "COVID-19: last ingestion": [("fresh", "owid", "{minute}", 0)],
    "Batches in this time range": [(3, 30, 21, 9, 1, 1)],
    "Applications by hour": [(HOURS[0], 14, 6), (HOURS[1], 7, 3)],
    "Unsuccessful applications by reason": [
        (HOURS[0], "email_invalid", 6),
        (HOURS[0], "under_18", 4),
        (HOURS[1], "email_invalid", 3),
        (HOURS[1], "under_18", 2),
    ],
    "Share of unsuccessful applications": [(HOURS[0], Decimal("0.3")), (HOURS[1], Decimal("0.3"))],
    "Files": [(HOURS[0], 2, 1, 4), (HOURS[1], 1, 0, 2)],
    "Run time": [
        (HOURS[0], "duckdb", Decimal("2.75")),
        (HOURS[0], "spark", Decimal("2.75")),
        (HOURS[1], "spark", Decimal("2.75")),
    ],
    "Batches": [
        ("2026-11-23T18", "DAMAGED report", *[None] * 7, "{minute}"),
        ("2026-11-23T17", "published", "spark", 7, 3, 1, 2, 0, Decimal("2.75"), "{minute}"),
        ("2026-11-23T16-2", "published", "duckdb", 7, 3, 1, 2, 1, Decimal("2.75"), "{minute}"),
        ("2026-11-23T16", "published", "spark", 7, 3, 1, 2, 0, Decimal("2.75"), "{minute}"),
    ],
    "COVID-19: days added or changed": [("{now}", 2, 0)],
    "Ingestion runs": [("{minute}", "owid", "loaded", "SG", 2, 0, 0, 0, "{seconds}")],
}


@pytest.mark.integration
def test_pipeline_panels_show_the_reports(covid: Server, site: Site, tmp_path: Path) -> None:
    create(covid, tmp_path)
    put_report(tmp_path, "2026-11-23T16")
    put_report(tmp_path, "2026-11-23T16-2", engine="duckdb", refused=[{}])
    put_report(tmp_path, "2026-11-23T17")
    put_report(tmp_path, "2026-11-23T18", b"{")
    site.answer("/owid.csv", owid(("Singapore", "2022-03-01", 3, 3, 1, 1), ("Singapore", "2022-03-02", 4, 7, 0, 1)))
    ingested(covid, site, now=datetime.now(UTC))
    assert list(PIPELINE_RESULTS) == [panel.title for panel in PIPELINE.panels]
    for panel in PIPELINE.panels:
        columns, rows = query_result(covid, sql_of("pipeline", panel.title))
        if panel.view is View.SERIES:
            assert columns == (["time", *panel.shapes] if panel.shapes else ["time", "metric", "value"])
        for row, expected in zip(rows, PIPELINE_RESULTS[panel.title], strict=True):
            pairs = zip(row, expected, strict=True)
            assert [(value, its) for value, its in pairs if value != its and "{" not in str(its)] == [], panel.title


@pytest.mark.integration
def test_pipeline_panels_without_batch_and_run_are_empty(covid: Server, tmp_path: Path) -> None:
    create(covid, tmp_path)
    results = {panel.title: query_result(covid, sql_of("pipeline", panel.title))[1] for panel in PIPELINE.panels}
    assert results.pop("Applications: last batch") == [("no batch yet", None, None, None)]
    assert results.pop("COVID-19: last ingestion") == [("no run yet", None, None, None)]
    assert results.pop("Batches in this time range") == [(0, 0, 0, 0, 0, 0)]
    assert set(map(tuple, results.values())) == {()}


def test_panels_use_the_provisioned_data_source() -> None:
    [source] = yaml.safe_load((GRAFANA / "provisioning" / "datasources" / "covid.yaml").read_text())["datasources"]
    named = {
        (panel["datasource"]["type"], panel["datasource"]["uid"])
        for model in MODELS.values()
        for panel in model["panels"]
    }
    assert named == {(source["type"], source["uid"])}
    assert source["secureJsonData"] == {"password": "$SECTION4_GRAFANA_PASSWORD"}
    assert source["user"] == "grafana"


def rules() -> list[tuple[dict[str, Any], str, float]]:
    """Return each alert with its SQL and threshold."""
    found = []
    for path in sorted((GRAFANA / "provisioning" / "alerting").iterdir()):
        [group] = yaml.safe_load(path.read_text())["groups"]
        for rule in group["rules"]:
            query, threshold = rule["data"]
            [evaluator] = [condition["evaluator"] for condition in threshold["model"]["conditions"]]
            assert (evaluator["type"], threshold["model"]["expression"]) == ("gt", query["refId"])
            found.append((rule, query["model"]["rawSql"], evaluator["params"][0]))
    return found


@pytest.mark.integration
def test_alert_fires_above_its_threshold(covid: Server, tmp_path: Path) -> None:
    create(covid, tmp_path)
    set_age(put_report(tmp_path, "2026-11-23T16"), hours=3, minutes=1)
    run_sql(
        covid,
        "insert into covid.country values ('SG', 'Singapore');"
        "insert into covid.daily_cases values ('SG', current_date - 20, 1, 1, 1, 1, 'owid', now());"
        "insert into covid.ingestion_run (source, countries, first_day, started_at, seconds, inserted, changed,"
        " unchanged, refused, refused_names, outcome)"
        " select 'owid', '{}', '2020-01-01', now() - interval '40 hours', 1, 1, 0, 0, 0, '{}', 'loaded'",
    )
    assert [rule["uid"] for rule, *_ in rules()] == ["covid-no-run", "covid-no-new-data", "pipeline-no-batch"]
    for rule, statement, limit in rules():
        alerting.Rule.from_json(rule)
        assert (rule["condition"], rule["noDataState"], rule["execErrState"]) == ("over", "Alerting", "Alerting")
        [row] = run_sql(covid, statement, role="grafana")
        assert float(row[-1]) > limit
    set_age(put_report(tmp_path, "2026-11-23T16"), hours=2, minutes=59)
    assert [float(hours) <= limit for _, statement, limit in rules()[2:] for (hours,) in run_sql(covid, statement)] == [
        True
    ]
