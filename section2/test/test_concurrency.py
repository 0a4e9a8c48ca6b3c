"""Many clients at once: totals and aggregates always add up."""

import threading
from collections.abc import Callable
from contextlib import suppress
from random import Random

import psycopg2
import pytest
from psycopg2.extensions import (
    ISOLATION_LEVEL_READ_COMMITTED,
    ISOLATION_LEVEL_REPEATABLE_READ,
    ISOLATION_LEVEL_SERIALIZABLE,
)

from common.errors import JobError
from common.postgresql import Server
from common.test.databases import run_sql
from section2.main import differences
from section2.test.support import Shop

pytestmark = pytest.mark.integration

CLIENTS, ACTIONS, ITEMS, MEMBERS = 10, 40, 5, 4
LEVELS = [*[ISOLATION_LEVEL_READ_COMMITTED] * 4, ISOLATION_LEVEL_REPEATABLE_READ, ISOLATION_LEVEL_SERIALIZABLE]


class Client(threading.Thread):
    """Performs random actions on random orders; reconnects when its connection is terminated."""

    def __init__(self, sales: Server, seed: str, orders: list[int], failures: list[BaseException]) -> None:
        super().__init__()
        self._sales, self._random, self._orders, self._failures = sales, Random(seed), orders, failures

    def run(self) -> None:
        left = ACTIONS
        try:
            while left:
                with suppress(JobError), self._sales.connected("loader") as connection:  # terminated, or rejected
                    shop = Shop(connection)
                    while left:
                        left -= 1
                        connection.set_session(isolation_level=self._random.choice(LEVELS))
                        with suppress(psycopg2.errors.IntegrityError, psycopg2.errors.SerializationFailure):
                            for _ in range(self._random.randrange(1, 4)):
                                self._act(shop)
                            if self._random.random() < 0.85:
                                connection.commit()
                        connection.rollback()
        except BaseException as failure:
            self._failures.append(failure)

    def _act(self, shop: Shop) -> None:
        if not self._orders or self._random.random() < 0.3:
            lines = {self._item(): self._random.randrange(1, 9) for _ in range(self._random.randrange(1, 4))}
            self._orders.append(shop.order(self._random.randrange(1, MEMBERS + 1), lines))
            return
        order = self._random.choice(self._orders[-12:])
        actions: list[Callable[[], object]] = [
            lambda: shop.line(order, self._item(), self._random.randrange(1, 9)),
            lambda: shop.rows("update order_line set quantity = quantity + 1 where order_id = %s", order),
            lambda: shop.rows("delete from order_line where order_id = %s and item_id = %s", order, self._item()),
            lambda: pay_and_set_paid(shop, order),
            lambda: pay_and_set_paid(shop, order),
            lambda: shop.move(order, self._random.choice(["shipped", "complete", "cancelled"])),
            lambda: shop.refund(order),
        ]
        self._random.choice(actions)()

    def _item(self) -> int:
        return min(self._random.randrange(1, ITEMS + 1), self._random.randrange(1, ITEMS + 1))


def pay_and_set_paid(shop: Shop, order: int) -> None:
    shop.pay(order)
    shop.move(order, "paid")


def terminate_and_check(sales: Server, random: Random, done: Callable[[], bool]) -> int:
    """Terminate random clients, settle, and check that all adds up; return the number of checks."""
    checks = 0
    while not done():
        with suppress(JobError):
            run_sql(
                sales,
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
                " and pid <> pg_backend_pid() and usename = 'loader' order by pid offset %s limit 1",
                random.randrange(CLIENTS),
            )
            run_sql(sales, "select sales.settle()")
        assert differences(sales).rows == []
        checks += 1
    return checks


