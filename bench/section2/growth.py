"""Sizes and timings of one database, and of one with ten times its rows."""

import subprocess
import time
from collections.abc import Callable

from psycopg2 import sql

from bench import EXIT_CODES, RESULTS
from bench.arguments import number_of_rows
from bench.section2.sales import HERE, copy, explain_ms, order_entry, query_times, run, server, spread
from common import cli
from common.postgresql import SUPERUSER, Server
from common.results import origin, table, write_section
from section2.config import QUERIES
from section2.main import differences
from section2.operator.client_programs import client_command
from section2.operator.query_files import PREFIX, read_queries

COPIES = 9
APART = 1_000_000_000
TABLES = ("member", "orders", "order_line", "payment", "member_spending_base", "item_sales_base")
MEGABYTE = 1e6
# Each index, and the query that needs it.
INDEXES = {
    "orders_open_idx": "weight_to_ship_today",
    "order_line_item_idx": "effect_of_a_price_change",
    "member_spending_base_spent_idx": "top10_highest_spending_member",
    "item_sales_base_units_idx": "top3_most_sold_item",
}


def main() -> None:
    arguments = cli.Parser(
        description="Compare a database of N orders, loaded by bench.section2, with one of ten times its rows.",
        example=".venv/bin/python -m bench.section2.growth --orders 100k",
        exit_codes=EXIT_CODES,
    )
    arguments.add_argument("--orders", type=number_of_rows, default=1_000_000, metavar="N", help="default: 1M")
    options = arguments.parse_args()
    cli.run(lambda: benchmark(options.orders))


def benchmark(orders: int) -> int:
    """Measure both databases and write the figures to RESULTS.md. Return the exit code."""
    with server() as at:
        small = at.model_copy(update={"database": f"sales_{orders}"})
        body = compared(orders, measure_database(at, small, 0), measure_database(at, multiply(at, small), COPIES))
    write_section(RESULTS, "Section 2, growth", body)
    print(f"{body}\n\nwrote {RESULTS}")
    return 0


def multiply(at: Server, small: Server) -> Server:
    """Return a database with ten times the rows of the small one."""
    large = at.model_copy(update={"database": f"{small.database}_times_{COPIES + 1}"})
    with at.connected() as connection, connection.cursor() as cursor:
        cursor.execute("select from pg_database where datname = %s", [large.database])
        exists = bool(cursor.rowcount)
    if not exists:
        unfinished = large.model_copy(update={"database": f"{large.database}_making"})
        copy(at, small, unfinished.database, aggregates=True)
        with unfinished.connected() as connection, connection.cursor() as cursor:
            for statement in (HERE / "multiply.sql").read_text().split(";\n"):
                started = time.monotonic()
                if statement.strip():
                    cursor.execute(statement, {"copies": COPIES, "apart": APART})
                    print(f"{time.monotonic() - started:.0f} s: {statement.strip().splitlines()[-1][:60]}", flush=True)
            connection.commit()
        run(unfinished, "vacuum (analyze)")
        run(at, "alter database {name} rename to {large}", name=unfinished.database, large=large.database)
    return large


def measure_database(at: Server, sales: Server, copies: int) -> dict[str, str]:
    """Return all figures of one database as text."""
    found = {}

    def add(name: str, value: str) -> None:
        found[name] = value
        print(f"{sales.database} {name}: {value}", flush=True)

    with sales.connected() as connection, connection.cursor() as cursor:
        for name in TABLES:
            sizes = "select count(*), pg_table_size(%(table)s), pg_indexes_size(%(table)s) from {}"
            cursor.execute(sql.SQL(sizes).format(sql.Identifier("sales", name)), {"table": f"sales.{name}"})
            [(rows, heap, indexes)] = cursor.fetchall()
            add(f"`{name}`: rows; MB; MB of indexes", f"{rows:,}; {heap / MEGABYTE:,.0f}; {indexes / MEGABYTE:,.0f}")
    for name in read_queries(QUERIES):
        add(f"{name}, ms", spread(query_times(sales, QUERIES / f"{PREFIX}{name}.sql", 3)))
    for index, name in INDEXES.items():
        add(f"{name} without {index}, ms", f"{without_index(sales, index, name):.2f}")
    add("vacuum of orders, s", f"{seconds(lambda: run(sales, 'vacuum sales.orders')):.0f}")
    add("check, s", f"{seconds(lambda: require_no_differences(sales)):.0f}")
    add("backup, s", f"{seconds(lambda: backup(sales)):.0f}")
    rate = order_entry(copy(at, sales, "entry", aggregates=True), 60, copies, APART)
    add("order entry, orders per second", f"{rate:.0f}")
    run(at, "drop database {name}", name="entry")
    return found


def seconds(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def require_no_differences(sales: Server) -> None:
    """Recompute all totals and aggregates, and require that they equal the stored ones."""
    assert differences(sales).rows == []


def without_index(sales: Server, index: str, name: str) -> float:
    """Return the milliseconds of a query without this index."""
    with sales.connected() as connection, connection.cursor() as cursor:
        cursor.execute(sql.SQL("drop index {}").format(sql.Identifier("sales", index)))
        taken = [explain_ms(cursor, QUERIES / f"{PREFIX}{name}.sql") for _ in range(2)]
        connection.rollback()
    return taken[-1]


def backup(sales: Server) -> None:
    """Run pg_dump with output to /dev/null."""
    command, environment = client_command(sales, "pg_dump", SUPERUSER)
    options = ["--format=custom", "--compress=0", "--no-sync", "--file=/dev/null"]
    subprocess.run([*command, *options, sales.database], env=environment, check=True)


def compared(orders: int, small: dict[str, str], large: dict[str, str]) -> str:
    header = ["", f"{orders:,} orders", f"{orders * (COPIES + 1):,} orders"]
    rows = [[name, small[name], large[name]] for name in small]
    introduction = (
        "The large database has ten times the rows of the small one. Queries: time in the server, three runs."
    )
    return "\n\n".join([introduction, table(header, rows), origin(["psycopg2-binary"], postgresql="18")])


if __name__ == "__main__":
    main()
