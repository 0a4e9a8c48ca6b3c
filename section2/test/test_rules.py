"""Rules that triggers and constraints enforce for every client."""

import re
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from psycopg2.errors import CheckViolation, ForeignKeyViolation, NumericValueOutOfRange, UniqueViolation

from common.postgresql import Server
from section2.config import MIGRATIONS
from section2.main import differences
from section2.test.support import LONG_AGO, NOW, Shop, days_ago

pytestmark = pytest.mark.integration

MOVES = {
    "new": {"paid", "cancelled"},
    "paid": {"shipped", "refunded"},
    "shipped": {"complete", "refunded"},
    "complete": {"refunded"},
    "cancelled": set(),
    "refunded": set(),
}


def totals(shop: Shop, order: int) -> tuple[object, ...]:
    [(price, weight_kg)] = shop.rows("select total_price, total_weight_kg from orders where order_id = %s", order)
    return price, weight_kg


def status(shop: Shop, order: int) -> object:
    return shop.value("select status from orders where order_id = %s", order)


def test_totals_follow_inserted_updated_and_deleted_lines(shop: Shop) -> None:
    lamp, desk = shop.item("Lamp", "19.90", "0.750"), shop.item("Desk", "120.00", "31.200")
    order = shop.order(shop.member(), {lamp: 2, desk: 1})
    assert totals(shop, order) == (Decimal("159.80"), Decimal("32.700"))
    shop.rows("update order_line set quantity = 5 where order_id = %s and item_id = %s", order, lamp)
    assert totals(shop, order) == (Decimal("219.50"), Decimal("34.950"))
    shop.rows("delete from order_line where order_id = %s and item_id = %s", order, desk)
    assert totals(shop, order) == (Decimal("99.50"), Decimal("3.750"))
    shop.rows("delete from order_line where order_id = %s", order)
    assert totals(shop, order) == (0, 0)


def test_totals_follow_one_statement_on_many_orders(shop: Shop) -> None:
    lamp, member = shop.item("Lamp", "10.00"), shop.member()
    orders = [shop.order(member, {lamp: quantity}) for quantity in (1, 2, 3)]
    shop.rows("update order_line set quantity = quantity * 10")
    assert [totals(shop, order)[0] for order in orders] == [100, 200, 300]


def test_order_and_lines_can_be_inserted_in_one_statement(shop: Shop) -> None:
    lamp, member = shop.item("Lamp", "10.00"), shop.member()
    order = shop.value(
        "with placed as (insert into orders (member_id, placed_at) values (%s, %s) returning order_id)"
        " insert into order_line (order_id, item_id, quantity) select order_id, %s, 3 from placed returning order_id",
        *(member, NOW, lamp),
    )
    assert totals(shop, order)[0] == 30


def test_superuser_cannot_write_totals(admin: Shop) -> None:
    order = admin.order_in("new")
    for column in ("total_price", "total_weight_kg"):
        with pytest.raises(CheckViolation, match="totals"):
            admin.rows(f"update orders set {column} = 77 where order_id = %s", order)
    admin.rows("insert into orders (member_id, total_price, total_weight_kg) values (%s, 99, 99)", admin.member())
    assert admin.rows("select total_price, total_weight_kg from orders order by order_id") == [(10, 1), (0, 0)]


@pytest.mark.parametrize("old", MOVES)
def test_status_changes_only_as_allowed(shop: Shop, old: str) -> None:
    for new in MOVES:
        order = shop.order_in(old)
        if new == "paid" and old == "new":
            shop.pay(order)
        if new == "refunded" and old in ("paid", "shipped", "complete"):
            shop.repay(order)
        if new == old or new in MOVES[old]:
            shop.move(order, new)
            assert status(shop, order) == new
        else:
            with pytest.raises(CheckViolation, match="cannot become"):
                shop.move(order, new)
            assert status(shop, order) == old


