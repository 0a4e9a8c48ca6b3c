"""What section 1 promises of its speed and memory, and whether it holds."""

from collections.abc import Mapping
from dataclasses import dataclass

from bench.measure import Summary
from bench.section1.contenders import DUCKDB, IMPORTS, POLARS, SPARK, SPARK_COPY, STOCK, Contender
from bench.section1.rounds import Size
from common.results import table

Place = tuple[int, Contender]
_5K, _1M, _10M = 5_000, 1_000_000, 10_000_000


@dataclass(frozen=True)
class Target:
    """At most so many times the wall time of a base; without a base, at most so many MB of memory."""

    claim: str
    limit: float
    of: Place
    base: Place | None = None

    def sizes(self) -> set[int]:
        """Return the numbers of rows that have to be run."""
        return {place[0] for place in (self.of, self.base) if place}

    def measured(self, sizes: Mapping[int, Size]) -> float | None:
        """Return what was measured; None where a contender did not come through."""
        of, base = (_summary(sizes, place) if place else None for place in (self.of, self.base))
        if of is None or (self.base and base is None):
            return None
        return of.wall.median / base.wall.median if base else of.peak_bytes.median / 1e6


def _summary(sizes: Mapping[int, Size], place: Place) -> Summary | None:
    found = sizes[place[0]].get(place[1])
    return found if isinstance(found, Summary) else None


TARGETS = (
    Target("DuckDB, 5k rows: wall / import floor", 3, (_5K, DUCKDB), (_5K, IMPORTS)),
    Target("Spark, 5k rows: wall / stock launch", 0.45, (_5K, SPARK), (_5K, STOCK)),
    Target("DuckDB, 10M rows: wall / Polars", 1.5, (_10M, DUCKDB), (_10M, POLARS)),
    Target("DuckDB, 10M rows: peak MB", 512, (_10M, DUCKDB)),
    Target("Spark, 10M rows: wall / own bare copy", 4, (_10M, SPARK), (_10M, SPARK_COPY)),
    Target("DuckDB: wall of 10M rows / of 1M rows", 12, (_10M, DUCKDB), (_1M, DUCKDB)),
    Target("Spark: wall of 10M rows / of 1M rows", 12, (_10M, SPARK), (_1M, SPARK)),
)


def targets_table(sizes: Mapping[int, Size]) -> str:
    """Return the targets whose sizes were run; empty when there is none."""
    rows = [_row(target, target.measured(sizes)) for target in TARGETS if target.sizes() <= sizes.keys()]
    return table(("target", "at most", "measured", ""), rows) if rows else ""


def _row(target: Target, measured: float | None) -> tuple[str, ...]:
    limit = f"{target.limit:g}"
    if measured is None:
        return target.claim, limit, "not measured", ""
    return target.claim, limit, f"{measured:.3g}", "pass" if measured <= target.limit else "FAIL"