@pytest.mark.parametrize("seed", range(6))
def test_everything_adds_up_while_clients_are_terminated(sales: Server, shop: Shop, seed: int) -> None:
    for number in range(ITEMS):
        shop.item(f"Item {number}", f"{number + 1}.37", f"0.{number}21")
    for _ in range(MEMBERS):
        shop.member()
    orders: list[int] = []
    failures: list[BaseException] = []
    clients = [Client(sales, f"{seed}/{number}", orders, failures) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    checks = terminate_and_check(sales, Random(seed), lambda: not any(client.is_alive() for client in clients))
    for client in clients:
        client.join()
    assert failures == []
    assert checks > 0
    assert differences(sales).rows == []
    [(bought,)] = run_sql(sales, "select count(*) from sales.orders where sales.is_bought(status)")
    assert bought > 0


def deltas(sales: Server) -> int:
    [(number,)] = run_sql(sales, "select count(*) from sales.order_delta")
    return int(number)


def settle(sales: Server, times: int) -> None:
    for _ in range(times):
        run_sql(sales, "select sales.settle()")


def units_sold(sales: Server) -> list[tuple[int]]:
    return list(run_sql(sales, "select units from sales.item_sales"))


def test_orders_of_one_item_do_not_wait_for_each_other(sales: Server, shop: Shop) -> None:
    item, member = shop.item("Lamp"), shop.member()
    orders = [shop.order(member, {item: 1}) for _ in range(20)]
    connections = []
    try:
        for order in orders:
            connection = psycopg2.connect(
                host=sales.host, dbname=sales.database, user="loader", options="-c lock_timeout=2s"
            )
            connections.append(connection)
            pay_and_set_paid(Shop(connection), order)  # not committed: all twenty transactions are open
        assert units_sold(sales) == []
        for number, connection in enumerate(connections, 1):
            connection.commit()
            assert units_sold(sales) == [(number,)]
    finally:
        for connection in connections:
            connection.close()


def test_number_of_deltas_is_bounded(sales: Server, shop: Shop) -> None:
    item, member = shop.item("Lamp"), shop.member()
    most = 0
    for number in range(1_000):
        shop.bought(member, {item: 1}, status="paid")
        most = max(most, deltas(sales)) if number % 20 == 0 else most
    assert most <= 2 * 128 + 20
    assert units_sold(sales) == [(1_000,)]
    assert differences(sales).rows == []


def test_delta_that_commits_late_is_not_lost(sales: Server, shop: Shop) -> None:
    item, member = shop.item("Lamp"), shop.member()
    slow_order, quick_order = (shop.order(member, {item: 1}) for _ in range(2))
    with sales.connected("loader") as connection:
        pay_and_set_paid(Shop(connection), slow_order)  # holds its epoch
        pay_and_set_paid(shop, quick_order)
        settle(sales, 4)
        assert deltas(sales) == 1  # the quick delta waits for the slow one of its epoch
        connection.commit()
    assert units_sold(sales) == [(2,)]
    settle(sales, 2)
    assert deltas(sales) == 0
    assert units_sold(sales) == [(2,)]


def test_first_delta_is_not_lost(sales: Server, shop: Shop) -> None:
    order = shop.order_in("new")
    settle(sales, 1)
    with sales.connected("loader") as connection:
        pay_and_set_paid(Shop(connection), order)
        settle(sales, 3)
        connection.commit()
    assert units_sold(sales) == [(1,)]


def test_settling_does_not_wait_for_another_one(sales: Server, shop: Shop) -> None:
    shop.order_in("complete")
    with sales.connected() as connection, connection.cursor() as cursor:
        for _ in range(2):
            cursor.execute("select sales.settle()")  # not committed
        run_sql(sales, "set lock_timeout = '1s'; select sales.settle()")
    assert units_sold(sales) == [(1,)]


def test_skipped_epochs_lose_nothing(sales: Server, shop: Shop) -> None:
    item, member = shop.item("Lamp"), shop.member()
    for number in range(1, 5):
        shop.bought(member, {item: 1})
        settle(sales, 1)
        run_sql(sales, "select setval('sales.epoch_seq', last_value + 32) from sales.epoch_seq")  # as after a crash
        assert units_sold(sales) == [(number,)]
    settle(sales, 2)
    assert deltas(sales) == 0
    assert differences(sales).rows == []


@pytest.mark.parametrize("level", [ISOLATION_LEVEL_REPEATABLE_READ, ISOLATION_LEVEL_SERIALIZABLE])
def test_writer_with_an_old_snapshot_joins_the_current_epoch(sales: Server, shop: Shop, level: int) -> None:
    order = shop.order_in("new")
    with sales.connected("loader") as connection:
        connection.set_session(isolation_level=level)
        old = Shop(connection)
        old.rows("select 1 from orders")  # takes the snapshot
        settle(sales, 5)
        pay_and_set_paid(old, order)
        settle(sales, 5)
        connection.commit()
    assert units_sold(sales) == [(1,)]
    settle(sales, 3)
    assert deltas(sales) == 0
    assert units_sold(sales) == [(1,)]
