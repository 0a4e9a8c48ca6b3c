"""Loading sample orders: the same data every time, however often a load is stopped or killed."""

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

pytestmark = pytest.mark.integration

UNTIL = date(2026, 10, 31)
KILLS = {"a backend": (20, 70), "the whole server": (20, 60), "the loader": (5, 80)}  # small budget, with --full
FAILED = 1
# Equal for equal orders, whatever their keys.
CHECKSUM = """
select md5(string_agg(concat_ws(
    ',', member.email, orders.placed_at, orders.status, orders.status_since, orders.total_price, orders.total_weight_kg,
    (select count(*) from sales.order_line where order_line.order_id = orders.order_id),
    (select sum(amount) from sales.payment where payment.order_id = orders.order_id)
), ';' order by orders.placed_at, member.email, orders.total_price))
from sales.orders inner join sales.member on orders.member_id = member.member_id
"""


def quiet(done: int, total: int) -> None:
    """Ignore progress."""


def load(sales: Server, orders: int, seed: int = 1) -> tuple[int, int]:
    loaded = load_orders(sales, seed, UNTIL, orders, quiet)
    return loaded.before, loaded.added


def count(sales: Server) -> int:
    [(orders,)] = run_sql(sales, "select count(*) from sales.orders")
    return int(orders)


def loaded_at_once(server: Server, orders: int) -> str:
    """Return the checksum of a new database into which the orders are loaded at once."""
    whole = server.model_copy(update={"database": "loaded_at_once"})
    create_database(server, whole.database)
    create(whole)
    load(whole, orders)
    [(checksum,)] = run_sql(whole, CHECKSUM)
    run_sql(server, f"drop database {whole.database}", autocommit=True)
    return str(checksum)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("section2.core.sample_orders", "section2.operator.order_loader"):
        monkeypatch.setattr(f"{module}.BATCH", 100)
        monkeypatch.setattr(f"{module}.BUYERS_PER_BATCH", 20)


def test_load_adds_only_missing_orders(sales: Server) -> None:
    assert load(sales, 250) == (0, 250)
    assert load(sales, 250) == (250, 0)
    assert load(sales, 200) == (250, 0)
    assert load(sales, 420) == (250, 170)
    assert count(sales) == 420
    assert differences(sales).rows == []
    assert run_sql(sales, "select count(*) from sales.order_delta") == [(0,)]  # everything is settled


def test_load_reports_committed_orders(sales: Server) -> None:
    reported: list[tuple[int, int]] = []
    for orders in (250, 200, 310):
        load_orders(sales, 1, UNTIL, orders, lambda *numbers: reported.append(numbers))
    assert reported == [(100, 250), (200, 250), (250, 250), (300, 310), (310, 310)]
    assert run_sql(sales, "select batch, orders from sales.made_up_batch order by 1") == [
        *((-1, 0), (0, 100), (1, 100), (2, 100), (3, 10)),
    ]


def test_catalogue_is_loaded_with_its_price_changes(sales: Server) -> None:
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


def test_until_defaults_to_today_and_cannot_be_later(sales: Server) -> None:
    today = datetime.now(UTC).date()
    assert load_orders(sales, 1, None, 1, quiet).added == 1
    assert load_orders(sales, 2, today, 1, quiet).added == 1
    assert run_sql(sales, "select distinct until from sales.made_up_batch") == [(today,)]
    with pytest.raises(UsageError) as caught:
        load_orders(sales, 3, today + timedelta(days=1), 1, quiet)
    option = f"--until {today + timedelta(days=1)}"
    assert str(caught.value) == f"{option}: the date is in the future. Pass today or an earlier date."
    assert count(sales) == 2


def test_until_of_a_seed_cannot_change(sales: Server) -> None:
    load(sales, 100)
    with pytest.raises(UsageError, match="the orders of seed 1 end on 2026-10-31"):
        load_orders(sales, 1, date(2026, 9, 30), 200, quiet)
    assert load_orders(sales, 1, None, 110, quiet).added == 10
    [(last,)] = run_sql(sales, "select max(greatest(placed_at, status_since)) from sales.orders")
    assert last < SampleShop(1, UNTIL).end


