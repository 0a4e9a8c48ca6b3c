"""A batch's counts beside those of the batches before it, and whether one moved unusually."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median

from section1.core.columns import REASONS
from section1.core.report import Tally

NEEDED = 6  # earlier batches, to know what is usual
LEAST_POINTS, TIMES = 2, 3
RULE = (
    f"A share is marked as unusual when it lies further from its median in the earlier batches than {LEAST_POINTS} "
    f"points, than {TIMES} times the usual deviation from that median (1.48 times the median absolute deviation) and "
    f"than {TIMES} standard errors of a sample of this batch's size. It takes {NEEDED} earlier batches to tell."
)


@dataclass(frozen=True)
class Trend:
    """How many rows of a batch, and of each earlier one (all of which have rows), a name stands for."""

    name: str
    rows: int
    of: int
    before: tuple[tuple[int, int], ...]  # rows and all rows of each earlier batch, the oldest first

    @property
    def share(self) -> float | None:
        """The share of the batch's rows; none of a batch without rows."""
        return self.rows / self.of if self.of else None

    @property
    def shares(self) -> list[float]:
        """The shares in the earlier batches, the oldest first."""
        return [rows / of for rows, of in self.before]

    @property
    def usual(self) -> float | None:
        """The median share of the earlier batches."""
        return median(self.shares) if self.before else None

    @property
    def is_unusual(self) -> bool:
        """Whether RULE marks it."""
        share, usual = self.share, self.usual
        if share is None or usual is None or len(self.before) < NEEDED:
            return False
        deviation = 1.48 * median(abs(one - usual) for one in self.shares)
        error = sqrt(max(share * (1 - share), usual * (1 - usual)) / self.of)
        return abs(share - usual) > max(LEAST_POINTS / 100, TIMES * deviation, TIMES * error)


def trends(batch: Tally, earlier: Sequence[Tally]) -> list[Trend]:
    """Return how the two outputs and each reason stand, the earlier batches given from the oldest on."""
    columns = [_counted(one) for one in (*earlier, batch)]
    return [
        Trend(name, columns[-1][name], batch.rows, tuple(zip(row, (one.rows for one in earlier), strict=True)))
        for name in columns[-1]
        for row in [[column[name] for column in columns[:-1]]]
    ]


def _counted(batch: Tally) -> dict[str, int]:
    counts = batch.counts
    outputs = {"successful": counts.successful, "unsuccessful": counts.unsuccessful}
    return outputs | {reason: counts.reasons.get(reason, 0) for reason in REASONS}
