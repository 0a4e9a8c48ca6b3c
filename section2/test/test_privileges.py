"""Who may do what: every role, table and column, tried over real connections against this list."""

import re

import psycopg2
import pytest

from common.postgresql import Server
from common.test.databases import run_sql
from section2.config import TEAMS

PERSON = "first_name, last_name, date_of_birth, mobile_no, email"
# A privilege without columns is for all of them; what is not here is refused.
RIGHTS = {
    "logistics": {
        "manufacturer": ["select"],
        "item": ["select"],
        "order_status_move": ["select"],
        "orders": [
            "select(order_id, status, placed_at, status_since, total_price, total_weight_kg)",
            "update(status)",
        ],
        "order_line": ["select"],
    },
    "analytics": {
        "manufacturer": ["select"],
        "item": ["select"],
        "item_price": ["select"],
        "order_status_move": ["select"],
        "orders": ["select"],
        "order_line": ["select"],
        "payment": ["select"],
        "member_masked": ["select"],
        "member_spending": ["select"],
        "member_spending_base": ["select"],
        "member_spending_unsettled": ["select"],
        "item_sales": ["select"],
        "item_sales_base": ["select"],
        "item_sales_unsettled": ["select"],
    },
    "sales": {
        "manufacturer": ["select", "insert(name)"],
        "item": [
            "select",
            "insert(name, manufacturer_id, cost, weight_kg)",
            "update(cost, discontinued_at)",
        ],
        "item_price": ["select"],
        "order_status_move": ["select"],
        "item_sales": ["select"],
        "item_sales_base": ["select"],
        "item_sales_unsettled": ["select"],
    },
    "application": {
        "manufacturer": ["select"],
        "item": ["select"],
        "item_price": ["select"],
        "order_status_move": ["select"],
        "member": ["select", f"insert({PERSON})", f"update({PERSON})"],
        "orders": ["select", "insert(member_id)", "update(status)"],
        "order_line": ["select", "insert(order_id, item_id, quantity)", "update(quantity)", "delete"],
        "payment": ["select", "insert(order_id, amount, method)"],
    },
    "dashboard": {
        "manufacturer": ["select"],
        "item": ["select"],
        "order_status_move": ["select"],
        "orders": ["select(order_id, status, placed_at, status_since, total_price, total_weight_kg)"],
        "item_sales": ["select"],
        "item_sales_base": ["select"],
        "item_sales_unsettled": ["select"],
    },
    "loader": {
        "manufacturer": ["select", "insert(name)"],
        "item": [
            "select",
            "insert(name, manufacturer_id, cost, cost_since, weight_kg)",
            "update(cost, cost_since, discontinued_at)",
        ],
        "item_price": ["select"],
        "order_status_move": ["select"],
        "member": ["select", f"insert({PERSON}, applied_in)", f"update({PERSON}, applied_in)"],
        "orders": [
            "select",
            "insert(order_id, member_id, placed_at)",
            "update(status, status_since)",
        ],
        "order_line": ["select", "insert(order_id, item_id, quantity)", "update(quantity)", "delete"],
        "payment": ["select", "insert(order_id, amount, method, paid_at)"],
        "application_batch": ["select", "insert", "update"],
        "made_up_batch": ["select", "insert", "update"],
    },
}
BY_COLUMN = {
    "select": "select {column} from sales.{table} limit 0",
    "insert": "insert into sales.{table} ({column}) values (default)",
    "update": "update sales.{table} set {column} = default where false",
}
BY_TABLE = {"delete": "delete from sales.{table} where false", "truncate": "truncate sales.{table}"}
# Of a role that may not; the others: of a view that nobody can write or truncate.
REFUSED = ("42501", "55000", "42809", "0A000", "428C9")


def columns(server: Server) -> dict[str, list[str]]:
    """Return the columns of every table and view of the schema."""
    rows = run_sql(
        server,
        "select c.relname, array_agg(a.attname::text) from pg_class c"
        " inner join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped"
        " where c.relnamespace = 'sales'::regnamespace and c.relkind in ('r', 'v', 'p', 'm') group by c.relname",
    )
    return dict(rows)


