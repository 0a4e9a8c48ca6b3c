"""Many clients at once, some of them killed: totals and aggregates always equal what the lines add up to."""

import threading
from collections.abc import Callable
from contextlib import suppress
from random import Random

import psycopg2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2.extensions import (
    ISOLATION_LEVEL_READ_COMMITTED,
    ISOLATION_LEVEL_REPEATABLE_READ,
    ISOLATION_LEVEL_SERIALIZABLE,
)

from common.errors import JobError
from common.postgresql import Server
from common.test.databases import run_sql
from section2.main import differences
from section2.test.support import NOW, Shop

CLIENTS, ACTIONS, ITEMS, MEMBERS = 10, 40, 5, 4
LEVELS = [*[ISOLATION_LEVEL_READ_COMMITTED] * 4, ISOLATION_LEVEL_REPEATABLE_READ, ISOLATION_LEVEL_SERIALIZABLE]


class Client(threading.Thread):
    """One of many clients: does random things to random orders, and comes back when it is thrown out."""

    def __init__(self, sales: Server, seed: str, orders: list[int], failures: list[BaseException]) -> None:
        super().__init__()
        self._sales, self._random, self._orders, self._failures = sales, Random(seed), orders, failures

    def run(self) -> None:
        left = ACTIONS
        try:
            while left:
                # Thrown out, or refused by a rule: the client comes back and goes on.
                with suppress(JobError), self._sales.connected("loader") as connection:
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
            self._orders.append(shop.order(self._random.randrange(1, MEMBERS + 1), lines, NOW))
            return
        order = self._random.choice(self._orders[-12:])
        actions: list[Callable[[], object]] = [
            lambda: shop.line(order, self._item(), self._random.randrange(1, 9)),
            lambda: shop.rows("update order_line set quantity = quantity + 1 where order_id = %s", order),
            lambda: shop.rows("delete from order_line where order_id = %s and item_id = %s", order, self._item()),
            lambda: self._pay(shop, order),
            lambda: self._pay(shop, order),
            lambda: shop.move(order, self._random.choice(["shipped", "complete", "cancelled"])),
            lambda: shop.refund(order),
        ]
        self._random.choice(actions)()

    def _pay(self, shop: Shop, order: int) -> None:
        shop.pay(order)
        shop.move(order, "paid")

    def _item(self) -> int:
        return min(self._random.randrange(1, ITEMS + 1), self._random.randrange(1, ITEMS + 1))


