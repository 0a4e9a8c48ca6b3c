"""Grafana's dashboard is the one that the panels' definitions make, and each of its statements answers."""

import json
import re
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models import alerting, dashboard

from common.postgresql import Server
from common.test.databases import run_sql
from section4.config import GRAFANA, QUERIES
from section4.test.support import ingested
from section4.util.dashboard import UID, dashboard_json
from section4.util.panels import PANELS

COMMITTED = (GRAFANA / "covid_dashboard.json").read_text()
MODEL: dict[str, Any] = json.loads(COMMITTED)
TARGETS = {panel["title"]: panel["targets"][0]["rawSql"] for panel in MODEL["panels"]}


def test_the_committed_dashboard_is_the_one_that_is_made_now() -> None:
    assert dashboard_json(QUERIES) == COMMITTED, "write it anew: .venv/bin/python -m section4 dashboard"


def test_it_is_the_one_that_users_know() -> None:
    assert MODEL["uid"] == UID == "covid"
    assert MODEL["time"] == {"from": "2020-01-01T00:00:00Z", "to": "now"}  # shows what a frozen source has, too
    assert [variable["name"] for variable in MODEL["templating"]["list"]] == ["country", "compared"]


def test_the_library_s_types_take_it() -> None:
    register_default_plugins()
    read = dashboard.Dashboard.from_json(MODEL)
    again = json.loads(json.dumps(read, cls=JSONEncoder))
    assert [panel["title"] for panel in again["panels"]] == [panel["title"] for panel in MODEL["panels"]]
    assert [panel["type"] for panel in again["panels"]] == [panel["type"] for panel in MODEL["panels"]]
    for panel in again["panels"]:
        assert panel["gridPos"]["w"] in (12, 24)


def test_what_the_issue_of_freshness_needs_is_in_plain_sight() -> None:
    first = MODEL["panels"][0]
    assert (first["type"], first["gridPos"]["y"]) == ("stat", 0)
    colors = {
        mapping["options"]["pattern"]: mapping["options"]["result"]["color"]
        for mapping in first["fieldConfig"]["defaults"]["mappings"]
    }
    assert colors == {"^SAMPLE.*$": "dark-red", "^STALE.*$": "dark-red", "^fresh$": "dark-green"}


def test_every_series_has_a_legend_with_figures() -> None:
    for panel in MODEL["panels"]:
        if panel["type"] == "timeseries":
            assert panel["options"]["legend"]["calcs"] == ["min", "max", "mean", "lastNotNull"]


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.name)
def test_each_panel_draws_exactly_the_columns_that_its_question_answers(covid: Server, panel: Any) -> None:
    ingested(covid, None, "sample")
    statement = (
        TARGETS[panel.title].replace("${country:sqlstring}", "'SG'").replace("${compared:sqlstring}", "'SG','MY'")
    )
    statement = re.sub(r"\$__timeFilter\(([\w.]+)\)", r"\1 between '2020-01-01' and '2026-01-01'", statement)
    with covid.connected("grafana") as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        columns = [column.name for column in cursor.description or ()]
        assert cursor.rowcount > 100
    assert columns == (["time", *panel.shapes] if panel.shapes else ["time", "metric", "value"])


def test_the_data_source_is_the_one_that_the_panels_name() -> None:
    [source] = yaml.safe_load((GRAFANA / "provisioning" / "datasources" / "covid.yaml").read_text())["datasources"]
    named = {(panel["datasource"]["type"], panel["datasource"]["uid"]) for panel in MODEL["panels"]}
    assert named == {(source["type"], source["uid"])}
    assert source["secureJsonData"] == {"password": "$SECTION4_GRAFANA_PASSWORD"}
    assert source["user"] == "grafana"


def test_alerts_ask_what_they_say(covid: Server) -> None:
    [group] = yaml.safe_load((GRAFANA / "provisioning" / "alerting" / "covid.yaml").read_text())["groups"]
    for rule in group["rules"]:
        alerting.Rule.from_json(rule)
        query, threshold = rule["data"]
        assert threshold["model"]["expression"] == query["refId"]
        assert (rule["condition"], rule["noDataState"], rule["execErrState"]) == ("over", "Alerting", "Alerting")
        run_sql(covid, "insert into covid.country values ('SG', 'Singapore') on conflict do nothing")
        run_sql(
            covid,
            "insert into covid.daily_cases values ('SG', current_date - 20, 1, 1, 1, 1, 'owid', now())"
            " on conflict do nothing",
        )
        run_sql(
            covid,
            "insert into covid.ingestion_run (source, countries, first_day, started_at, seconds, inserted, changed,"
            " unchanged, refused, refused_names, outcome)"
            " select 'owid', '{}', '2020-01-01', now() - interval '40 hours', 1, 1, 0, 0, 0, '{}', 'loaded'"
            " where not exists (select from covid.ingestion_run)",
        )
        [row] = run_sql(covid, query["model"]["rawSql"], role="grafana")
        [evaluator] = [condition["evaluator"] for condition in threshold["model"]["conditions"]]
        assert evaluator["type"] == "gt"
        assert float(row[-1]) > evaluator["params"][0]


ROLES = {
    "covid_loader": {
        "daily_cases": "SIU",
        "country": "SI",
        "ingestion_run": "SI",
        "revision": "SI",
        "validator": "SID",
    },
    "grafana": dict.fromkeys(
        ["daily_cases", "country", "ingestion_run", "revision", "report", "rhythm", "daily", "freshness"], "S"
    ),
}
LETTERS = {"S": "select", "I": "insert", "U": "update", "D": "delete", "T": "truncate"}


@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_do_its_work_and_nothing_else(covid: Server, role: str) -> None:
    relations = run_sql(
        covid, "select relname from pg_class where relnamespace = 'covid'::regnamespace and relkind in ('r', 'v')"
    )
    assert len(relations) == 9
    for (relation,) in relations:
        allowed = ROLES[role].get(relation, "")
        for letter, privilege in LETTERS.items():
            held = run_sql(covid, "select has_table_privilege(%s, %s, %s)", role, f"covid.{relation}", privilege)
            assert held == [(letter in allowed,)], (relation, privilege)


def test_nobody_else_comes_in(covid: Server) -> None:
    assert run_sql(covid, "select has_database_privilege('public', current_database(), 'connect')") == [(False,)]
    powers = "rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls"
    for role in ROLES:
        assert run_sql(covid, f"select {powers} from pg_roles where rolname = %s", role) == [(False,)]
    assert run_sql(covid, "select has_function_privilege('grafana', 'covid.remove_sample()', 'execute')") == [(False,)]
