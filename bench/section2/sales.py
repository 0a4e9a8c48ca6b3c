"""The databases of the benchmark, with and without aggregates, and the measurements on them."""

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from psycopg2 import sql

from bench.measure import Spread
from common.database import create_database
from common.embedded_postgresql import serving
from common.paths import ROOT
from common.postgresql import Cursor, Server
from common.progress import Progress
from section2.config import ANALYTICS
from section2.main import create
from section2.operator.client_programs import client_command
from section2.operator.order_loader import load_orders

HERE = Path(__file__).parent
ENTRY = HERE / "order_entry.pgbench"
UNTIL = date(2026, 10, 31)
CLIENTS = 16
# loaded_at is the start of a batch, so the orders of the last batch do not count. Null for a single batch.
RATE = """
select (sum(orders) - max(orders))::double precision / nullif(extract(epoch from max(loaded_at) - min(loaded_at)), 0)
from sales.made_up_batch where batch >= 0
"""
# The settings of docker/section2.compose.yaml.
SETTINGS = {"shared_buffers": "256MB", "random_page_cost": "1.1", "max_wal_size": "4GB", "autovacuum_naptime": "15s"}


@contextmanager
def server() -> Iterator[Server]:
    """Run the benchmark's PostgreSQL server while the body runs."""
    with serving(ROOT / ".local" / "bench" / "section2" / "cluster", SETTINGS) as sockets:
        yield Server(host=str(sockets), database="postgres")


def load(at: Server, orders: int) -> tuple[Server, float | None]:
    """Return a database with this many orders, and the orders per second of its load."""
    sales = at.model_copy(update={"database": f"sales_{orders}"})
    create_database(at, sales.database)
    create(sales)
    progress = Progress()
    with progress.step("loading orders"):
        load_orders(sales, 1, UNTIL, orders, progress.bar("orders"))
    run(sales, "vacuum (analyze)")
    run(sales, "checkpoint")
    with sales.connected() as connection, connection.cursor() as cursor:
        cursor.execute(RATE)
        [(rate,)] = cursor.fetchall()
    return sales, rate


def copy(at: Server, sales: Server, name: str, *, aggregates: bool) -> Server:
    """Return a new copy of a database, with or without aggregates."""
    copied = at.model_copy(update={"database": name})
    run(at, "drop database if exists {name} with (force)", name=name)
    run(at, "create database {name} template {template} strategy file_copy", name=name, template=sales.database)
    create(copied)
    if not aggregates:
        run(copied, "drop trigger count_order on sales.orders")
        run(copied, "truncate sales.member_spending_base, sales.item_sales_base")
    return copied


def run(at: Server, statement: str, **names: str) -> None:
    """Run a statement as the superuser, outside of a transaction."""
    with at.connected() as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute(sql.SQL(statement).format(**{key: sql.Identifier(name) for key, name in names.items()}))


def query_times(sales: Server, path: Path, runs: int) -> list[float]:
    """Return the milliseconds of planning and execution for each run, after one run that does not count."""
    with sales.connected(ANALYTICS) as connection, connection.cursor() as cursor:
        return [explain_ms(cursor, path) for _ in range(runs + 1)][1:]


def explain_ms(cursor: Cursor, path: Path) -> float:
    """Return the milliseconds of planning and execution of one run."""
    cursor.execute("explain (analyze, timing off, format json) " + path.read_text())
    [([plan],)] = cursor.fetchall()
    return float(plan["Planning Time"] + plan["Execution Time"])


def query_rows(sales: Server, path: Path) -> list[tuple[object, ...]]:
    with sales.connected(ANALYTICS) as connection, connection.cursor() as cursor:
        cursor.execute(path.read_text())
        return list(cursor.fetchall())


def order_entry(sales: Server, seconds: int, copies: int = 0, apart: int = 1) -> float:
    """Enter orders with 16 clients, and return orders per second. Keys of a member's copies differ by `apart`."""
    with sales.connected() as connection, connection.cursor() as cursor:
        cursor.execute("select (select max(member_id) from sales.member), (select max(item_id) from sales.item)")
        [(members, items)] = cursor.fetchall()
    command, environment = client_command(sales, "pgbench", "application")
    options = ["--no-vacuum", f"--client={CLIENTS}", "--jobs=2", f"--time={seconds}", f"--file={ENTRY}"]
    options += [f"--define=copies={copies}", f"--define=apart={apart}"]
    options += [
        f"--define=members={members - copies * apart}",
        f"--define=items={items}",
        "--protocol=prepared",
        "--random-seed=1",
    ]
    ran = subprocess.run(
        [*command, *options, sales.database], env=environment, capture_output=True, text=True, check=False
    )
    rate = re.search(r"^tps = ([\d.]+)", ran.stdout, re.MULTILINE)
    failed = re.search(r"number of failed transactions: (\d+)", ran.stdout)
    if ran.returncode or rate is None or failed is None or failed[1] != "0":
        raise RuntimeError(f"pgbench: {ran.stderr.strip() or ran.stdout}")
    return float(rate[1])


def while_running(work: Callable[[], float], sample: Callable[[], None]) -> float:
    """Call `sample` every second while `work` runs, and return the result of `work`."""
    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(work)
        while not result.done():
            sample()
            time.sleep(1)
    return result.result()


def spread(values: list[float]) -> str:
    """Return median, minimum and maximum as text."""
    return Spread.of(values).text()