def test_order_starts_as_new_and_has_a_known_status(admin: Shop) -> None:
    with pytest.raises(CheckViolation, match="begins as new"):
        admin.rows("insert into orders (member_id, status) values (%s, 'paid')", admin.member())
    with pytest.raises(CheckViolation):
        admin.move(admin.order_in("new"), "lost")


def test_order_becomes_paid_when_payments_equal_the_total(shop: Shop) -> None:
    order = shop.order(shop.member(), {shop.item("Lamp", "99.99"): 1})
    shop.pay(order, 0.5)
    with pytest.raises(CheckViolation, match="is not its total"):
        shop.move(order, "paid")
    shop.rows("insert into payment (order_id, amount, method) values (%s, 49.99, 'wallet')", order)
    shop.move(order, "paid")
    assert status(shop, order) == "paid"


def test_empty_order_and_overpayment_are_rejected(shop: Shop) -> None:
    with pytest.raises(CheckViolation, match="is not its total"):
        shop.move(shop.order(shop.member(), {}), "paid")
    with pytest.raises(CheckViolation, match="left to pay"):
        shop.pay(shop.order_in("new"), 1.001)


def test_refund_must_be_of_the_full_amount(shop: Shop) -> None:
    order = shop.order_in("paid")
    with pytest.raises(CheckViolation, match="all that was received"):
        shop.rows("insert into payment (order_id, amount, method) values (%s, -1, 'card')", order)
    with pytest.raises(CheckViolation, match="before it becomes"):
        shop.move(order, "refunded")
    shop.refund(order)
    assert status(shop, order) == "refunded"


def test_cancelling_requires_that_payments_are_refunded(shop: Shop) -> None:
    order = shop.order_in("new")
    shop.pay(order, 0.5)
    with pytest.raises(CheckViolation, match="before it becomes"):
        shop.move(order, "cancelled")
    shop.repay(order)
    shop.move(order, "cancelled")
    assert status(shop, order) == "cancelled"


def test_lines_change_only_while_the_order_is_new(shop: Shop) -> None:
    other = shop.item("Other")
    for old in sorted(MOVES.keys() - {"new"}):
        order = shop.order_in(old)
        for statement in (
            f"insert into order_line (order_id, item_id, quantity) values ({order}, {other}, 1)",
            f"update order_line set quantity = 7 where order_id = {order}",
            f"delete from order_line where order_id = {order}",
        ):
            with pytest.raises(CheckViolation, match="no longer change"):
                shop.rows(statement)


def test_line_has_the_price_when_its_order_was_placed(shop: Shop) -> None:
    lamp, member = shop.item("Lamp", "10.00", "1.500"), shop.member()
    shop.reprice(lamp, "12.00", days_ago(20))
    shop.reprice(lamp, "15.00", days_ago(10))
    prices = [
        totals(shop, shop.order(member, {lamp: 2}, placed_at))
        for placed_at in (days_ago(30), days_ago(20), days_ago(15), days_ago(10), NOW)
    ]
    assert [price for price, _ in prices] == [20, 24, 24, 30, 30]
    assert {weight for _, weight in prices} == {3}


def test_later_price_or_weight_does_not_change_an_order(admin: Shop) -> None:
    order = admin.order_in("new")
    admin.rows("update item set cost = 99, weight_kg = 9")
    admin.rows("update order_line set quantity = 2 where order_id = %s", order)
    assert totals(admin, order) == (20, 2)


def test_price_history_has_one_row_per_change(shop: Shop) -> None:
    lamp = shop.item("Lamp", "10.00")
    shop.reprice(lamp, "12.00", days_ago(3))
    shop.rows("update item set cost = 12 where item_id = %s", lamp)
    history = shop.rows("select valid_from, cost from item_price where item_id = %s order by valid_from", lamp)
    assert history == [(LONG_AGO, 10), (days_ago(3), 12)]


