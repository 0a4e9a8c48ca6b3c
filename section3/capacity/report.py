"""The results as tables, for a terminal and as Markdown for the README."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from textwrap import fill

from common.table import table
from section3.capacity.cost import COMPONENTS
from section3.capacity.required_parameters import capacity_with_defaults
from section3.capacity.results import Results

NOT_COUNTED = (
    "Not included: flow logs, Container Insights, access logs of S3 and WAF, alarms, tracing, sign-in, container "
    "images, and tasks added by bursts."
)
NAMES = {"steady": "steady", "burst": "burst", "zone_outage": "zone outage", "kafka_backlog": "Kafka backlog"}


@dataclass(frozen=True)
class Table:
    """A table with a title and a note below it."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    note: str = ""

    def plain(self) -> str:
        """Return the table for a terminal."""
        return f"{self.title}\n\n{table(self.columns, self.rows)}{self._below()}"

    def markdown(self) -> str:
        """Return the table for a README, with numbers aligned to the right."""
        numbers = [
            all(isinstance(row[index], int | Decimal) for row in self.rows) for index in range(len(self.columns))
        ]
        rule = "|".join("---:" if number else "---" for number in numbers)
        rows = ["| " + " | ".join(_shown(value) for value in row) + " |" for row in self.rows]
        lines = [f"**{self.title}**", "", f"| {' | '.join(self.columns)} |", f"|{rule}|", *rows]
        return "\n".join(lines) + self._below()

    def _below(self) -> str:
        return f"\n\n{fill(self.note, 120, break_on_hyphens=False)}" if self.note else ""


def tables(results: Results) -> list[Table]:
    builders = (latencies, ends, variants, checks, bills, per_million, bottlenecks, required_parameters)
    return [build(results) for build in builders]


def latencies(results: Results) -> Table:
    percents = list(results.outcomes[0].latency)
    rows = [
        (outcome.rate, NAMES[outcome.scenario], *(_decimal(outcome.latency[percent], 1) for percent in percents))
        for outcome in results.outcomes
    ]
    named = [percent.replace("_api", ", API").replace("_kafka", ", Kafka") for percent in percents]
    title = "Seconds from a stored or produced image to its record"
    return Table(title, ("images per minute", "scenario", *named), rows)


def ends(results: Results) -> Table:
    rows = [
        (outcome.rate, NAMES[outcome.scenario], outcome.slices, outcome.most_waiting, outcome.most_tasks,
         outcome.arrived, outcome.processed, outcome.dead, outcome.left, outcome.expired, outcome.lost,
         outcome.repeated, outcome.held_by_lost)
        for outcome in results.outcomes
    ]  # fmt: skip
    columns = ("images per minute", "scenario", "slices", "most waiting", "most tasks", "arrived", "processed",
               "dead letters", "left", "expired", "lost", "repeated without effect",
               "held by lost tasks")  # fmt: skip
    return Table("Final states of simulated images (waiting and tasks: whole system)", columns, rows)


def variants(results: Results) -> Table:
    """Effects of design changes, compared with the same scenario as designed."""
    rows = []
    for variant in results.variants:
        before = results.outcome(variant.rate, variant.scenario)
        pairs = [(before.latency[percent], variant.latency[percent]) for percent in ("p95", "p99", "p99.9")]
        seconds = [f"{was:.1f} -> {now:.1f}" for was, now in pairs]
        waiting = f"{before.most_waiting:,} -> {variant.most_waiting:,}"
        rows.append((variant.change, variant.rate, NAMES[variant.scenario], *seconds, waiting))
    columns = ("change", "images per minute", "scenario", "p95", "p99", "p99.9", "most waiting")
    return Table("Design changes (seconds as designed -> with the change)", columns, rows)


def checks(results: Results) -> Table:
    rows = [
        (check.workers, f"{check.busy:.0%}", _decimal(check.theory, 4), _decimal(check.simulated, 4),
         f"{check.error:+.1%}")
        for check in results.checks
    ]  # fmt: skip
    return Table("Mean wait in M/M/c", ("workers", "busy", "Erlang C (s)", "simulated (s)", "error"), rows)


def bills(results: Results) -> Table:
    rows = [
        (bill.rate, bill.images, bill.tasks, bill.brokers, _decimal(bill.kafka_mb, 1), round(bill.month),
         _decimal(bill.month / bill.images * 1e6, 2))
        for bill in results.bills
    ]  # fmt: skip
    columns = (
        "images per minute",
        "images per month",
        "tasks",
        "Kafka brokers",
        "Kafka MB/s",
        "$ per month",
        "$ per million",
    )
    return Table("Dollars per month, list prices", columns, rows, NOT_COUNTED)


def per_million(results: Results) -> Table:
    parts = [bill.per_million() for bill in results.bills]
    rows: list[Sequence[object]] = [(name, *(_decimal(part[name], 2) for part in parts)) for name in COMPONENTS]
    rows.append(("all", *(_decimal(sum(part.values()), 2) for part in parts)))
    columns = ("component", *(f"{bill.rate:,} per minute" for bill in results.bills))
    return Table("Dollars per million images", columns, rows)


def bottlenecks(results: Results) -> Table:
    rows = [(found.rate, found.component, found.limit, found.remedy) for found in results.bottlenecks]
    return Table("Bottlenecks", ("images per minute", "component", "limit", "remedy"), rows)


def required_parameters(results: Results) -> Table:
    """Template parameters that each rate requires. The note names the rate that the defaults carry."""
    rows = [(required.parameter, required.default, *required.values) for required in results.required_parameters]
    columns = ("parameter", "default", *(f"{bill.rate:,} per minute" for bill in results.bills))
    title = "Required template parameters (API for bursts of three times the rate, sink to catch up)"
    return Table(title, columns, rows, capacity_with_defaults(list(results.bottlenecks)))


def _decimal(number: float, digits: int) -> Decimal:
    return Decimal(f"{number:.{digits}f}")


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | Decimal) else str(value)
