"""Made-up orders: the same story every time, in whole however often its loading is killed."""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from multiprocessing.context import ForkProcess
from pathlib import Path
from random import Random

import pytest

from common.database import DATABASE, create_database
from common.embedded_postgresql import serving
from common.errors import Busy, JobError, UsageError
from common.postgresql import Server
from common.test.databases import run_sql
from common.test.kills import KILLED, row_of_kills
from common.test.waiting import wait_until
from section2.core.sample_orders import SampleShop
from section2.main import create, differences
from section2.operator.order_loader import load_orders, lock_loads

UNTIL = date(2026, 10, 31)
KILLS = {"a backend": (20, 70), "the whole server": (20, 60), "the loader": (5, 80)}
FAILED = 1
# What tells two loads apart, whatever keys their orders got.
STORY = """
select md5(string_agg(concat_ws(
    ',', member.email, orders.placed_at, orders.status, orders.status_since, orders.total_price, orders.total_weight_kg,
    (select count(*) from sales.order_line where order_line.order_id = orders.order_id),
    (select sum(amount) from sales.payment where payment.order_id = orders.order_id)
), ';' order by orders.placed_at, member.email, orders.total_price))
from sales.orders inner join sales.member on orders.member_id = member.member_id
"""


def quiet(done: int, total: int) -> None:
    """Tell nobody."""


def load(sales: Server, orders: int, seed: int = 1) -> tuple[int, int]:
    loaded = load_orders(sales, seed, UNTIL, orders, quiet)
    return loaded.before, loaded.added


def count(sales: Server) -> int:
    [(orders,)] = run_sql(sales, "select count(*) from sales.orders")
    return int(orders)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("section2.core.sample_orders.BATCH", 100)
    monkeypatch.setattr("section2.operator.order_loader.BATCH", 100)
    monkeypatch.setattr("section2.core.sample_orders.BUYERS_PER_BATCH", 20)
    monkeypatch.setattr("section2.operator.order_loader.BUYERS_PER_BATCH", 20)


def test_a_load_adds_what_lacks_and_everything_adds_up(sales: Server) -> None:
    assert load(sales, 250) == (0, 250)
    assert load(sales, 250) == (250, 0)
    assert load(sales, 200) == (250, 0)
    assert load(sales, 420) == (250, 170)
    assert count(sales) == 420
    assert differences(sales).rows == []


def test_it_is_told_how_many_orders_are_safe(sales: Server) -> None:
    told: list[tuple[int, int]] = []
    load_orders(sales, 1, UNTIL, 250, lambda *numbers: told.append(numbers))
    assert told == [(100, 250), (200, 250), (250, 250)]
    told.clear()
    load_orders(sales, 1, UNTIL, 200, lambda *numbers: told.append(numbers))
    load_orders(sales, 1, UNTIL, 310, lambda *numbers: told.append(numbers))
    assert told == [(300, 310), (310, 310)]
    assert run_sql(sales, "select batch, orders from sales.made_up_batch order by 1") == [
        *((-1, 0), (0, 100), (1, 100), (2, 100), (3, 10)),
    ]


def test_the_catalogue_is_the_storys_with_its_price_changes(sales: Server) -> None:
    shop = SampleShop(1, UNTIL)
    items = shop.catalogue()
    assert load(sales, 0) == (0, 0)
    assert load(sales, 0) == (0, 0)
    assert load(sales, 1) == (0, 1)
    prices = {(item.manufacturer, item.name, item.cost, shop.start) for item in items}
    for change in shop.price_changes():
        item = items[change.item]
        prices.add((item.manufacturer, item.name, change.cost, change.since))
    found = run_sql(
        sales,
        "select manufacturer.name, item.name, item_price.cost::text, item_price.valid_from from sales.item_price"
        " inner join sales.item using (item_id) inner join sales.manufacturer using (manufacturer_id)",
    )
    assert (len(found), set(found)) == (len(prices), prices)
    makers = [name for (name,) in run_sql(sales, "select name from sales.manufacturer order by manufacturer_id")]
    assert makers == sorted({item.manufacturer for item in items})


def test_a_story_without_an_end_ends_today_and_may_not_end_later(sales: Server) -> None:
    today = datetime.now(UTC).date()
    assert load_orders(sales, 1, None, 1, quiet).added == 1
    assert load_orders(sales, 2, today, 1, quiet).added == 1
    assert run_sql(sales, "select distinct until from sales.made_up_batch") == [(today,)]
    with pytest.raises(UsageError) as caught:
        load_orders(sales, 3, today + timedelta(days=1), 1, quiet)
    later = f"--until {today + timedelta(days=1)}"
    assert str(caught.value) == f"{later}: the date is in the future. Pass today or an earlier date."


def test_a_load_that_has_just_ended_is_not_in_the_way(sales: Server) -> None:
    with sales.connected("loader") as connection, connection.cursor() as cursor:
        lock_loads(cursor, sales)
        ending = threading.Timer(0.5, connection.close)
        ending.start()
        assert load(sales, 10) == (0, 10)
        ending.join()


def test_a_load_leaves_nothing_to_settle(sales: Server) -> None:
    load(sales, 250)
    assert run_sql(sales, "select count(*) from sales.order_delta") == [(0,)]


def test_a_load_in_pieces_tells_the_story_of_one_in_whole(sales: Server, cluster: Server, template: str) -> None:
    for orders in (30, 110, 300):
        load(sales, orders)
    in_pieces = run_sql(sales, STORY)
    other = cluster.model_copy(update={"database": "in_whole"})
    run_sql(cluster, f"create database in_whole template {template}", autocommit=True)
    create(other)
    load(other, 300)
    assert run_sql(other, STORY) == in_pieces
    run_sql(cluster, "drop database in_whole", autocommit=True)


