"""Rights of every role on every table and column, tried over real connections."""

import re

import psycopg2
import pytest
from psycopg2.errors import CheckViolation, InsufficientPrivilege

from common.postgresql import Server
from common.test.databases import run_sql
from section2.config import TEAMS
from section2.test.support import Shop

pytestmark = pytest.mark.integration

PERSON = "first_name, last_name, date_of_birth, mobile_no, email"
CATALOGUE = {"manufacturer": ["select"], "item": ["select"], "order_status_move": ["select"]}
SALES = {"item_sales": ["select"], "item_sales_base": ["select"], "item_sales_unsettled": ["select"]}
SPENDING = {
    "member_spending": ["select"],
    "member_spending_base": ["select"],
    "member_spending_unsettled": ["select"],
}
ORDER_WITHOUT_MEMBER = "select(order_id, status, placed_at, status_since, total_price, total_weight_kg)"
LINES = ["select", "insert(order_id, item_id, quantity)", "update(quantity)", "delete"]
# A privilege without columns covers all columns; everything that is not listed is denied.
RIGHTS = {
    "logistics": CATALOGUE | {"orders": [ORDER_WITHOUT_MEMBER, "update(status)"], "order_line": ["select"]},
    "analytics": CATALOGUE
    | SALES
    | SPENDING
    | {
        "item_price": ["select"],
        "orders": ["select"],
        "order_line": ["select"],
        "payment": ["select"],
        "member_masked": ["select"],
    },
    "sales": CATALOGUE
    | SALES
    | {
        "manufacturer": ["select", "insert(name)"],
        "item": ["select", "insert(name, manufacturer_id, cost, weight_kg)", "update(cost, discontinued_at)"],
        "item_price": ["select"],
    },
    "application": CATALOGUE
    | {
        "item_price": ["select"],
        "member": ["select", f"insert({PERSON})", f"update({PERSON})"],
        "orders": ["select", "insert(member_id)", "update(status)"],
        "order_line": LINES,
        "payment": ["select", "insert(order_id, amount, method)"],
    },
    "dashboard": CATALOGUE | SALES | {"orders": [ORDER_WITHOUT_MEMBER]},
    "loader": CATALOGUE
    | {
        "manufacturer": ["select", "insert(name)"],
        "item": [
            "select",
            "insert(name, manufacturer_id, cost, cost_since, weight_kg)",
            "update(cost, cost_since, discontinued_at)",
        ],
        "item_price": ["select"],
        "member": ["select", f"insert({PERSON}, applied_in)", f"update({PERSON}, applied_in)"],
        "orders": ["select", "insert(order_id, member_id, placed_at)", "update(status, status_since)"],
        "order_line": LINES,
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
# Insufficient privilege; the others: views that cannot be written or truncated.
DENIED = ("42501", "55000", "42809", "0A000", "428C9")


def columns(server: Server) -> dict[str, list[str]]:
    """Return the columns of every table and view."""
    rows = run_sql(
        server,
        "select c.relname, array_agg(a.attname::text) from pg_class c"
        " inner join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped"
        " where c.relnamespace = 'sales'::regnamespace and c.relkind in ('r', 'v', 'p', 'm') group by c.relname",
    )
    return dict(rows)


def is_listed(role: str, table: str, privilege: str, column: str | None) -> bool:
    for right in RIGHTS[role].get(table, []):
        name, _, listed = right.rstrip(")").partition("(")
        if name == privilege and (not listed or column in listed.split(", ")):
            return True
    return False


@pytest.mark.parametrize("role", TEAMS)
def test_role_has_exactly_the_listed_rights(sales: Server, role: str) -> None:
    tried, wrong = 0, []
    with sales.connected(role) as connection, connection.cursor() as cursor:
        cursor.execute("set session characteristics as transaction read write")  # so that only privileges deny
        connection.commit()
        for table, its_columns in columns(sales).items():
            attempts: list[tuple[str, str | None, str]] = [
                (privilege, None, text) for privilege, text in BY_TABLE.items()
            ]
            attempts += [(privilege, column, text) for privilege, text in BY_COLUMN.items() for column in its_columns]
            for privilege, column, text in attempts:
                try:
                    cursor.execute(text.format(table=table, column=column))
                    denied = False
                except psycopg2.Error as error:
                    denied = error.pgcode in DENIED
                connection.rollback()
                tried += 1
                if denied == is_listed(role, table, privilege, column):
                    wrong.append((table, privilege, column))
    assert wrong == []
    assert tried > 300


def test_listed_tables_and_columns_exist(sales: Server) -> None:
    existing = columns(sales)
    for tables in RIGHTS.values():
        for table, rights in tables.items():
            listed = [name for right in rights for name in re.findall(r"\w+", right.partition("(")[2])]
            assert set(listed) <= set(existing[table])


def test_public_has_no_rights(admin: Shop) -> None:
    granted = admin.rows(
        "select c.relname from pg_class c, aclexplode(c.relacl) a"
        " where c.relnamespace = 'sales'::regnamespace and a.grantee = 0"
        " union all select p.proname from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a"
        " where p.pronamespace = 'sales'::regnamespace and a.grantee = 0"
        " union all select n.nspname from pg_namespace n, aclexplode(n.nspacl) a"
        " where n.nspname in ('sales', 'public') and a.grantee = 0"
        " union all select d.datname from pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a"
        " where d.datname = current_database() and a.grantee = 0"
    )
    assert granted == []


def test_objects_belong_to_an_owner_that_cannot_log_in(admin: Shop) -> None:
    owners = admin.rows(
        "select distinct pg_get_userbyid(relowner) from pg_class where relnamespace = 'sales'::regnamespace"
        " union select pg_get_userbyid(proowner) from pg_proc where pronamespace = 'sales'::regnamespace"
    )
    assert owners == [("sales_owner",)]
    flags = admin.rows("select rolcanlogin, rolsuper from pg_roles where rolname = 'sales_owner'")
    assert flags == [(False, False)]


def test_no_role_is_a_superuser_or_can_become_the_owner(admin: Shop) -> None:
    flags = admin.rows(
        "select rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls,"
        " pg_has_role(rolname, 'sales_owner', 'member') from pg_roles where rolname = any(%s)",
        list(TEAMS),
    )
    assert flags == [(False,) * 6] * len(TEAMS)


def test_search_path_of_every_role_is_the_schema(sales: Server) -> None:
    assert [run_sql(sales, "show search_path", role=role) for role in TEAMS] == [[("sales",)]] * len(TEAMS)


@pytest.mark.parametrize("role", TEAMS)
def test_role_cannot_create_objects(sales: Server, role: str) -> None:
    for statement in ("create table sales.mine ()", "create table public.mine ()", "create schema mine"):
        with sales.connected(role) as connection, connection.cursor() as cursor:
            cursor.execute("set transaction read write")
            with pytest.raises(InsufficientPrivilege):
                cursor.execute(statement)


def test_read_only_role_cannot_take_the_locks_of_settling(sales: Server) -> None:
    for statement in ("select pg_advisory_lock(1)", "select pg_try_advisory_xact_lock_shared(1, 1)"):
        with (
            sales.connected("dashboard") as connection,
            connection.cursor() as cursor,
            pytest.raises(InsufficientPrivilege),
        ):
            cursor.execute(statement)


def test_functions_of_the_owner_pin_their_search_path(admin: Shop) -> None:
    unpinned = admin.rows(
        "select proname from pg_proc where pronamespace = 'sales'::regnamespace and prosecdef"
        " and not coalesce('search_path=\"\"' = any(proconfig), false)"
    )
    assert unpinned == []


def test_masked_members_contain_no_personal_data(sales: Server, admin: Shop) -> None:
    admin.rows(
        "insert into member (first_name, last_name, date_of_birth, mobile_no, email)"
        " values ('Marguerite', 'Quixano', '1987-06-05', '98765432', 'marguerite@quixano.example')"
    )
    [(*shown, _)] = run_sql(sales, "select * from sales.member_masked", role="analytics")
    assert shown[1:] == ["M*** Q***", 1980, "****32", "***.example"]


def test_masked_members_hide_rows_from_leaky_predicates(admin: Shop) -> None:
    query = "select reloptions @> '{security_barrier=true}' from pg_class where relname = 'member_masked'"
    assert admin.value(query) is True


def test_error_shows_logistics_no_amount(sales: Server, shop: Shop) -> None:
    order = shop.order_in("new")
    shop.pay(order, 0.37)
    with sales.connected("logistics") as connection, pytest.raises(CheckViolation) as raised:
        Shop(connection).rows("update orders set status = 'paid' where order_id = %s", order)
    assert "3.7" not in str(raised.value)
