"""The rules that keep the sales right, whichever client writes."""

import re
from datetime import datetime, timedelta
from decimal import Decimal

import psycopg2
import pytest
from psycopg2.errors import CheckViolation, ForeignKeyViolation, UniqueViolation

from common.postgresql import Server
from common.test.databases import run_sql
from section2.config import MIGRATIONS
from section2.main import differences
from section2.test.support import LONG_AGO, NOW, Shop, days_ago

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
    return shop.one("select status from orders where order_id = %s", order)


def in_status(shop: Shop, wanted: str) -> int:
    """Return an order that has come to a status, with its money as the next moves need it."""
    order = shop.order(shop.member(), {shop.item(f"Lamp for {wanted}"): 1})
    if wanted == "cancelled":
        shop.move(order, "cancelled")
    elif wanted != "new":
        shop.pay(order)
        for move in ("paid", "shipped", "complete"):
            shop.move(order, move)
            if move == wanted:
                break
    if wanted == "refunded":
        shop.refund(order)
    return order


def test_totals_follow_lines_that_are_added_changed_and_deleted(shop: Shop) -> None:
    lamp, desk = shop.item("Lamp", "19.90", "0.750"), shop.item("Desk", "120.00", "31.200")
    order = shop.order(shop.member(), {lamp: 2, desk: 1})
    assert totals(shop, order) == (Decimal("159.80"), Decimal("32.700"))
    shop.rows("update order_line set quantity = 5 where order_id = %s and item_id = %s", order, lamp)
    assert totals(shop, order) == (Decimal("219.50"), Decimal("34.950"))
    shop.rows("delete from order_line where order_id = %s and item_id = %s", order, desk)
    assert totals(shop, order) == (Decimal("99.50"), Decimal("3.750"))
    shop.rows("delete from order_line where order_id = %s", order)
    assert totals(shop, order) == (0, 0)


def test_totals_follow_one_statement_on_the_lines_of_many_orders(shop: Shop) -> None:
    lamp, member = shop.item("Lamp", "10.00"), shop.member()
    orders = [shop.order(member, {lamp: quantity}) for quantity in (1, 2, 3)]
    shop.rows("update order_line set quantity = quantity * 10")
    assert [totals(shop, order)[0] for order in orders] == [100, 200, 300]


def test_an_order_and_its_lines_can_come_in_one_statement(shop: Shop) -> None:
    lamp, member = shop.item("Lamp", "10.00"), shop.member()
    order = shop.one(
        "with placed as (insert into orders (member_id, placed_at) values (%s, %s) returning order_id)"
        " insert into order_line (order_id, item_id, quantity) select order_id, %s, 3 from placed returning order_id",
        *(member, NOW, lamp),
    )
    assert totals(shop, order)[0] == 30


@pytest.mark.parametrize("column", ["total_price", "total_weight_kg"])
def test_not_even_the_superuser_writes_a_total(sales: Server, shop: Shop, column: str) -> None:
    order = shop.order(shop.member(), {shop.item("Lamp"): 1})
    with sales.connected() as connection, connection.cursor() as cursor, pytest.raises(CheckViolation, match="totals"):
        cursor.execute(f"update sales.orders set {column} = 77 where order_id = %s", [order])


def test_totals_that_a_client_inserts_are_not_believed(sales: Server, shop: Shop) -> None:
    member = shop.member()
    [row] = run_sql(
        sales,
        "insert into sales.orders (member_id, total_price, total_weight_kg) values (%s, 99, 99)"
        " returning total_price, total_weight_kg",
        member,
    )
    assert row == (0, 0)


@pytest.mark.parametrize("old", MOVES)
@pytest.mark.parametrize("new", MOVES)
def test_an_order_moves_along_its_statuses_and_nowhere_else(shop: Shop, old: str, new: str) -> None:
    order = in_status(shop, old)
    if new == "paid" and old == "new":
        shop.pay(order)
    if new == "refunded" and old in ("paid", "shipped", "complete"):
        shop.give_back(order)
    if new == old or new in MOVES[old]:
        shop.move(order, new)
        assert status(shop, order) == new
    else:
        with pytest.raises(CheckViolation, match="cannot become"):
            shop.move(order, new)
        assert status(shop, order) == old


def test_an_unknown_status_is_refused(shop: Shop) -> None:
    with pytest.raises(CheckViolation):
        shop.move(in_status(shop, "new"), "lost")


def test_an_order_begins_as_new(sales: Server, shop: Shop) -> None:
    member = shop.member()
    with (
        sales.connected() as connection,
        connection.cursor() as cursor,
        pytest.raises(CheckViolation, match="begins as new"),
    ):
        cursor.execute("insert into sales.orders (member_id, status) values (%s, 'paid')", [member])


