"""Loads sample orders, one transaction per batch; a killed load continues after the last committed batch."""

import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice

from psycopg2.extras import execute_values

from common.errors import Busy, UsageError
from common.postgresql import Connection, Cursor, Server, copy_rows
from section2.config import LOADER, SQL
from section2.core.sample_orders import BATCH, BUYERS_PER_BATCH, Item, Order, SampleShop

CATALOGUE = -1  # the batch number under which the catalogue is recorded
LOCK_ATTEMPTS = 20


@dataclass(frozen=True)
class Loaded:
    """Numbers of orders of the seed: before the load, and added by it."""

    before: int
    added: int


def load_orders(
    server: Server, seed: int, until: date | None, orders: int, report: Callable[[int, int], None]
) -> Loaded:
    """Load the first `orders` sample orders of a seed; existing ones stay. Raises: JobError.

    `until` defaults to the date with which the seed was loaded before, else to today. `report` is called after each
    commit with the number of committed orders and their total.
    """
    with server.connected(LOADER) as connection:
        with connection.cursor() as cursor:
            lock_loads(cursor, server)
            until, done = _loaded_batches(cursor, seed, until)
        before = sum(done.values())
        load, loaded = _Load(connection, SampleShop(seed, until)), before
        for batch in range(-(-orders // BATCH)):
            wanted = min(BATCH, orders - batch * BATCH)
            if done.get(batch, 0) < wanted:
                loaded += load.batch(batch, done.get(batch), wanted)
                report(loaded, max(orders, loaded))
        load.settle()
    return Loaded(before, loaded - before)


def lock_loads(cursor: Cursor, server: Server) -> None:
    """Exclude other loads until the connection ends. Raises: Busy."""
    for _ in range(LOCK_ATTEMPTS):
        cursor.execute("select pg_try_advisory_lock(hashtext('section2 load'))")
        if cursor.fetchone() == (True,):
            return
        time.sleep(0.1)  # the server releases the lock of a killed load a moment later
    raise Busy(f"database {server.database}", "load")


def _loaded_batches(cursor: Cursor, seed: int, until: date | None) -> tuple[date, dict[int, int]]:
    """Return the end date of the seed's orders and the number of loaded orders per batch. Raises: UsageError."""
    cursor.execute("select batch, orders, until from sales.made_up_batch where seed = %s", [seed])
    rows = cursor.fetchall()
    today = datetime.now(UTC).date()
    end: date = rows[0][2] if rows else until or today
    if until not in (None, end):
        raise UsageError(f"--until {until}: the orders of seed {seed} end on {end}. Pass that date or another --seed.")
    if end > today:
        raise UsageError(f"--until {end}: the date is in the future. Pass today or an earlier date.")
    return end, {batch: orders for batch, orders, _ in rows}


class _Load:
    """A running load: its connection, and the keys that the database assigned to items and buyers."""

    def __init__(self, connection: Connection, shop: SampleShop) -> None:
        self._connection, self._shop = connection, shop
        with connection.cursor() as cursor:
            self._items = self._catalogue(cursor)
            self._buyers = _known_buyers(cursor, shop.seed)
            cursor.execute((SQL / "section2_staging.sql").read_text())
        connection.commit()

    def batch(self, batch: int, done: int | None, wanted: int) -> int:
        """Load the orders of a batch after the first `done` in one transaction; return their number."""
        with self._connection.cursor() as cursor:
            if done is None:
                self._add_buyers(cursor, batch)
            orders = list(islice(self._shop.orders(batch), done, wanted))
            self._stage(cursor, orders)
            cursor.execute((SQL / "section2_load_orders.sql").read_text())
            self._record_batch(cursor, batch, wanted)
        self._connection.commit()
        return len(orders)

    def settle(self) -> None:
        """Fold the new deltas into the aggregates: the first call closes their epoch, the second one folds it."""
        with self._connection.cursor() as cursor:
            for _ in range(2):
                cursor.execute("select sales.settle()")
                self._connection.commit()

    def _catalogue(self, cursor: Cursor) -> list[int]:
        """Return the items' keys in catalogue order; insert items and price changes unless they were loaded before."""
        items = self._shop.catalogue()
        cursor.execute("select from sales.made_up_batch where seed = %s and batch = %s", [self._shop.seed, CATALOGUE])
        if cursor.rowcount:
            return self._keys(cursor, items)
        names = sorted({item.manufacturer for item in items})
        cursor.execute(
            "insert into sales.manufacturer (name) select unnest(%s) on conflict (lower(name)) do nothing", [names]
        )
        cursor.execute("select name, manufacturer_id from sales.manufacturer where name = any(%s)", [names])
        makers = dict(cursor.fetchall())
        execute_values(
            cursor,
            "insert into sales.item (name, manufacturer_id, cost, weight_kg, cost_since) values %s"
            " on conflict (manufacturer_id, lower(name)) do nothing",
            [(item.name, makers[item.manufacturer], item.cost, item.weight_kg, self._shop.start) for item in items],
        )
        keys = self._keys(cursor, items)
        execute_values(
            cursor,
            "update sales.item set cost = change.cost::numeric, cost_since = change.since"
            " from (values %s) as change (item_id, cost, since)"
            " where item.item_id = change.item_id and item.cost_since < change.since",
            [(keys[change.item], change.cost, change.since) for change in self._shop.price_changes()],
        )
        self._record_batch(cursor, CATALOGUE, 0)
        return keys

    def _keys(self, cursor: Cursor, items: list[Item]) -> list[int]:
        cursor.execute(
            "select manufacturer.name, item.name, item.item_id"
            " from sales.item inner join sales.manufacturer on item.manufacturer_id = manufacturer.manufacturer_id"
        )
        keys = {(manufacturer, name): key for manufacturer, name, key in cursor.fetchall()}
        return [keys[item.manufacturer, item.name] for item in items]

    def _add_buyers(self, cursor: Cursor, batch: int) -> None:
        """Insert the batch's buyers unless they exist, and remember their keys."""
        buyers = self._shop.buyers(batch)
        keys = dict(
            execute_values(
                cursor,
                "insert into sales.member as existing (first_name, last_name, date_of_birth, mobile_no, email)"
                " values %s on conflict (membership_id, lower(email)) do update set email = existing.email"
                " returning email, member_id",
                buyers,
                fetch=True,
            )
        )
        first = batch * BUYERS_PER_BATCH
        self._buyers.extend(0 for _ in range(first + BUYERS_PER_BATCH - len(self._buyers)))
        for index, buyer in enumerate(buyers):
            self._buyers[first + index] = keys[buyer.email]

    def _stage(self, cursor: Cursor, orders: list[Order]) -> None:
        cursor.execute("select nextval('sales.orders_order_id_seq') from generate_series(1, %s)", [len(orders)])
        keyed = [(key, order) for (key,), order in zip(cursor.fetchall(), orders, strict=True)]
        copy_rows(
            cursor,
            "staged_order",
            ((key, self._buyers[o.buyer], o.placed_at, *o.timeline, o.method) for key, o in keyed),
        )
        copy_rows(
            cursor,
            "staged_line",
            ((key, self._items[item], quantity) for key, order in keyed for item, quantity in order.lines),
        )

    def _record_batch(self, cursor: Cursor, batch: int, orders: int) -> None:
        cursor.execute(
            "insert into sales.made_up_batch (seed, batch, until, orders) values (%s, %s, %s, %s)"
            " on conflict (seed, batch) do update set orders = excluded.orders, loaded_at = now()",
            [self._shop.seed, batch, self._shop.until, orders],
        )


def _known_buyers(cursor: Cursor, seed: int) -> "array[int]":
    """Return the keys of the seed's existing buyers by index; 0 for a buyer that does not exist."""
    address = rf"^buyer(\d{{1,9}})\.{seed}@example\.com$"
    cursor.execute(
        "select substring(email from %s)::integer, member_id from sales.member where email ~ %s", [address, address]
    )
    keys = dict(cursor.fetchall())
    return array("q", (keys.get(number, 0) for number in range(max(keys, default=-1) + 1)))
