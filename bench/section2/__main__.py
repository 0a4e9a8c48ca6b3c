"""Section 2's benchmark: prints what it measured and writes it to RESULTS.md."""

import argparse
import statistics

from bench import RESULTS
from bench.arguments import number_of_rows
from bench.section2.sales import HERE, answers, copy, in_server, loaded, meanwhile, order_entry, server, spread
from common.errors import JobError
from common.postgresql import Server
from common.results import origin, table, write_section
from section2.config import QUERIES
from section2.main import differences

TWO = {
    "top 10 members": (QUERIES / "section2_query_top10_highest_spending_member.sql", HERE / "top10_from_lines.sql"),
    "top 3 items": (QUERIES / "section2_query_top3_most_sold_item.sql", HERE / "top3_from_lines.sql"),
}
MOST_MS, LEAST_RATE, AIM = 5.0, 0.8, 100.0
PAIRS = 20
WARM_UP_SECONDS = 20


def main() -> None:
    """Measure one size and say what came of it."""
    arguments = parser()
    options = arguments.parse_args()
    try:
        body = benchmark(options.orders, options.minutes, options.seconds)
    except JobError as error:
        arguments.exit(1, f"{error}\n")
    write_section(RESULTS, "Section 2", f"{options.orders:,} orders. {body}")
    print(f"{body}\n\nwrote {RESULTS}")


def benchmark(orders: int, minutes: float, seconds: int) -> str:
    """Load, ask, enter orders, ask again; returns what was measured."""
    with server() as at:
        sales, rate_of_load = loaded(at, orders)
        load = f"{rate_of_load:,.0f} orders a second"
        print(f"load: {load}", flush=True)
        quiet = asked(sales)
        copies = {
            aggregates: copy(at, sales, f"entry_{aggregates}", aggregates=aggregates) for aggregates in (True, False)
        }
        entry, kept = entered(copies, seconds), copies[True]
        busy: dict[str, list[float]] = {name: [] for name in TWO}

        def watch() -> None:
            for name, (path, _) in TWO.items():
                busy[name] += in_server(kept, path, 1)

        rate = meanwhile(lambda: order_entry(kept, round(minutes * 60)), watch)
        after = {name: in_server(kept, path, 51) for name, (path, _) in TWO.items()}
        assert differences(kept).rows == []
    parts = [f"Load: {load}.", answered(quiet, busy, after), rates(entry, rate, minutes), targets(quiet, after, entry)]
    return "\n\n".join([*parts, origin(["psycopg2-binary"], postgresql="18")])


def asked(sales: Server) -> dict[str, tuple[list[float], list[float]]]:
    """Return the milliseconds of each answer, from the aggregates and from the lines, which must agree."""
    found = {}
    for name, (path, lines) in TWO.items():
        assert answers(sales, path) == answers(sales, lines)
        found[name] = in_server(sales, path, 51), in_server(sales, lines, 5)
        print(f"{name}: {spread(found[name][0])} ms, from the lines {spread(found[name][1])} ms", flush=True)
    return found


def entered(copies: dict[bool, Server], seconds: int) -> dict[bool, list[float]]:
    """Return the rates of order entry with and without aggregates, in many short rounds that take turns.

    One run of a minute says nothing: this machine's speed changes by half within one.
    """
    found: dict[bool, list[float]] = {True: [], False: []}
    for copied in copies.values():
        order_entry(copied, WARM_UP_SECONDS)  # a page's first change after a checkpoint writes all of it
    for number in range(PAIRS):
        for aggregates in (True, False) if number % 2 else (False, True):
            found[aggregates].append(order_entry(copies[aggregates], seconds))
        print(f"order entry, with and without: {found[True][-1]:.0f}, {found[False][-1]:.0f} a second", flush=True)
    return found


def answered(
    quiet: dict[str, tuple[list[float], list[float]]], busy: dict[str, list[float]], after: dict[str, list[float]]
) -> str:
    """Return the table of answers."""
    rows = [
        [name, spread(kept), spread(busy[name]), spread(after[name]), spread(lines), f"{ratio(lines, kept):.0f}"]
        for name, (kept, lines) in quiet.items()
    ]
    header = ["answer, ms in the server", "quiet", "during order entry", "after it", "from the lines", "times quicker"]
    return table(header, rows)


def rates(entry: dict[bool, list[float]], rate: float, minutes: float) -> str:
    """Return the table of rates."""
    rows = [
        ["with aggregates", spread(entry[True])],
        ["without", spread(entry[False])],
        ["with / without, by pairs", spread(shares(entry))],
        [f"with aggregates, {minutes:g} minutes", f"{rate:.2f}"],
    ]
    return table(["order entry, 16 clients, one item in half the orders", "orders a second"], rows)


def shares(entry: dict[bool, list[float]]) -> list[float]:
    """Return what share of the rate is kept, by pairs of rounds."""
    return [with_them / without for with_them, without in zip(entry[True], entry[False], strict=True)]


def targets(
    quiet: dict[str, tuple[list[float], list[float]]], after: dict[str, list[float]], entry: dict[bool, list[float]]
) -> str:
    """Return what was to be reached, and what was."""
    share = statistics.median(shares(entry))
    rows = [
        [
            "order entry with aggregates / without",
            "at least",
            f"{LEAST_RATE}",
            f"{share:.2f}",
            verdict(share >= LEAST_RATE),
        ]
    ]
    for name, (kept, lines) in quiet.items():
        for when, taken in (("quiet", kept), ("after order entry", after[name])):
            most = statistics.median(taken)
            rows.append([f"{name}, {when}, ms", "at most", f"{MOST_MS:g}", f"{most:.2f}", verdict(most <= MOST_MS)])
        times = ratio(lines, kept)
        rows.append(
            [f"{name}, from the lines / from aggregates", "aim", f"{AIM:g}", f"{times:.0f}", verdict(times >= AIM)]
        )
    return table(["target", "", "is", "measured", ""], rows)


def ratio(above: list[float], below: list[float]) -> float:
    """Return the ratio of two medians."""
    return statistics.median(above) / statistics.median(below)


def verdict(reached: bool) -> str:
    """Return a word."""
    return "pass" if reached else "FAIL"


def parser() -> argparse.ArgumentParser:
    """Return the arguments of the benchmark."""
    arguments = argparse.ArgumentParser(
        prog="python -m bench.section2",
        description="Ask section 2's database from its aggregates and from its lines, while many enter orders.",
        epilog="example: .venv/bin/python -m bench.section2 --orders 100k --minutes 1\n"
        "exit codes: 0 done, 1 failed, 2 bad usage",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    arguments.add_argument("--orders", type=number_of_rows, default=1_000_000, metavar="N", help="default: 1M")
    arguments.add_argument("--minutes", type=float, default=10, metavar="N", help="of order entry; default: 10")
    arguments.add_argument("--seconds", type=int, default=15, metavar="N", help="of each compared round; default: 15")
    return arguments


if __name__ == "__main__":
    main()
