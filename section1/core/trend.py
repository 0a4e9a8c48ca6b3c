"""Comparison of a batch's counts with earlier batches, to mark unusual changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median

from section1.core.columns import REASONS
from section1.core.report import Tally

MIN_BATCHES = 6  # earlier batches needed for a comparison
MIN_POINTS, FACTOR = 2, 3
RULE = (
    f"A share is unusual if its distance from the median of the earlier batches exceeds {MIN_POINTS} percentage "
    f"points, {FACTOR} times the usual deviation (1.48 times the median absolute deviation) and {FACTOR} standard "
    f"errors of a sample of this batch's size. The comparison needs {MIN_BATCHES} earlier batches."
)


@dataclass(frozen=True)
class Trend:
    """The rows of one output or reason, in a batch and in the earlier batches with rows."""

    name: str
    rows: int
    of: int
    before: tuple[tuple[int, int], ...]  # these rows and all rows of each earlier batch, oldest first

    @property
    def share(self) -> float | None:
        """The share of the batch's rows, or None for a batch without rows."""
        return self.rows / self.of if self.of else None

    @property
    def shares(self) -> list[float]:
        """The shares in the earlier batches, oldest first."""
        return [rows / of for rows, of in self.before]

    @property
    def usual(self) -> float | None:
        """The median share of the earlier batches."""
        return median(self.shares) if self.before else None

    @property
    def is_unusual(self) -> bool:
        """True if the share is unusual by RULE."""
        share, usual = self.share, self.usual
        if share is None or usual is None or len(self.before) < MIN_BATCHES:
            return False
        deviation = 1.48 * median(abs(earlier - usual) for earlier in self.shares)
        error = sqrt(max(share * (1 - share), usual * (1 - usual)) / self.of)
        return abs(share - usual) > max(MIN_POINTS / 100, FACTOR * deviation, FACTOR * error)


def trends(batch: Tally, earlier: Sequence[Tally]) -> list[Trend]:
    """Return the trends of both outputs and of each reason. Earlier batches are given oldest first."""
    columns = [_counts_of(tally) for tally in (*earlier, batch)]
    return [
        Trend(name, columns[-1][name], batch.rows, tuple(zip(row, (tally.rows for tally in earlier), strict=True)))
        for name in columns[-1]
        for row in [[column[name] for column in columns[:-1]]]
    ]


def _counts_of(batch: Tally) -> dict[str, int]:
    counts = batch.counts
    outputs = {"successful": counts.successful, "unsuccessful": counts.unsuccessful}
    return outputs | {reason: counts.reasons.get(reason, 0) for reason in REASONS}