def test_two_price_changes_in_one_transaction_are_both_kept(admin: Shop) -> None:
    admin.item("Lamp", "10.00")
    admin.rows("begin; update item set cost = 11; update item set cost = 12; commit")
    assert admin.rows("select cost from item_price order by valid_from") == [(10,), (11,), (12,)]


@pytest.mark.parametrize("since", [LONG_AGO - timedelta(days=1), NOW + timedelta(days=1)])
def test_price_cannot_start_before_the_last_one_or_in_the_future(shop: Shop, since: datetime) -> None:
    with pytest.raises(CheckViolation, match="a price cannot hold"):
        shop.reprice(shop.item("Lamp"), "11.00", since)


def test_item_can_be_ordered_only_while_it_is_for_sale(shop: Shop) -> None:
    lamp, member = shop.item("Lamp"), shop.member()
    shop.rows("update item set discontinued_at = %s where item_id = %s", days_ago(5), lamp)
    assert totals(shop, shop.order(member, {lamp: 1}, days_ago(6)))[0] == 10
    for placed_at in (days_ago(4), LONG_AGO - timedelta(days=1)):
        with pytest.raises(CheckViolation, match="was not sold"):
            shop.order(member, {lamp: 1}, placed_at)


def test_unknown_item_order_or_member_is_rejected(shop: Shop) -> None:
    with pytest.raises(CheckViolation, match="item 999: was not sold"):
        shop.order(shop.member(), {999: 1})
    with pytest.raises(ForeignKeyViolation, match="order 999: there is none"):
        shop.line(999, shop.item("Lamp"), 1)
    with pytest.raises(ForeignKeyViolation, match="orders_member_fkey"):
        shop.order(999, {})
    with pytest.raises(ForeignKeyViolation, match="payment_order_fkey"):
        shop.rows("insert into payment (order_id, amount, method) values (999, 1, 'card')")


def test_values_out_of_range_are_rejected(shop: Shop) -> None:
    order, lamp = shop.order(shop.member(), {}), shop.item("Lamp", "10.00")
    for quantity in (0, -1, 10_001, 2**31 - 1):
        with pytest.raises(CheckViolation, match="order_line_quantity_in_range"):
            shop.line(order, lamp, quantity)
    for cost in ("NaN", "0", "-1", "0.004"):
        with pytest.raises(CheckViolation, match="item_cost_in_range"):
            shop.item("Desk", cost)
        with pytest.raises(CheckViolation, match="item_cost_in_range"):
            shop.rows("update item set cost = %s", cost)
    for cost in ("Infinity", "100000000"):
        with pytest.raises(NumericValueOutOfRange):
            shop.item("Desk", cost)
    for weight_kg in ("NaN", "-0.001"):
        with pytest.raises(CheckViolation, match="item_weight_in_range"):
            shop.item("Desk", "1.00", weight_kg)
    for amount in ("NaN", "0"):
        with pytest.raises(CheckViolation):
            shop.rows("insert into payment (order_id, amount, method) values (%s, %s, 'card')", order, amount)
    assert totals(shop, order) == (0, 0)
    assert shop.rows("select item_id, cost from item") == [(lamp, 10)]


@pytest.mark.parametrize("name", ["", " Lamp", "Lamp ", "x" * 201, "x" * 10_000_000], ids=len)
def test_invalid_name_is_rejected(shop: Shop, name: str) -> None:
    with pytest.raises(CheckViolation, match="item_name_fits"):
        shop.item(name)
    with pytest.raises(CheckViolation, match="manufacturer_name_fits"):
        shop.item("Lamp", maker=name)


def test_invalid_member_data_are_rejected(shop: Shop) -> None:
    shop.member()
    for column, value, constraint in (
        ("first_name", "x" * 10_000_000, "member_first_name_fits"),
        ("last_name", "", "member_last_name_fits"),
        ("date_of_birth", "1899-12-31", "member_date_of_birth_in_range"),
        ("mobile_no", "9123456", "member_mobile_no_is_8_digits"),
        ("email", "ada@", "member_email_fits"),
        ("email", "a" * 250 + "@example.com", "member_email_fits"),
    ):
        with pytest.raises(CheckViolation, match=constraint):
            shop.rows(f"update member set {column} = %s", value)


