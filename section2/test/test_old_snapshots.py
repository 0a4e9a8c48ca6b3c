"""Transactions with an old snapshot, and statements that do two things at once, break no rule."""

from collections.abc import Callable

import psycopg2
import pytest
from psycopg2.errors import CheckViolation
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ, ISOLATION_LEVEL_SERIALIZABLE

from common.postgresql import Server
from common.test.databases import run_sql
from section2.main import differences
from section2.test.support import Shop

LEVELS = [ISOLATION_LEVEL_REPEATABLE_READ, ISOLATION_LEVEL_SERIALIZABLE]


def paid(shop: Shop) -> int:
    return shop.bought(shop.member(), {shop.item("Lamp"): 1}, status="paid")


def new(shop: Shop) -> int:
    return shop.order(shop.member(), {shop.item("Lamp"): 1})


def paid_for_but_new(shop: Shop) -> int:
    order = new(shop)
    shop.pay(order)
    return order


def give_ten_back(shop: Shop, order: int) -> None:
    shop.rows("insert into payment (order_id, amount, method) values (%s, -10, 'card')", order)


def cancel(shop: Shop, order: int) -> None:
    shop.move(order, "cancelled")


def call_paid(shop: Shop, order: int) -> None:
    shop.move(order, "paid")


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    ("begin", "meanwhile", "then"),
    [
        (paid, give_ten_back, give_ten_back),
        (new, Shop.pay, cancel),
        (paid_for_but_new, give_ten_back, call_paid),
        (new, Shop.pay, Shop.pay),
    ],
)
def test_what_is_decided_by_an_old_snapshot_is_refused(
    sales: Server,
    shop: Shop,
    level: int,
    begin: Callable[[Shop], int],
    meanwhile: Callable[[Shop, int], None],
    then: Callable[[Shop, int], None],
) -> None:
    order = begin(shop)
    with sales.connected("loader") as connection:
        connection.set_session(isolation_level=level)
        old = Shop(connection)
        old.rows("select count(*) from payment")  # takes the snapshot
        meanwhile(shop, order)
        with pytest.raises(psycopg2.errors.SerializationFailure):
            then(old, order)
        connection.rollback()
    assert differences(sales).rows == []


@pytest.mark.parametrize(
    "change",
    [
        "insert into order_line (order_id, item_id, quantity) values (%(order)s, %(other)s, 1) returning order_id",
        "update order_line set quantity = 2 where order_id = %(order)s returning order_id",
        "delete from order_line where order_id = %(order)s returning order_id",
    ],
)
@pytest.mark.parametrize("status", ["paid", "cancelled"])
def test_one_statement_cannot_change_lines_and_status_at_once(
    sales: Server, shop: Shop, change: str, status: str
) -> None:
    order, other = new(shop), shop.item("Other")
    if status == "paid":
        shop.pay(order)
    statement = (
        f"with line as ({change}) update orders set status = %(status)s from line where orders.order_id = line.order_id"
    )
    with shop.connection.cursor() as cursor, pytest.raises(CheckViolation, match="totals follow from its lines"):
        cursor.execute(statement, {"order": order, "other": other, "status": status})
    assert shop.one("select status from orders") == "new"
    assert differences(sales).rows == []


def test_a_read_only_team_cannot_take_the_locks_that_settling_needs(sales: Server) -> None:
    for statement in ("select pg_advisory_lock(1)", "select pg_try_advisory_xact_lock_shared(1, 1)"):
        with (
            sales.connected("dashboard") as connection,
            connection.cursor() as cursor,
            pytest.raises(psycopg2.errors.InsufficientPrivilege),
        ):
            cursor.execute(statement)


def test_logistics_learns_no_amount_from_an_error(sales: Server, shop: Shop) -> None:
    order = new(shop)
    shop.pay(order, 0.37)
    with (
        sales.connected("logistics") as connection,
        connection.cursor() as cursor,
        pytest.raises(CheckViolation) as raised,
    ):
        cursor.execute("update orders set status = 'paid' where order_id = %s", [order])
    assert "3.7" not in str(raised.value)


def test_many_orders_that_are_paid_in_one_transaction_take_few_locks(sales: Server, shop: Shop) -> None:
    lamp, member = shop.item("Lamp"), shop.member()
    with sales.connected("loader") as connection:
        busy = Shop(connection)
        for _ in range(300):
            busy.bought(member, {lamp: 1}, status="paid")
        assert busy.one("select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()") < 5
        connection.commit()
    assert run_sql(sales, "select units from sales.item_sales") == [(300,)]
