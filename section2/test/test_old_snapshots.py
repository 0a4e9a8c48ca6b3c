"""Transactions with old snapshots, and statements that change lines and status at once, cannot break the rules."""

from collections.abc import Callable

import psycopg2
import pytest
from psycopg2.errors import CheckViolation
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ, ISOLATION_LEVEL_SERIALIZABLE

from common.postgresql import Server
from common.test.databases import run_sql
from section2.main import differences
from section2.test.support import Shop

pytestmark = pytest.mark.integration


def paid(shop: Shop) -> int:
    return shop.order_in("paid")


def new(shop: Shop) -> int:
    return shop.order_in("new")


def new_with_payment(shop: Shop) -> int:
    order = new(shop)
    shop.pay(order)
    return order


def refund_ten(shop: Shop, order: int) -> None:
    shop.rows("insert into payment (order_id, amount, method) values (%s, -10, 'card')", order)


def cancel(shop: Shop, order: int) -> None:
    shop.move(order, "cancelled")


def set_paid(shop: Shop, order: int) -> None:
    shop.move(order, "paid")


@pytest.mark.parametrize("level", [ISOLATION_LEVEL_REPEATABLE_READ, ISOLATION_LEVEL_SERIALIZABLE])
@pytest.mark.parametrize(
    ("begin", "meanwhile", "then"),
    [
        (paid, refund_ten, refund_ten),
        (new, Shop.pay, cancel),
        (new_with_payment, refund_ten, set_paid),
        (new, Shop.pay, Shop.pay),
    ],
)
def test_change_based_on_an_old_snapshot_is_rejected(
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


@pytest.mark.parametrize("status", ["paid", "cancelled"])
@pytest.mark.parametrize(
    "change",
    [
        "insert into order_line (order_id, item_id, quantity) values (%(order)s, %(other)s, 1) returning order_id",
        "update order_line set quantity = 2 where order_id = %(order)s returning order_id",
        "delete from order_line where order_id = %(order)s returning order_id",
    ],
)
def test_one_statement_cannot_change_lines_and_status(sales: Server, shop: Shop, change: str, status: str) -> None:
    order, other = new(shop), shop.item("Other")
    if status == "paid":
        shop.pay(order)
    statement = (
        f"with line as ({change}) update orders set status = %(status)s from line where orders.order_id = line.order_id"
    )
    with shop.connection.cursor() as cursor, pytest.raises(CheckViolation, match="totals follow from its lines"):
        cursor.execute(statement, {"order": order, "other": other, "status": status})
    assert shop.value("select status from orders") == "new"
    assert differences(sales).rows == []


def test_paying_many_orders_in_one_transaction_takes_few_locks(sales: Server, shop: Shop) -> None:
    lamp, member = shop.item("Lamp"), shop.member()
    with sales.connected("loader") as connection:
        busy = Shop(connection)
        for _ in range(300):
            busy.bought(member, {lamp: 1}, status="paid")
        assert busy.value("select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()") < 5
        connection.commit()
    assert run_sql(sales, "select units from sales.item_sales") == [(300,)]