def test_load_in_parts_equals_a_load_at_once(sales: Server) -> None:
    for orders in (30, 110, 300):
        load(sales, orders)
    assert run_sql(sales, CHECKSUM) == [(loaded_at_once(sales, 300),)]


def test_seeds_are_loaded_side_by_side(sales: Server) -> None:
    load(sales, 100, seed=1)
    assert load(sales, 100, seed=2) == (0, 100)
    assert count(sales) == 200
    assert differences(sales).rows == []


def test_sample_has_statuses_seasons_and_bestsellers(sales: Server) -> None:
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
        " (select array_agg(units order by units desc) as units from sales.item_sales) as bestsellers",
    )
    assert 4 < first / tenth < 25
    [(repeat,)] = run_sql(sales, "select avg(orders) from sales.member_spending")
    assert repeat > 3


def test_only_one_load_runs_at_a_time(sales: Server) -> None:
    with sales.connected("loader") as connection, connection.cursor() as cursor:
        lock_loads(cursor, sales)
        with pytest.raises(Busy, match="another load") as raised:
            load(sales, 100)
        assert raised.value.exit_code == 75
        assert count(sales) == 0
        ending = threading.Timer(0.5, connection.close)
        ending.start()
        assert load(sales, 10) == (0, 10)  # waits a moment for a load that has just ended
        ending.join()


class Load(ForkProcess):
    """A load in a separate process, which records the number of orders that were reported as committed."""

    def __init__(self, sales: Server, orders: int) -> None:
        super().__init__()
        self._sales, self._orders = sales, orders
        self._committed = multiprocessing.get_context("fork").Value("q", 0)

    @property
    def committed(self) -> int:
        return int(self._committed.value)

    def run(self) -> None:
        """Load; exit with FAILED when the load raises."""
        try:
            load_orders(self._sales, 1, UNTIL, self._orders, self._report)
        except JobError:
            sys.exit(FAILED)

    def _report(self, done: int, total: int) -> None:
        self._committed.value = done


def loader_backends(sales: Server) -> list[int]:
    return [pid for (pid,) in run_sql(sales, "select pid from pg_stat_activity where usename = 'loader'")]


def is_idle(sales: Server) -> bool:
    """Return whether the server accepts connections and no load is running."""
    try:
        return loader_backends(sales) == []
    except JobError:
        return False


def kill(victim: str, loading: Load, sales: Server, data: Path) -> None:
    if victim == "the whole server":
        os.killpg(int((data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    elif victim == "the loader":
        loading.kill()
    else:
        for pid in loader_backends(sales):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.full("kills")
@pytest.mark.parametrize("victim", KILLS)
def test_killed_load_loses_and_doubles_no_order(
    tmp_path: Path, victim: str, budget: Callable[[int, int], int], record: Callable[[dict[str, str]], None]
) -> None:
    data, random, kills, committed = tmp_path / "data", Random(victim), 0, 0
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
                kill(victim, loading, sales, data)
                loading.join(60)
                assert loading.exitcode == (-signal.SIGKILL if victim == "the loader" else FAILED)
                kills += 1
                committed = max(committed, loading.committed)
                if victim == "the whole server":
                    break
                wait_until(partial(is_idle, sales))
                assert committed <= count(sales) <= committed + 100
                assert differences(sales).rows == []
    with serving(data, KILLED) as sockets:
        sales = Server(host=str(sockets), database=DATABASE)
        assert committed <= count(sales) <= committed + 100
        assert differences(sales).rows == []
        wanted = count(sales) + 250
        assert load(sales, wanted) == (wanted - 250, 250)
        assert differences(sales).rows == []
        assert run_sql(sales, CHECKSUM) == [(loaded_at_once(sales, wanted),)]
        lost, doubled = max(0, wanted - count(sales)), max(0, count(sales) - wanted)
    recovery = f"the load continued; {wanted:,} orders equal those of a load at once"
    record(row_of_kills(2, victim, kills, recovery, lost=lost, doubled=doubled))
