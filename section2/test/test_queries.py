"""Results of the business queries on databases small enough to calculate by hand."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from common.postgresql import Server
from common.test.databases import run_sql
from section2.config import QUERIES
from section2.main import run_query
from section2.operator.query_files import find_query, read_queries
from section2.test.support import NOW, Shop, days_ago

pytestmark = pytest.mark.integration
SINGAPORE = ZoneInfo("Asia/Singapore")


def result(sales: Server, name: str) -> list[tuple[object, ...]]:
    return run_query(sales, find_query(QUERIES, name).statement).rows


def at(year: int, month: int, day: int) -> datetime:
    """Return noon of a day in Singapore."""
    return datetime(year, month, day, 12, tzinfo=SINGAPORE)


def settle(sales: Server) -> None:
    """Fold all deltas: the first call closes their epoch, the second one folds it."""
    for _ in range(2):
        run_sql(sales, "select sales.settle()")


@pytest.mark.parametrize("settled", ["none", "half", "all"])
def test_top10_members_counts_bought_orders_and_breaks_ties_by_age(sales: Server, shop: Shop, settled: str) -> None:
    coin = shop.item("Coin", "1.00")
    members = [shop.member(f"{name}nn", f"{name}ee") for name in "ABCDEFGHIJKLM"]
    a, b, c, d, e, f, g, h, i, j, k, new, refunded = members
    for member, spent in ((a, 500), (b, 900), (c, 400), (d, 400), (e, 100), (f, 90), (g, 80), (h, 70)):
        shop.bought(member, {coin: spent})
    if settled != "none":
        settle(sales)
    shop.bought(a, {coin: 500}, status="shipped")  # 1,000 in total
    shop.bought(i, {coin: 60}, status="paid")
    shop.bought(j, {coin: 50})
    shop.bought(k, {coin: 50})  # as much as j, but younger: eleventh
    shop.order(new, {coin: 9_999})  # new: not counted
    shop.refund(shop.bought(refunded, {coin: 9_999}))  # refunded: not counted
    shop.refund(shop.bought(b, {coin: 9_000}))
    shop.move(shop.order(k, {coin: 9_999}), "cancelled")
    if settled == "all":
        settle(sales)
    assert [(member, spent) for member, _, spent in result(sales, "top10_highest_spending_member")] == [
        *[(a, 1000), (b, 900), (c, 400), (d, 400), (e, 100)],
        *[(f, 90), (g, 80), (h, 70), (i, 60), (j, 50)],
    ]


def test_top10_members_are_masked(sales: Server, shop: Shop) -> None:
    member = shop.member("Ada", "Lim")
    shop.bought(member, {shop.item("Lamp"): 1})
    assert result(sales, "top10_highest_spending_member") == [(member, "A*** L***", Decimal(10))]


@pytest.mark.parametrize("settled", [False, True])
def test_top3_items_by_units_and_by_orders(sales: Server, shop: Shop, settled: bool) -> None:
    pen, lamp, desk, vase = (shop.item(name, maker=f"{name} Works") for name in ("Pen", "Lamp", "Desk", "Vase"))
    member = shop.member()
    shop.bought(member, {pen: 90, lamp: 1})
    shop.bought(member, {lamp: 2, desk: 3})
    if settled:
        settle(sales)
    shop.bought(member, {lamp: 2, desk: 2, vase: 5}, status="paid")
    shop.order(member, {vase: 1_000})  # new: not counted
    shop.refund(shop.bought(member, {vase: 1_000}))  # refunded: not counted
    assert result(sales, "top3_most_sold_item") == [
        (pen, "Pen", "Pen Works", 90, 1),
        (lamp, "Lamp", "Lamp Works", 5, 3),
        (desk, "Desk", "Desk Works", 5, 2),  # tie with lamp and vase: older item first
    ]
    assert result(sales, "top3_most_ordered_item") == [
        (lamp, "Lamp", "Lamp Works", 5, 3),
        (desk, "Desk", "Desk Works", 5, 2),
        (pen, "Pen", "Pen Works", 90, 1),
    ]


def test_revenue_uses_months_in_singapore(sales: Server, shop: Shop) -> None:
    pen, lamp = shop.item("Pen", "2.00", maker="Acme"), shop.item("Lamp", "30.00", maker="Zeta")
    member = shop.member()
    shop.bought(member, {pen: 10, lamp: 1}, at(2026, 3, 31))
    shop.bought(member, {pen: 1}, datetime(2026, 3, 31, 23, 59, tzinfo=SINGAPORE))
    shop.bought(member, {pen: 4}, datetime(2026, 4, 1, 0, 1, tzinfo=SINGAPORE), status="paid")
    shop.order(member, {lamp: 100}, at(2026, 4, 1))  # new: no revenue
    assert result(sales, "revenue_by_month_and_manufacturer") == [
        (date(2026, 3, 1), "Zeta", Decimal(30), 1),
        (date(2026, 3, 1), "Acme", Decimal(22), 11),
        (date(2026, 4, 1), "Acme", Decimal(8), 4),
    ]


def test_average_basket_has_mean_and_median(sales: Server, shop: Shop) -> None:
    pen, lamp = shop.item("Pen", "1.00"), shop.item("Lamp", "10.00")
    member = shop.member()
    shop.bought(member, {pen: 2}, at(2026, 5, 1))  # 2
    shop.bought(member, {pen: 1, lamp: 1}, at(2026, 5, 2))  # 11
    shop.bought(member, {pen: 5, lamp: 9}, at(2026, 5, 3), status="shipped")  # 95
    shop.bought(member, {lamp: 1}, at(2026, 6, 1))
    shop.order(member, {lamp: 100}, at(2026, 6, 2))  # new: no basket
    assert result(sales, "average_basket") == [
        (date(2026, 5, 1), 3, Decimal("36.00"), Decimal("11.00"), Decimal("1.67"), Decimal("6.00")),
        (date(2026, 6, 1), 1, Decimal("10.00"), Decimal("10.00"), Decimal("1.00"), Decimal("1.00")),
    ]


def test_repeat_purchase_rate_counts_returns_within_90_days(sales: Server, shop: Shop) -> None:
    pen = shop.item("Pen")
    back, late, once, twice = (shop.member(name) for name in ("Back", "Late", "Once", "Twice"))
    first = at(2026, 2, 10)
    shop.bought(back, {pen: 1}, first)
    shop.bought(back, {pen: 1}, first + timedelta(days=90))
    shop.bought(late, {pen: 1}, first)
    shop.bought(late, {pen: 1}, first + timedelta(days=90, seconds=1))
    shop.bought(once, {pen: 1}, first)
    shop.order(once, {pen: 1}, first + timedelta(days=1))  # new: not bought
    shop.bought(twice, {pen: 1}, at(2026, 3, 1))
    shop.bought(twice, {pen: 1}, at(2026, 3, 1) + timedelta(seconds=10))
    shop.bought(shop.member("Today"), {pen: 1}, NOW)  # the 90 days are not over
    assert result(sales, "repeat_purchase_rate") == [
        (date(2026, 2, 1), 3, 1, Decimal("33.3")),
        (date(2026, 3, 1), 1, 1, Decimal("100.0")),
    ]


def test_members_gone_quiet_bought_twice_but_not_for_180_days(sales: Server, shop: Shop) -> None:
    pen = shop.item("Pen", "1.00")
    quiet, richer, lively, once = (shop.member(name) for name in ("Quin", "Rich", "Liv", "Once"))
    for member, quantity, days in (
        *((quiet, 3, 400), (quiet, 4, 200), (richer, 50, 300), (richer, 1, 181)),
        *((lively, 9, 400), (lively, 9, 179), (once, 99, 400)),
    ):
        shop.bought(member, {pen: quantity}, days_ago(days))
    shop.order(quiet, {pen: 1}, days_ago(1))  # new: not bought
    rows = result(sales, "members_gone_quiet")
    assert [(row[0], row[1], row[2], row[3]) for row in rows] == [
        (richer, "R*** L***", 2, Decimal(51)),
        (quiet, "Q*** L***", 2, Decimal(7)),
    ]
    assert [row[4] for row in rows] == [days_ago(days).astimezone(SINGAPORE).date() for days in (181, 200)]
    assert [row[5] for row in rows] == [181, 200]


def test_items_bought_together_are_ranked_by_lift(sales: Server, shop: Shop) -> None:
    cup, saucer, pen, lamp = (shop.item(name) for name in ("Cup", "Saucer", "Pen", "Lamp"))
    member = shop.member()
    for _ in range(5):
        shop.bought(member, {cup: 1, saucer: 1, pen: 1})
    for _ in range(4):
        shop.bought(member, {lamp: 1, pen: 1})  # four times: below the minimum of five
    shop.bought(member, {lamp: 1})
    shop.bought(member, {cup: 1, saucer: 1}, days_ago(366))  # outside the last 365 days
    # 10 orders: cup 5, saucer 5, pen 9. cup and saucer: 5 x 10 / (5 x 5) = 2; with pen: 5 x 10 / (5 x 9) = 1.11
    assert result(sales, "items_bought_together") == [
        ("Cup", "Saucer", 5, Decimal("2.00")),
        ("Cup", "Pen", 5, Decimal("1.11")),
        ("Saucer", "Pen", 5, Decimal("1.11")),
    ]


def test_stuck_orders_exceed_the_limit_of_their_status(sales: Server, shop: Shop) -> None:
    pen, member = shop.item("Pen", "1.00", "0.100"), shop.member()
    fresh, stale = (shop.order(member, {pen: 1}, days_ago(days)) for days in (0.9, 1.5))
    orders = {}
    for status, days in (("paid", 1.9), ("paid", 2.5), ("shipped", 13.9), ("shipped", 20), ("complete", 90)):
        orders[status, days] = shop.bought(member, {pen: 2}, days_ago(days), status)
    rows = result(sales, "orders_stuck_in_a_status")
    assert [(row[0], row[1], row[3]) for row in rows] == [
        (orders["shipped", 20], "shipped", Decimal("20.0")),
        (orders["paid", 2.5], "paid", Decimal("2.5")),
        (stale, "new", Decimal("1.5")),
    ]
    assert rows[0][4:] == (Decimal(2), Decimal("0.200"))
    assert fresh not in [row[0] for row in rows]


def test_weight_to_ship_counts_paid_orders(sales: Server, shop: Shop) -> None:
    pen, desk, member = shop.item("Pen", weight_kg="0.100"), shop.item("Desk", weight_kg="30.100"), shop.member()
    shop.bought(member, {pen: 3}, status="paid")
    shop.bought(member, {pen: 300}, status="paid")  # 30 kg: still a parcel
    shop.bought(member, {desk: 1}, status="paid")
    shop.bought(member, {desk: 9}, status="shipped")
    shop.order(member, {desk: 9})
    assert result(sales, "weight_to_ship_today") == [
        ("parcel", 2, Decimal("30.300"), Decimal("30.000")),
        ("freight", 1, Decimal("30.100"), Decimal("30.100")),
        ("all", 3, Decimal("60.400"), Decimal("30.100")),
    ]


def test_price_change_compares_28_days_before_and_after(sales: Server, shop: Shop) -> None:
    pen, lamp, desk, member = shop.item("Pen", "10.00"), shop.item("Lamp"), shop.item("Desk"), shop.member()
    shop.reprice(pen, "8.00", days_ago(100))
    shop.reprice(lamp, "11.00", days_ago(27))  # the 28 days are not over
    shop.reprice(desk, "11.00", days_ago(60))
    shop.reprice(desk, "12.00", days_ago(40))  # within 28 days of the other change
    for days, quantity in ((129, 50), (128, 4), (101, 6), (100, 7), (72.1, 8), (72, 90)):
        shop.bought(member, {pen: quantity, desk: 1}, days_ago(days))
    shop.order(member, {pen: 99}, days_ago(90))  # new: not bought
    # 10 units before, 15 after: +50 % of units for -20 % of price
    assert result(sales, "effect_of_a_price_change") == [
        ("Pen", days_ago(100).astimezone(SINGAPORE).date(), Decimal(10), Decimal(8), 10, 15, Decimal("-2.50")),
    ]


@pytest.mark.parametrize("name", read_queries(QUERIES))
def test_query_runs_on_an_empty_database(sales: Server, name: str) -> None:
    assert result(sales, name) == ([("all", 0, Decimal(0), Decimal(0))] if name == "weight_to_ship_today" else [])
