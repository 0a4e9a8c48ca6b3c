"""Actions of a shop on the sales database, for tests."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from common.postgresql import Connection

NOW = datetime.now(UTC).replace(microsecond=0)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
PATHS = {"new": [], "paid": ["paid"], "shipped": ["paid", "shipped"], "complete": ["paid", "shipped", "complete"]}


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


class Shop:
    """One connection, with a method for each action of a shop."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._numbers = count(1)

    def rows(self, statement: str, *values: object) -> list[Any]:
        """Run a statement and return its rows."""
        with self.connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def value(self, statement: str, *values: object) -> Any:
        """Run a statement and return its only value."""
        [(value,)] = self.rows(statement, *values)
        return value

    def item(self, name: str, cost: str = "10.00", weight_kg: str = "1.000", maker: str = "Acme") -> int:
        """Add an item that is for sale since LONG_AGO."""
        self.rows("insert into manufacturer (name) values (%s) on conflict do nothing", maker)
        item: int = self.value(
            "insert into item (name, manufacturer_id, cost, weight_kg, cost_since)"
            " select %s, manufacturer_id, %s, %s, %s from manufacturer where name = %s returning item_id",
            *(name, cost, weight_kg, LONG_AGO, maker),
        )
        return item

    def reprice(self, item: int, cost: str, since: datetime) -> None:
        self.rows("update item set cost = %s, cost_since = %s where item_id = %s", cost, since, item)

    def member(self, first_name: str = "Ada", last_name: str = "Lim", born: str = "1990-12-10") -> int:
        member: int = self.value(
            "insert into member (first_name, last_name, date_of_birth, mobile_no, email)"
            " values (%s, %s, %s, '91234567', %s) returning member_id",
            *(first_name, last_name, born, f"{first_name.lower()}{next(self._numbers)}@example.com"),
        )
        return member

    def order(self, member: int, lines: Mapping[int, int], placed_at: datetime = NOW) -> int:
        """Place an order; `lines` has the quantity of each item."""
        order: int = self.value(
            "insert into orders (order_id, member_id, placed_at) overriding system value"
            " values (nextval('orders_order_id_seq'), %s, %s) returning order_id",
            *(member, placed_at),
        )
        for item, quantity in lines.items():
            self.line(order, item, quantity)
        return order

    def line(self, order: int, item: int, quantity: int) -> None:
        self.rows("insert into order_line (order_id, item_id, quantity) values (%s, %s, %s)", order, item, quantity)

    def pay(self, order: int, share: float = 1) -> None:
        """Pay a share of an order's total."""
        self.rows(
            "insert into payment (order_id, amount, method)"
            " select order_id, round(total_price * %s, 2), 'card' from orders where order_id = %s",
            *(share, order),
        )

    def repay(self, order: int) -> None:
        """Pay all money of an order back."""
        self.rows(
            "insert into payment (order_id, amount, method)"
            " select order_id, -sum(amount), 'card' from payment where order_id = %s group by order_id",
            order,
        )

    def move(self, order: int, status: str, since: datetime | None = None) -> None:
        """Change the status of an order, at `since` or now."""
        self.rows(
            "update orders set status = %s, status_since = coalesce(%s, status_since) where order_id = %s",
            *(status, since, order),
        )

    def bought(self, member: int, lines: Mapping[int, int], placed_at: datetime = NOW, status: str = "complete") -> int:
        """Place and pay an order and move it to a status, in the seconds after `placed_at`."""
        order = self.order(member, lines, placed_at)
        if PATHS[status]:
            self.pay(order)
        for number, move in enumerate(PATHS[status], 1):
            self.move(order, move, placed_at + timedelta(seconds=number) if placed_at < NOW else None)
        return order

    def refund(self, order: int) -> None:
        self.repay(order)
        self.move(order, "refunded")

    def order_in(self, status: str) -> int:
        """Return a new order of one item, moved to a status."""
        lines = {self.item(f"Lamp {next(self._numbers)}"): 1}
        order = self.bought(
            self.member(), lines, status={"cancelled": "new", "refunded": "complete"}.get(status, status)
        )
        if status == "cancelled":
            self.move(order, "cancelled")
        elif status == "refunded":
            self.refund(order)
        return order