def test_names_are_unique_regardless_of_case(shop: Shop) -> None:
    shop.item("Lamp", maker="Acme")
    shop.item("Lamp", maker="Zeta")
    with pytest.raises(UniqueViolation, match="item_name_key"):
        shop.item("LAMP", maker="Acme")
    with pytest.raises(UniqueViolation, match="manufacturer_name_key"):
        shop.rows("insert into manufacturer (name) values ('ACME')")


def test_two_persons_can_share_a_membership_id_but_not_an_email(shop: Shop) -> None:
    shop.member("Ada", "Lim", "1990-12-10")
    shop.member("Bea", "Lim", "1990-12-10")
    assert shop.rows("select distinct membership_id from member") == [("Lim_1218b",)]
    with pytest.raises(UniqueViolation, match="member_person_key"):
        shop.rows("update member set email = 'ADA1@example.com' where first_name = 'Bea'")


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("delete from orders", "never deleted"),
        ("truncate orders cascade", "never deleted"),
        ("truncate order_line", "deleted one by one"),
        ("update payment set amount = 1", "given back"),
        ("delete from payment", "given back"),
        ("truncate payment", "given back"),
        ("update orders set member_id = member_id + 1", "never change"),
        ("update orders set placed_at = placed_at - interval '1 day'", "never change"),
        ("update orders set order_id = default", "never change"),
    ],
)
def test_superuser_cannot_delete_or_rewrite_history(admin: Shop, statement: str, message: str) -> None:
    admin.order_in("paid")
    with pytest.raises(CheckViolation, match=message):
        admin.rows(statement)


def test_audit_columns_are_set_by_the_database(sales: Server, admin: Shop, shop: Shop) -> None:
    lamp = shop.item("Lamp")
    with sales.connected("sales") as connection:
        Shop(connection).rows("update item set cost = 11 where item_id = %s", lamp)
        connection.commit()
    admin.rows("update item set created_by = 'other', updated_by = 'other', created_at = '2000-01-01'")
    [(created_by, updated_by, created_at, updated_at)] = shop.rows(
        "select created_by, updated_by, created_at, updated_at from item"
    )
    assert (created_by, updated_by) == ("loader", "postgres")
    assert NOW <= created_at < updated_at
    assert shop.rows("select changed_by from item_price order by valid_from") == [("loader",), ("sales",)]


def test_every_table_and_column_has_a_comment(admin: Shop) -> None:
    without = admin.rows(
        "select c.relname, a.attname from pg_class c"
        " inner join pg_attribute a on a.attrelid = c.oid and a.attnum >= 0 and not a.attisdropped"
        " where c.relnamespace = 'sales'::regnamespace and c.relkind in ('r', 'v')"
        " and col_description(c.oid, a.attnum) is null"
        " union all select c.relname, null from pg_class c where c.relnamespace = 'sales'::regnamespace"
        " and c.relkind in ('r', 'v') and obj_description(c.oid, 'pg_class') is null"
    )
    assert without == []


def test_every_constraint_is_named_in_a_migration(admin: Shop) -> None:
    named = {name for path in MIGRATIONS.glob("*.sql") for name in re.findall(r"constraint (\w+)", path.read_text())}
    existing = admin.rows(
        "select conname from pg_constraint"
        " where connamespace = 'sales'::regnamespace and contype <> 'n' and conparentid = 0"
    )
    assert {name for (name,) in existing} - named == set()


def test_orders_in_every_status_add_up(sales: Server, shop: Shop) -> None:
    for wanted in MOVES:
        shop.order_in(wanted)
    assert differences(sales).rows == []
