"""What grows how: sizes, answers, order entry and backup of one database and of one with all of it ten times over."""

import argparse
import subprocess
import time
from collections.abc import Callable

from psycopg2 import sql

from bench import RESULTS
from bench.arguments import number_of_rows
from bench.section2.sales import HERE, copy, explained, in_server, order_entry, run, server, spread
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
# Which question each index is there for.
INDEXES = {
    "orders_open_idx": "weight_to_ship_today",
    "order_line_item_idx": "effect_of_a_price_change",
    "member_spending_base_spent_idx": "top10_highest_spending_member",
    "item_sales_base_units_idx": "top3_most_sold_item",
}


def main() -> None:
    """Measure both databases and write down what differs."""
    arguments = argparse.ArgumentParser(
        prog="python -m bench.section2.growth",
        description="Measure a database of N orders, loaded by bench.section2, and one with all of it ten times over.",
        epilog="example: .venv/bin/python -m bench.section2.growth --orders 100k",
    )
    arguments.add_argument("--orders", type=number_of_rows, default=1_000_000, metavar="N", help="default: 1M")
    orders = arguments.parse_args().orders
    with server() as at:
        small = at.model_copy(update={"database": f"sales_{orders}"})
        body = compared(orders, measured(at, small, 0), measured(at, multiplied(at, small), COPIES))
    write_section(RESULTS, "Section 2, growth", body)
    print(f"{body}\n\nwrote {RESULTS}")


def multiplied(at: Server, small: Server) -> Server:
    """Return a database with all of the small one ten times over."""
    large = at.model_copy(update={"database": f"{small.database}_times_{COPIES + 1}"})
    with at.connected() as connection, connection.cursor() as cursor:
        cursor.execute("select from pg_database where datname = %s", [large.database])
        there = bool(cursor.rowcount)
    if not there:
        making = large.model_copy(update={"database": f"{large.database}_making"})
        copy(at, small, making.database, aggregates=True)
        with making.connected() as connection, connection.cursor() as cursor:
            for statement in (HERE / "multiply.sql").read_text().split(";\n"):
                started = time.monotonic()
                if statement.strip():
                    cursor.execute(statement, {"copies": COPIES, "apart": APART})
                    print(f"{time.monotonic() - started:.0f} s: {statement.strip().splitlines()[-1][:60]}", flush=True)
            connection.commit()
        run(making, "vacuum (analyze)")
        run(at, "alter database {name} rename to {large}", name=making.database, large=large.database)
    return large


def measured(at: Server, sales: Server, copies: int) -> dict[str, str]:
    """Return what is measured of a database, in words."""
    found = {}

    def note(name: str, value: str) -> None:
        found[name] = value
        print(f"{sales.database} {name}: {value}", flush=True)

    with sales.connected() as connection, connection.cursor() as cursor:
        for name in TABLES:
            sizes = "select count(*), pg_table_size(%(table)s), pg_indexes_size(%(table)s) from {}"
            cursor.execute(sql.SQL(sizes).format(sql.Identifier("sales", name)), {"table": f"sales.{name}"})
            [(rows, heap, indexes)] = cursor.fetchall()
            note(f"`{name}`: rows; MB; MB of indexes", f"{rows:,}; {heap / MEGABYTE:,.0f}; {indexes / MEGABYTE:,.0f}")
    for name in read_queries(QUERIES):
        note(f"{name}, ms", spread(in_server(sales, QUERIES / f"{PREFIX}{name}.sql", 3)))
    for index, name in INDEXES.items():
        note(f"{name} without {index}, ms", f"{without_index(sales, index, name):.2f}")
    note("vacuum of orders, s", f"{seconds(lambda: run(sales, 'vacuum sales.orders')):.0f}")
    note("check, s", f"{seconds(lambda: require_sound(sales)):.0f}")
    note("backup, s", f"{seconds(lambda: backup(sales)):.0f}")
    entered = order_entry(copy(at, sales, "entry", aggregates=True), 60, copies, APART)
    note("order entry, orders a second", f"{entered:.0f}")
    run(at, "drop database {name}", name="entry")
    return found


def seconds(work: Callable[[], object]) -> float:
    """Return how long it takes."""
    started = time.monotonic()
    work()
    return time.monotonic() - started


def require_sound(sales: Server) -> None:
    """All must add up."""
    assert differences(sales).rows == []


def without_index(sales: Server, index: str, name: str) -> float:
    """Return the milliseconds of an answer were there no such index."""
    with sales.connected() as connection, connection.cursor() as cursor:
        cursor.execute(sql.SQL("drop index {}").format(sql.Identifier("sales", index)))
        taken = [explained(cursor, QUERIES / f"{PREFIX}{name}.sql") for _ in range(2)]
        connection.rollback()
    return taken[-1]


def backup(sales: Server) -> None:
    """Let pg_dump read everything, and write it to nowhere."""
    command, environment = client_command(sales, "pg_dump", SUPERUSER)
    options = ["--format=custom", "--compress=0", "--no-sync", "--file=/dev/null"]
    subprocess.run([*command, *options, sales.database], env=environment, check=True)


def compared(orders: int, small: dict[str, str], large: dict[str, str]) -> str:
    """Return both as a table."""
    header = ["", f"{orders:,} orders", f"{orders * (COPIES + 1):,} orders"]
    rows = [[name, small[name], large[name]] for name in small]
    told = (
        "The larger one holds the smaller one ten times over, with keys of its own. Answers: three runs, in the server."
    )
    return "\n\n".join([told, table(header, rows), origin(["psycopg2-binary"], postgresql="18")])


if __name__ == "__main__":
    main()