def throw_out_and_watch(sales: Server, seed: str, done: Callable[[], bool]) -> int:
    """Kill a random client now and then, settle, and see that all adds up in every moment; returns how often."""
    random, watched = Random(seed), 0
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
        watched += 1
    return watched


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(seed=st.integers(0, 2**32))
def test_whatever_many_clients_do_at_once_everything_adds_up_at_every_moment(sales: Server, seed: int) -> None:
    with sales.connected("loader") as connection:
        connection.autocommit = True
        shop = Shop(connection)
        if not shop.one("select count(*) from item"):
            for number in range(ITEMS):
                shop.item(f"Item {number}", f"{number + 1}.37", f"0.{number}21")
            for _ in range(MEMBERS):
                shop.member()
    orders: list[int] = []
    failures: list[BaseException] = []
    clients = [Client(sales, f"{seed}/{number}", orders, failures) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    watched = throw_out_and_watch(sales, str(seed), lambda: not any(client.is_alive() for client in clients))
    for client in clients:
        client.join()
    assert failures == []
    assert watched > 0
    assert differences(sales).rows == []
    [(bought,)] = run_sql(sales, "select count(*) from sales.orders where sales.is_bought(status)")
    assert bought > 0


def test_orders_of_one_item_do_not_wait_for_one_another(sales: Server, shop: Shop) -> None:
    best_seller, member = shop.item("Best"), shop.member()
    orders = [shop.order(member, {best_seller: 1}) for _ in range(20)]
    connections = []
    try:
        for order in orders:
            connection = psycopg2.connect(
                host=sales.host, dbname=sales.database, user="loader", options="-c lock_timeout=2s"
            )
            connections.append(connection)
            paying = Shop(connection)
            paying.pay(order)
            paying.move(order, "paid")  # not committed: all twenty are open at once
        assert run_sql(sales, "select units from sales.item_sales") == []
        for number, connection in enumerate(connections, 1):
            connection.commit()
            assert run_sql(sales, "select units from sales.item_sales") == [(number,)]
    finally:
        for connection in connections:
            connection.close()


def deltas(sales: Server) -> int:
    [(number,)] = run_sql(sales, "select count(*) from sales.order_delta")
    return int(number)


def test_deltas_do_not_grow_without_bound(sales: Server, shop: Shop) -> None:
    item, member = shop.item("Lamp"), shop.member()
    most = 0
    for number in range(1_000):
        shop.bought(member, {item: 1}, status="paid")
        most = max(most, deltas(sales)) if number % 20 == 0 else most
    assert most <= 2 * 128 + 20  # of 1,000 that were written
    assert run_sql(sales, "select units from sales.item_sales") == [(1_000,)]
    assert differences(sales).rows == []


def test_a_delta_whose_number_is_smaller_but_commits_later_is_not_lost(sales: Server, shop: Shop) -> None:
    item, member = shop.item("Lamp"), shop.member()
    slow_order, quick_order = (shop.order(member, {item: 1}) for _ in range(2))
    with sales.connected("loader") as connection:
        slow = Shop(connection)
        slow.pay(slow_order)
        slow.move(slow_order, "paid")  # it holds its epoch
        shop.pay(quick_order)
        shop.move(quick_order, "paid")
        for _ in range(4):
            run_sql(sales, "select sales.settle()")
        assert deltas(sales) == 1  # that of the quick one waits for the slow one of its epoch
        connection.commit()
    assert run_sql(sales, "select units from sales.item_sales") == [(2,)]
    for _ in range(2):
        run_sql(sales, "select sales.settle()")
    assert deltas(sales) == 0
    assert run_sql(sales, "select units from sales.item_sales") == [(2,)]


def test_the_very_first_delta_is_not_lost(sales: Server, shop: Shop) -> None:
    order = shop.order(shop.member(), {shop.item("Lamp"): 1})
    run_sql(sales, "select sales.settle()")
    with sales.connected("loader") as connection:
        slow = Shop(connection)
        slow.pay(order)
        slow.move(order, "paid")
        for _ in range(3):
            run_sql(sales, "select sales.settle()")
        connection.commit()
    assert run_sql(sales, "select units from sales.item_sales") == [(1,)]


def test_settling_never_waits_and_never_fails_for_another_one(sales: Server, shop: Shop) -> None:
    shop.bought(shop.member(), {shop.item("Lamp"): 1})
    with sales.connected() as connection, connection.cursor() as cursor:
        for _ in range(2):
            cursor.execute("select sales.settle()")  # not committed
        run_sql(sales, "set lock_timeout = '1s'; select sales.settle()")
    assert run_sql(sales, "select units from sales.item_sales") == [(1,)]


def test_an_epoch_that_was_begun_in_vain_or_skipped_by_a_crash_does_no_harm(sales: Server, shop: Shop) -> None:
    item, member = shop.item("Lamp"), shop.member()
    for number in range(1, 5):
        shop.bought(member, {item: 1})
        run_sql(sales, "select sales.settle()")
        run_sql(sales, "select setval('sales.epoch_seq', last_value + 32) from sales.epoch_seq")
        assert run_sql(sales, "select units from sales.item_sales") == [(number,)]
    for _ in range(2):
        run_sql(sales, "select sales.settle()")
    assert deltas(sales) == 0
    assert differences(sales).rows == []


@pytest.mark.parametrize("level", [ISOLATION_LEVEL_REPEATABLE_READ, ISOLATION_LEVEL_SERIALIZABLE])
def test_a_writer_with_an_old_snapshot_writes_to_the_current_epoch(sales: Server, shop: Shop, level: int) -> None:
    order = shop.order(shop.member(), {shop.item("Lamp"): 1})
    with sales.connected("loader") as connection:
        connection.set_session(isolation_level=level)
        old = Shop(connection)
        old.rows("select 1 from orders")  # takes the snapshot
        for _ in range(5):
            run_sql(sales, "select sales.settle()")
        old.pay(order)
        old.move(order, "paid")
        for _ in range(5):
            run_sql(sales, "select sales.settle()")
        connection.commit()
    assert run_sql(sales, "select units from sales.item_sales") == [(1,)]
    for _ in range(3):
        run_sql(sales, "select sales.settle()")
    assert deltas(sales) == 0
    assert run_sql(sales, "select units from sales.item_sales") == [(1,)]