def test_two_seeds_tell_two_stories_side_by_side(sales: Server) -> None:
    load(sales, 100, seed=1)
    assert load(sales, 100, seed=2) == (0, 100)
    assert count(sales) == 200
    assert differences(sales).rows == []


def test_orders_come_in_all_statuses_with_seasons_and_favourites(sales: Server) -> None:
    load(sales, 2_000)
    statuses = {status for (status,) in run_sql(sales, "select distinct status from sales.orders")}
    assert statuses >= {"complete", "cancelled", "refunded"}
    [(most, least)] = run_sql(
        sales,
        "select max(orders), min(orders) from (select count(*) as orders from sales.orders"
        " group by extract(month from placed_at at time zone 'UTC')) as month",
    )
    assert most > 2 * least
    [(first, tenth)] = run_sql(
        sales,
        "select units[1], units[10] from"
        " (select array_agg(units order by units desc) as units from sales.item_sales) as favourites",
    )
    assert 4 < first / tenth < 25
    [(repeat,)] = run_sql(sales, "select avg(orders) from sales.member_spending")
    assert repeat > 3


def test_a_story_ends_at_its_last_day(sales: Server) -> None:
    load(sales, 100)
    with pytest.raises(UsageError, match="the orders of seed 1 end on 2026-10-31"):
        load_orders(sales, 1, date(2026, 9, 30), 200, quiet)
    assert load_orders(sales, 1, None, 110, quiet).added == 10
    [(last,)] = run_sql(sales, "select max(greatest(placed_at, status_since)) from sales.orders")
    assert last < SampleShop(1, UNTIL).end


def test_no_order_comes_from_the_future(sales: Server) -> None:
    with pytest.raises(UsageError, match="in the future"):
        load_orders(sales, 1, date(2999, 1, 1), 100, quiet)
    assert count(sales) == 0


def test_one_load_at_a_time(sales: Server) -> None:
    with sales.connected("loader") as connection, connection.cursor() as cursor:
        lock_loads(cursor, sales)
        with pytest.raises(Busy, match="another load is in progress") as raised:
            load(sales, 100)
    assert raised.value.exit_code == 75
    assert count(sales) == 0


class Load(ForkProcess):
    """A load in a process of its own; knows how many orders it was told are safe."""

    def __init__(self, sales: Server, orders: int) -> None:
        super().__init__()
        self._sales, self._orders = sales, orders
        self._safe = multiprocessing.get_context("fork").Value("q", 0)

    @property
    def safe(self) -> int:
        """How many orders it was told are safe."""
        return int(self._safe.value)

    def run(self) -> None:
        """Load; one that is told that it failed ends with FAILED."""
        try:
            load_orders(self._sales, 1, UNTIL, self._orders, self._tell)
        except JobError:
            sys.exit(FAILED)

    def _tell(self, done: int, total: int) -> None:
        self._safe.value = done


def pids(data: Path) -> int:
    return int((data / "postmaster.pid").read_text().split()[0])


def loader_backends(sales: Server) -> list[int]:
    return [pid for (pid,) in run_sql(sales, "select pid from pg_stat_activity where usename = 'loader'")]


def answers(sales: Server) -> bool:
    """Return whether the server is there and no load is at work."""
    try:
        return loader_backends(sales) == []
    except JobError:
        return False


def strike(victim: str, loading: Load, sales: Server, data: Path) -> None:
    """Kill the victim of a load at work."""
    if victim == "the whole server":
        os.killpg(pids(data), signal.SIGKILL)
    elif victim == "the loader":
        loading.kill()
    else:
        for pid in loader_backends(sales):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("victim", KILLS)
def test_a_load_killed_at_any_moment_loses_no_committed_order_and_doubles_none(
    tmp_path: Path, victim: str, budget: Callable[[int, int], int], record: Callable[[dict[str, str]], None]
) -> None:
    data, random, kills, safe = tmp_path / "data", Random(victim), 0, 0
    while kills < budget(*KILLS[victim]):
        with serving(data, KILLED) as sockets:
            sales = Server(host=str(sockets), database=DATABASE)
            create_database(sales.model_copy(update={"database": "postgres"}), DATABASE)
            create(sales)
            while kills < budget(*KILLS[victim]):
                loading = Load(sales, 1_000_000)
                loading.start()
                wait_until(partial(loader_backends, sales))
                time.sleep(random.random() * 1.2)
                strike(victim, loading, sales, data)
                loading.join()
                assert loading.exitcode == (-signal.SIGKILL if victim == "the loader" else FAILED)
                kills += 1
                safe = max(safe, loading.safe)
                if victim == "the whole server":
                    break
                wait_until(partial(answers, sales))
                assert safe <= count(sales) <= safe + 100
                assert differences(sales).rows == []
    with serving(data, KILLED) as sockets:
        sales = Server(host=str(sockets), database=DATABASE)
        assert safe <= count(sales) <= safe + 100
        assert differences(sales).rows == []
        wanted = count(sales) + 250
        assert load(sales, wanted) == (wanted - 250, 250)
        in_pieces = run_sql(sales, STORY)
        assert differences(sales).rows == []
        create_database(sales, "in_whole")
        whole = sales.model_copy(update={"database": "in_whole"})
        create(whole)
        load(whole, wanted)
        assert run_sql(whole, STORY) == in_pieces
        lost, doubled = max(0, wanted - count(sales)), max(0, count(sales) - wanted)
    healed = f"the load went on; {wanted:,} orders are those of a load in whole"
    record(row_of_kills(2, victim, kills, healed, lost=lost, doubled=doubled))
