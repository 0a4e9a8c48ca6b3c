"""Migrations, comments and privileges of the database."""

import pytest

from common.postgresql import Server
from common.test.databases import run_sql
from section4.config import MIGRATIONS
from section4.main import create

pytestmark = pytest.mark.integration

MIGRATION_NAMES = sorted(path.stem for path in MIGRATIONS.glob("*.sql"))
PRIVILEGES = {
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


def test_create_applies_each_migration_once(cluster: Server) -> None:
    new = cluster.model_copy(update={"database": "covid_new"})
    assert create(new) == MIGRATION_NAMES
    assert create(new) == []
    assert run_sql(new, "select count(*) from covid.ingestion_run", role="covid_loader") == [(0,)]
    run_sql(cluster, "drop database covid_new with (force)", autocommit=True)


def test_each_table_and_column_has_a_comment(covid: Server) -> None:
    missing = run_sql(
        covid,
        "select relname, attname from pg_class left join pg_attribute on attrelid = pg_class.oid and attnum > 0"
        " where relnamespace = 'covid'::regnamespace and relkind = 'r'"
        " and (obj_description(pg_class.oid) is null or col_description(attrelid, attnum) is null)",
    )
    assert missing == []


@pytest.mark.parametrize("role", PRIVILEGES)
def test_role_has_exactly_its_privileges(covid: Server, role: str) -> None:
    relations = run_sql(
        covid, "select relname from pg_class where relnamespace = 'covid'::regnamespace and relkind in ('r', 'v')"
    )
    assert len(relations) == 9
    for (relation,) in relations:
        allowed = PRIVILEGES[role].get(relation, "")
        for letter, privilege in LETTERS.items():
            held = run_sql(covid, "select has_table_privilege(%s, %s, %s)", role, f"covid.{relation}", privilege)
            assert held == [(letter in allowed,)], (relation, privilege)


def test_other_roles_cannot_connect(covid: Server) -> None:
    assert run_sql(covid, "select has_database_privilege('public', current_database(), 'connect')") == [(False,)]
    powers = "rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls"
    for role in PRIVILEGES:
        assert run_sql(covid, f"select {powers} from pg_roles where rolname = %s", role) == [(False,)]
    assert run_sql(covid, "select has_function_privilege('grafana', 'covid.remove_sample()', 'execute')") == [(False,)]