def test_an_order_becomes_paid_when_all_of_it_was_received(shop: Shop) -> None:
    order = shop.order(shop.member(), {shop.item("Lamp", "99.99"): 1})
    shop.pay(order, 0.5)
    with pytest.raises(CheckViolation, match="is not its total"):
        shop.move(order, "paid")
    shop.rows("insert into payment (order_id, amount, method) values (%s, 49.99, 'wallet')", order)
    shop.move(order, "paid")
    assert status(shop, order) == "paid"


def test_an_order_without_lines_is_never_paid(shop: Shop) -> None:
    with pytest.raises(CheckViolation):
        shop.move(shop.order(shop.member(), {}), "paid")


def test_no_more_is_taken_than_an_order_costs(shop: Shop) -> None:
    order = shop.order(shop.member(), {shop.item("Lamp", "10.00"): 1})
    with pytest.raises(CheckViolation, match="left to pay"):
        shop.pay(order, 1.001)


def test_a_refund_gives_back_all_or_nothing(shop: Shop) -> None:
    order = in_status(shop, "paid")
    with pytest.raises(CheckViolation, match="gives back all"):
        shop.rows("insert into payment (order_id, amount, method) values (%s, -1, 'card')", order)
    with pytest.raises(CheckViolation, match="give back"):
        shop.move(order, "refunded")
    shop.refund(order)
    assert status(shop, order) == "refunded"


def test_a_cancelled_order_keeps_no_money(shop: Shop) -> None:
    order = shop.order(shop.member(), {shop.item("Lamp"): 1})
    shop.pay(order, 0.5)
    with pytest.raises(CheckViolation, match="give back"):
        shop.move(order, "cancelled")
    shop.give_back(order)
    shop.move(order, "cancelled")
    assert status(shop, order) == "cancelled"


@pytest.mark.parametrize("wanted", ["paid", "shipped", "complete", "cancelled", "refunded"])
def test_lines_change_only_while_an_order_is_new(shop: Shop, wanted: str) -> None:
    order, other = in_status(shop, wanted), shop.item("Other")
    for statement in (
        f"insert into order_line (order_id, item_id, quantity) values ({order}, {other}, 1)",
        f"update order_line set quantity = 7 where order_id = {order}",
        f"delete from order_line where order_id = {order}",
    ):
        with pytest.raises(CheckViolation, match="no longer change"):
            shop.rows(statement)


def test_a_line_has_the_price_and_weight_that_held_when_its_order_was_placed(shop: Shop) -> None:
    lamp, member = shop.item("Lamp", "10.00", "1.500"), shop.member()
    shop.reprice(lamp, "12.00", days_ago(20))
    shop.reprice(lamp, "15.00", days_ago(10))
    prices = [
        totals(shop, shop.order(member, {lamp: 2}, placed_at))
        for placed_at in (days_ago(30), days_ago(20), days_ago(15), days_ago(10), NOW)
    ]
    assert [price for price, _ in prices] == [20, 24, 24, 30, 30]
    assert {weight for _, weight in prices} == {3}


def test_a_later_price_or_weight_changes_no_order(sales: Server, shop: Shop) -> None:
    lamp = shop.item("Lamp", "10.00", "1.000")
    order = shop.order(shop.member(), {lamp: 1})
    shop.rows("update item set cost = 99 where item_id = %s", lamp)
    run_sql(sales, "update sales.item set weight_kg = 9 where item_id = %s", lamp)
    shop.rows("update order_line set quantity = 2 where order_id = %s", order)
    assert totals(shop, order) == (20, 2)


def test_the_price_history_keeps_itself(shop: Shop) -> None:
    lamp = shop.item("Lamp", "10.00")
    shop.reprice(lamp, "12.00", days_ago(3))
    shop.rows("update item set cost = 12 where item_id = %s", lamp)
    history = shop.rows("select valid_from, cost from item_price where item_id = %s order by valid_from", lamp)
    assert history == [(LONG_AGO, 10), (days_ago(3), 12)]


def test_two_price_changes_of_one_transaction_are_both_kept(sales: Server, shop: Shop) -> None:
    lamp = shop.item("Lamp", "10.00")
    run_sql(
        sales,
        f"update sales.item set cost = 11 where item_id = {lamp};"
        f"update sales.item set cost = 12 where item_id = {lamp}; select 1",
    )
    assert [cost for (cost,) in shop.rows("select cost from item_price order by valid_from")] == [10, 11, 12]


@pytest.mark.parametrize("since", [LONG_AGO - timedelta(days=1), NOW + timedelta(days=1)])
def test_a_price_holds_neither_before_the_last_one_nor_from_the_future(shop: Shop, since: datetime) -> None:
    lamp = shop.item("Lamp")
    with pytest.raises(CheckViolation, match="a price cannot hold"):
        shop.reprice(lamp, "11.00", since)


