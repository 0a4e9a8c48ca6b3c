"""Benchmark of section 2: prints its figures and writes them to RESULTS.md."""

import statistics

from bench import EXIT_CODES, RESULTS
from bench.arguments import number_of_rows
from bench.section2.sales import HERE, copy, load, order_entry, query_rows, query_times, server, spread, while_running
from common import cli
from common.postgresql import Server
from common.results import origin, table, write_section
from section2.config import QUERIES
from section2.main import differences

COMPARED = {
    "top 10 members": (QUERIES / "section2_query_top10_highest_spending_member.sql", HERE / "top10_from_lines.sql"),
    "top 3 items": (QUERIES / "section2_query_top3_most_sold_item.sql", HERE / "top3_from_lines.sql"),
}
MAX_MS, MIN_RATE_RATIO, TARGET_SPEEDUP = 5.0, 0.8, 100.0
PAIRS = 20
WARM_UP_SECONDS = 20


def main() -> None:
    options = parser().parse_args()
    cli.run(lambda: benchmark(options.orders, options.minutes, options.seconds))


def benchmark(orders: int, minutes: float, seconds: int) -> int:
    """Load orders, time queries, run order entry, time queries again. Return the exit code. Raises: JobError."""
    with server() as at:
        sales, load_rate = load(at, orders)
        rate_text = f"{load_rate:,.0f} orders per second" if load_rate else "too few orders to measure"
        print(f"load: {rate_text}", flush=True)
        idle = time_queries(sales)
        copies = {
            aggregates: copy(at, sales, f"entry_{aggregates}", aggregates=aggregates) for aggregates in (True, False)
        }
        rates, target = compare_order_entry(copies, seconds), copies[True]
        busy: dict[str, list[float]] = {name: [] for name in COMPARED}

        def sample() -> None:
            for name, (path, _) in COMPARED.items():
                busy[name] += query_times(target, path, 1)

        long_rate = while_running(lambda: order_entry(target, round(minutes * 60)), sample)
        after = {name: query_times(target, path, 51) for name, (path, _) in COMPARED.items()}
        assert differences(target).rows == []
    parts = [
        f"{orders:,} orders. Load: {rate_text}.",
        query_table(idle, busy, after),
        rate_table(rates, long_rate, minutes),
        target_table(idle, after, rates),
        origin(["psycopg2-binary"], postgresql="18"),
    ]
    body = "\n\n".join(parts)
    write_section(RESULTS, "Section 2", body)
    print(f"{body}\n\nwrote {RESULTS}")
    return 0


def time_queries(sales: Server) -> dict[str, tuple[list[float], list[float]]]:
    """Return the milliseconds of each query, from aggregates and from order lines. Both must return equal rows."""
    found = {}
    for name, (path, lines) in COMPARED.items():
        assert query_rows(sales, path) == query_rows(sales, lines)
        found[name] = query_times(sales, path, 51), query_times(sales, lines, 5)
        print(f"{name}: {spread(found[name][0])} ms, from order lines {spread(found[name][1])} ms", flush=True)
    return found


def compare_order_entry(copies: dict[bool, Server], seconds: int) -> dict[bool, list[float]]:
    """Return the rates of order entry with and without aggregates, in many short alternating rounds.

    One long run is not enough, because the speed of a shared machine can halve within a minute.
    """
    found: dict[bool, list[float]] = {True: [], False: []}
    for copied in copies.values():
        order_entry(copied, WARM_UP_SECONDS)  # the first change of a page after a checkpoint writes the whole page
    for number in range(PAIRS):
        for aggregates in (True, False) if number % 2 else (False, True):
            found[aggregates].append(order_entry(copies[aggregates], seconds))
        print(f"orders per second, with and without: {found[True][-1]:.0f}, {found[False][-1]:.0f}", flush=True)
    return found


def query_table(
    idle: dict[str, tuple[list[float], list[float]]], busy: dict[str, list[float]], after: dict[str, list[float]]
) -> str:
    rows = [
        [name, spread(times), spread(busy[name]), spread(after[name]), spread(lines), f"{ratio(lines, times):.0f}"]
        for name, (times, lines) in idle.items()
    ]
    return table(
        ["query, ms in the server", "idle", "during order entry", "after it", "from order lines", "speedup"], rows
    )


def rate_table(rates: dict[bool, list[float]], long_rate: float, minutes: float) -> str:
    rows = [
        ["with aggregates", spread(rates[True])],
        ["without", spread(rates[False])],
        ["with / without, by pairs", spread(rate_ratios(rates))],
        [f"with aggregates, {minutes:g} minutes", f"{long_rate:.2f}"],
    ]
    return table(["order entry, 16 clients, one item in half of the orders", "orders per second"], rows)


def rate_ratios(rates: dict[bool, list[float]]) -> list[float]:
    """Return, for each pair of rounds, the rate with aggregates divided by the rate without."""
    return [with_aggregates / without for with_aggregates, without in zip(rates[True], rates[False], strict=True)]


def target_table(
    idle: dict[str, tuple[list[float], list[float]]], after: dict[str, list[float]], rates: dict[bool, list[float]]
) -> str:
    rate_ratio = statistics.median(rate_ratios(rates))
    entry = "order entry with aggregates / without"
    rows = [[entry, "at least", f"{MIN_RATE_RATIO}", f"{rate_ratio:.2f}", verdict(rate_ratio >= MIN_RATE_RATIO)]]
    for name, (times, lines) in idle.items():
        for when, taken in (("idle", times), ("after order entry", after[name])):
            middle = statistics.median(taken)
            rows.append([f"{name}, {when}, ms", "at most", f"{MAX_MS:g}", f"{middle:.2f}", verdict(middle <= MAX_MS)])
        speedup = ratio(lines, times)
        reached = verdict(speedup >= TARGET_SPEEDUP)
        rows.append([f"{name}, speedup by aggregates", "at least", f"{TARGET_SPEEDUP:g}", f"{speedup:.0f}", reached])
    return table(["target", "", "limit", "measured", ""], rows)


def ratio(above: list[float], below: list[float]) -> float:
    """Return the ratio of two medians."""
    return statistics.median(above) / statistics.median(below)


def verdict(reached: bool) -> str:
    return "pass" if reached else "FAIL"


def parser() -> cli.Parser:
    arguments = cli.Parser(
        description="Time section 2's queries from aggregates and from order lines, idle and during order entry.",
        example=".venv/bin/python -m bench.section2 --orders 100k --minutes 1",
        exit_codes=EXIT_CODES,
    )
    arguments.add_argument("--orders", type=number_of_rows, default=1_000_000, metavar="N", help="default: 1M")
    arguments.add_argument("--minutes", type=float, default=10, metavar="N", help="of order entry; default: 10")
    arguments.add_argument("--seconds", type=int, default=15, metavar="N", help="of each compared round; default: 15")
    return arguments


if __name__ == "__main__":
    main()
