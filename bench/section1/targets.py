"""Targets for section 1's speed and memory."""

from collections.abc import Mapping
from dataclasses import dataclass

from bench.measure import Summary
from bench.section1.contenders import DUCKDB, IMPORTS, PLAIN_PYSPARK, POLARS, SPARK, SPARK_COPY, Contender
from bench.section1.rounds import Size
from common.results import table

Key = tuple[int, Contender]
_5K, _1M, _10M = 5_000, 1_000_000, 10_000_000


@dataclass(frozen=True)
class Target:
    """Upper limit of a ratio of wall times; without a base, upper limit of peak memory in MB."""

    name: str
    limit: float
    of: Key
    base: Key | None = None

    def sizes(self) -> set[int]:
        return {key[0] for key in (self.of, self.base) if key}

    def measured(self, sizes: Mapping[int, Size]) -> float | None:
        """Return the measured value, or None if a contender failed."""
        of, base = (_summary(sizes, key) if key else None for key in (self.of, self.base))
        if of is None or (self.base and base is None):
            return None
        return of.wall.median / base.wall.median if base else of.peak_bytes.median / 1e6


def _summary(sizes: Mapping[int, Size], key: Key) -> Summary | None:
    found = sizes[key[0]].get(key[1])
    return found if isinstance(found, Summary) else None


TARGETS = (
    Target("DuckDB, 5k rows: wall / import baseline", 3, (_5K, DUCKDB), (_5K, IMPORTS)),
    Target("Spark, 5k rows: wall / plain PySpark", 0.8, (_5K, SPARK), (_5K, PLAIN_PYSPARK)),
    Target("DuckDB, 10M rows: wall / Polars", 1.5, (_10M, DUCKDB), (_10M, POLARS)),
    Target("DuckDB, 10M rows: peak MB", 512, (_10M, DUCKDB)),
    Target("Spark, 10M rows: wall / Spark copy", 4, (_10M, SPARK), (_10M, SPARK_COPY)),
    Target("DuckDB: wall of 10M rows / of 1M rows", 12, (_10M, DUCKDB), (_1M, DUCKDB)),
    Target("Spark: wall of 10M rows / of 1M rows", 12, (_10M, SPARK), (_1M, SPARK)),
)


def targets_table(sizes: Mapping[int, Size]) -> str:
    """Return the targets whose sizes were measured, or an empty string."""
    rows = [_row(target, target.measured(sizes)) for target in TARGETS if target.sizes() <= sizes.keys()]
    return table(("target", "at most", "measured", ""), rows) if rows else ""


def _row(target: Target, measured: float | None) -> tuple[str, ...]:
    limit = f"{target.limit:g}"
    if measured is None:
        return target.name, limit, "not measured", ""
    return target.name, limit, f"{measured:.3g}", "pass" if measured <= target.limit else "FAIL"