def test_a_discontinued_item_is_sold_no_more_but_stays(shop: Shop) -> None:
    lamp, member = shop.item("Lamp"), shop.member()
    shop.rows("update item set discontinued_at = %s where item_id = %s", days_ago(5), lamp)
    assert totals(shop, shop.order(member, {lamp: 1}, days_ago(6)))[0] == 10
    with pytest.raises(CheckViolation, match="was not sold"):
        shop.order(member, {lamp: 1}, days_ago(4))


def test_an_item_is_not_sold_before_it_is_there(shop: Shop) -> None:
    with pytest.raises(CheckViolation, match="was not sold"):
        shop.order(shop.member(), {shop.item("Lamp"): 1}, LONG_AGO - timedelta(days=1))


def test_an_unknown_item_order_or_member_is_refused(shop: Shop) -> None:
    with pytest.raises(CheckViolation, match="item 999: was not sold"):
        shop.order(shop.member(), {999: 1})
    with pytest.raises(ForeignKeyViolation, match="order 999: there is none"):
        shop.line(999, shop.item("Lamp"), 1)
    with pytest.raises(ForeignKeyViolation, match="orders_member_fkey"):
        shop.order(999, {})
    with pytest.raises(ForeignKeyViolation, match="payment_order_fkey"):
        shop.rows("insert into payment (order_id, amount, method) values (999, 1, 'card')")


@pytest.mark.parametrize("quantity", [0, -1, 10_001, 2**31 - 1])
def test_a_quantity_out_of_range_is_refused(shop: Shop, quantity: int) -> None:
    order, lamp = shop.order(shop.member(), {}), shop.item("Lamp")
    with pytest.raises(CheckViolation, match="order_line_quantity_in_range"):
        shop.line(order, lamp, quantity)
    assert totals(shop, order) == (0, 0)


@pytest.mark.parametrize("cost", ["NaN", "0", "-1", "0.004"])
def test_a_price_out_of_range_is_refused(shop: Shop, cost: str) -> None:
    lamp = shop.item("Lamp", "10.00")
    with pytest.raises(CheckViolation, match="item_cost_in_range"):
        shop.item("Desk", cost)
    with pytest.raises(CheckViolation, match="item_cost_in_range"):
        shop.rows("update item set cost = %s", cost)
    assert shop.rows("select item_id, cost from item") == [(lamp, 10)]


@pytest.mark.parametrize("cost", ["Infinity", "100000000"])
def test_a_price_that_no_column_holds_is_refused(shop: Shop, cost: str) -> None:
    with pytest.raises(psycopg2.errors.NumericValueOutOfRange):
        shop.item("Desk", cost)


@pytest.mark.parametrize("weight_kg", ["NaN", "-0.001"])
def test_a_weight_out_of_range_is_refused(shop: Shop, weight_kg: str) -> None:
    with pytest.raises(CheckViolation, match="item_weight_in_range"):
        shop.item("Desk", "1.00", weight_kg)


@pytest.mark.parametrize("amount", ["NaN", "0"])
def test_an_amount_out_of_range_is_refused(shop: Shop, amount: str) -> None:
    order = shop.order(shop.member(), {shop.item("Lamp"): 1})
    with pytest.raises(CheckViolation):
        shop.rows("insert into payment (order_id, amount, method) values (%s, %s, 'card')", order, amount)


@pytest.mark.parametrize("name", ["", " Lamp", "Lamp ", "x" * 201, "x" * 10_000_000], ids=len)
def test_a_name_that_does_not_fit_is_refused(shop: Shop, name: str) -> None:
    with pytest.raises(CheckViolation, match="item_name_fits"):
        shop.item(name)
    with pytest.raises(CheckViolation, match="manufacturer_name_fits"):
        shop.item("Lamp", maker=name)


@pytest.mark.parametrize(
    ("column", "value", "constraint"),
    [
        ("first_name", "x" * 10_000_000, "member_first_name_fits"),
        ("last_name", "", "member_last_name_fits"),
        ("date_of_birth", "1899-12-31", "member_date_of_birth_in_range"),
        ("mobile_no", "9123456", "member_mobile_no_is_8_digits"),
        ("email", "ada@", "member_email_fits"),
        ("email", "a" * 250 + "@example.com", "member_email_fits"),
    ],
    ids=lambda value: value[:30],
)
def test_a_member_with_impossible_data_is_refused(shop: Shop, column: str, value: str, constraint: str) -> None:
    shop.member()
    with pytest.raises(CheckViolation, match=constraint):
        shop.rows(f"update member set {column} = %s", value)


def test_names_are_unique_whatever_their_case(shop: Shop) -> None:
    shop.item("Lamp", maker="Acme")
    shop.item("Lamp", maker="Zeta")
    with pytest.raises(UniqueViolation, match="item_name_key"):
        shop.item("LAMP", maker="Acme")
    with pytest.raises(UniqueViolation, match="manufacturer_name_key"):
        shop.rows("insert into manufacturer (name) values ('ACME')")