def may(role: str, table: str, privilege: str, column: str | None) -> bool:
    """Return whether the list above allows it."""
    for right in RIGHTS[role].get(table, []):
        name, _, listed = right.rstrip(")").partition("(")
        if name == privilege and (not listed or column in listed.split(", ")):
            return True
    return False


@pytest.mark.parametrize("role", TEAMS)
def test_a_team_may_do_what_is_listed_and_nothing_else(sales: Server, role: str) -> None:
    tried = 0
    wrong = []
    with sales.connected(role) as connection, connection.cursor() as cursor:
        cursor.execute("set session characteristics as transaction read write")  # so that privileges alone decide
        connection.commit()
        for table, its_columns in columns(sales).items():
            attempts: list[tuple[str, str | None, str]] = [
                (privilege, None, text) for privilege, text in BY_TABLE.items()
            ]
            attempts += [(privilege, column, text) for privilege, text in BY_COLUMN.items() for column in its_columns]
            for privilege, column, text in attempts:
                try:
                    cursor.execute(text.format(table=table, column=column))
                    refused = False
                except psycopg2.Error as error:
                    refused = error.pgcode in REFUSED
                connection.rollback()
                tried += 1
                if refused == may(role, table, privilege, column):
                    wrong.append((table, privilege, column))
    assert wrong == []
    assert tried > 300


def test_the_list_names_no_table_that_is_not_there(sales: Server) -> None:
    there = columns(sales)
    for tables in RIGHTS.values():
        for table, rights in tables.items():
            listed = [name for right in rights for name in re.findall(r"\w+", right.partition("(")[2])]
            assert set(listed) <= set(there[table])


def test_public_is_granted_nothing(sales: Server) -> None:
    granted = run_sql(
        sales,
        "select c.relname from pg_class c, aclexplode(c.relacl) a"
        " where c.relnamespace = 'sales'::regnamespace and a.grantee = 0"
        " union all select p.proname from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a"
        " where p.pronamespace = 'sales'::regnamespace and a.grantee = 0"
        " union all select n.nspname from pg_namespace n, aclexplode(n.nspacl) a"
        " where n.nspname in ('sales', 'public') and a.grantee = 0"
        " union all select d.datname from pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a"
        " where d.datname = current_database() and a.grantee = 0",
    )
    assert granted == []


@pytest.mark.parametrize("role", TEAMS)
def test_no_team_is_a_superuser_or_can_become_the_owner(sales: Server, role: str) -> None:
    [flags] = run_sql(
        sales,
        "select rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls from pg_roles where rolname = %s",
        role,
    )
    assert not any(flags)
    assert run_sql(sales, "select pg_has_role(%s, 'sales_owner', 'member')", role) == [(False,)]


@pytest.mark.parametrize("role", TEAMS)
def test_a_teams_search_path_is_the_schema_alone(sales: Server, role: str) -> None:
    assert run_sql(sales, "show search_path", role=role) == [("sales",)]


@pytest.mark.parametrize("role", TEAMS)
def test_a_team_can_create_nothing(sales: Server, role: str) -> None:
    for statement in ("create table sales.mine ()", "create table public.mine ()", "create schema mine"):
        with sales.connected(role) as connection, connection.cursor() as cursor:
            cursor.execute("set transaction read write")
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(statement)


def test_functions_that_work_as_the_owner_pin_their_search_path(sales: Server) -> None:
    unpinned = run_sql(
        sales,
        "select proname from pg_proc where pronamespace = 'sales'::regnamespace and prosecdef"
        " and not coalesce('search_path=\"\"' = any(proconfig), false)",
    )
    assert unpinned == []


def test_analytics_sees_no_name_number_birthday_or_address(sales: Server) -> None:
    run_sql(
        sales,
        "insert into sales.member (first_name, last_name, date_of_birth, mobile_no, email)"
        " values ('Marguerite', 'Quixano', '1987-06-05', '98765432', 'marguerite@quixano.example')",
    )
    [(*shown, _)] = run_sql(sales, "select * from sales.member_masked", role="analytics")
    assert shown[1:] == ["M*** Q***", 1980, "****32", "***.example"]


def test_a_predicate_with_side_effects_sees_no_masked_row(sales: Server) -> None:
    [(barrier,)] = run_sql(
        sales, "select reloptions @> '{security_barrier=true}' from pg_class where relname = 'member_masked'"
    )
    assert barrier