def test_a_membership_id_is_the_one_that_section_1_makes(shop: Shop) -> None:
    shop.member("Ada", "Lim", "1990-12-10")
    assert shop.one("select membership_id from member") == "Lim_1218b"


def test_two_people_share_a_membership_id_and_differ_in_their_address(shop: Shop) -> None:
    shop.member("Ada", "Lim", "1990-12-10")
    shop.member("Bea", "Lim", "1990-12-10")
    assert shop.one("select count(distinct membership_id) from member") == 1
    with pytest.raises(UniqueViolation, match="member_person_key"):
        shop.rows("update member set email = 'ADA1@example.com' where first_name = 'Bea'")


@pytest.mark.parametrize(
    "statement", ["delete from sales.orders", "truncate sales.orders cascade", "truncate sales.order_line"]
)
def test_not_even_the_superuser_deletes_an_order(sales: Server, shop: Shop, statement: str) -> None:
    shop.order(shop.member(), {shop.item("Lamp"): 1})
    with sales.connected() as connection, connection.cursor() as cursor, pytest.raises(CheckViolation, match="deleted"):
        cursor.execute(statement)


@pytest.mark.parametrize(
    "statement", ["update sales.payment set amount = 1", "delete from sales.payment", "truncate sales.payment"]
)
def test_not_even_the_superuser_changes_a_payment(sales: Server, shop: Shop, statement: str) -> None:
    in_status(shop, "paid")
    with (
        sales.connected() as connection,
        connection.cursor() as cursor,
        pytest.raises(CheckViolation, match="given back"),
    ):
        cursor.execute(statement)


@pytest.mark.parametrize(
    "change", ["member_id = member_id + 1", "placed_at = placed_at - interval '1 day'", "order_id = default"]
)
def test_whose_an_order_is_and_when_it_was_placed_never_change(sales: Server, shop: Shop, change: str) -> None:
    shop.order(shop.member(), {shop.item("Lamp"): 1})
    with (
        sales.connected() as connection,
        connection.cursor() as cursor,
        pytest.raises(CheckViolation, match="never change"),
    ):
        cursor.execute(f"update sales.orders set {change}")


def test_audit_columns_keep_themselves(sales: Server, shop: Shop) -> None:
    lamp = shop.item("Lamp")
    run_sql(sales, "update sales.item set cost = 11 where item_id = %s", lamp, role="sales")
    run_sql(sales, "update sales.item set created_by = 'nobody', updated_by = 'nobody', created_at = '2000-01-01'")
    [(created_by, updated_by, created_at, updated_at)] = shop.rows(
        "select created_by, updated_by, created_at, updated_at from item"
    )
    assert (created_by, updated_by) == ("loader", "postgres")
    assert NOW <= created_at < updated_at
    assert shop.rows("select changed_by from item_price order by valid_from") == [("loader",), ("sales",)]


def test_every_table_and_column_has_a_comment(sales: Server) -> None:
    bare = run_sql(
        sales,
        "select c.relname, a.attname from pg_class c"
        " inner join pg_attribute a on a.attrelid = c.oid and a.attnum >= 0 and not a.attisdropped"
        " where c.relnamespace = 'sales'::regnamespace and c.relkind in ('r', 'v')"
        " and col_description(c.oid, a.attnum) is null"
        " union all select c.relname, null from pg_class c where c.relnamespace = 'sales'::regnamespace"
        " and c.relkind in ('r', 'v') and obj_description(c.oid, 'pg_class') is null",
    )
    assert bare == []


def test_every_constraint_is_named_by_us(sales: Server) -> None:
    named = {name for path in MIGRATIONS.glob("*.sql") for name in re.findall(r"constraint (\w+)", path.read_text())}
    there = run_sql(
        sales,
        "select conname from pg_constraint"
        " where connamespace = 'sales'::regnamespace and contype <> 'n' and conparentid = 0",
    )
    assert {name for (name,) in there} - named == set()


def test_all_of_it_belongs_to_an_owner_who_cannot_log_in(sales: Server) -> None:
    owners = run_sql(
        sales,
        "select distinct pg_get_userbyid(relowner) from pg_class where relnamespace = 'sales'::regnamespace"
        " union select pg_get_userbyid(proowner) from pg_proc where pronamespace = 'sales'::regnamespace",
    )
    assert owners == [("sales_owner",)]
    assert run_sql(sales, "select rolcanlogin, rolsuper from pg_roles where rolname = 'sales_owner'") == [
        (False, False)
    ]


def test_after_all_sorts_of_orders_everything_adds_up(sales: Server, shop: Shop) -> None:
    for wanted in MOVES:
        in_status(shop, wanted)
    assert differences(sales).rows == []
