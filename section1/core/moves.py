"""What a change of rules would do: how many rows move between the outputs, and which reasons they gain and lose."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from section1.core.columns import REASONS
from section1.core.report import FileRead, FileRefused, FileSkipped


@dataclass(frozen=True)
class Move:
    """How many rows have these reasons by the first rules and those by the second; None on successful rows."""

    before: str | None
    after: str | None
    rows: int
    other_ids: int  # of them, the ones successful by both whose membership ID differs

    @property
    def falls(self) -> bool:
        """Whether its rows go from successful to unsuccessful."""
        return self.before is None and self.after is not None

    @property
    def rises(self) -> bool:
        """Whether its rows go from unsuccessful to successful."""
        return self.before is not None and self.after is None

    def gains(self, reason: str) -> bool:
        """Whether the second rules alone find this reason."""
        return reason in _codes(self.after) - _codes(self.before)

    def loses(self, reason: str) -> bool:
        """Whether the first rules alone find this reason."""
        return reason in _codes(self.before) - _codes(self.after)


@dataclass(frozen=True)
class Comparison:
    """What a batch would take, and what other rules would make of its rows."""

    batch: str
    engine: str
    files: tuple[FileRead, ...]
    skipped: tuple[FileSkipped, ...]
    refused: tuple[FileRefused, ...]
    moves: tuple[Move, ...]


def total(moves: Sequence[Move], counts: Callable[[Move], bool] = lambda move: True) -> int:
    """Return how many rows the moves have for which `counts` holds."""
    return sum(move.rows for move in moves if counts(move))


COLUMNS = ("", "before", "after", "gained", "lost", "gained and fell", "lost and rose")


def by_reason(moves: Sequence[Move]) -> list[tuple[str, int, int, int, int, int | None, int | None]]:
    """Return under COLUMNS how the outputs and each reason stand by the first rules and by the second.

    A row falls from successful to unsuccessful, and rises the other way.
    """
    before, after = total(moves, lambda move: move.before is None), total(moves, lambda move: move.after is None)
    falls, rises, rows = total(moves, lambda move: move.falls), total(moves, lambda move: move.rises), total(moves)
    return [
        ("successful", before, after, rises, falls, None, None),
        ("unsuccessful", rows - before, rows - after, falls, rises, None, None),
        *(_of_reason(moves, reason) for reason in REASONS),
    ]


def _of_reason(moves: Sequence[Move], reason: str) -> tuple[str, int, int, int, int, int, int]:
    return (
        reason,
        total(moves, lambda move: reason in _codes(move.before)),
        total(moves, lambda move: reason in _codes(move.after)),
        total(moves, lambda move: move.gains(reason)),
        total(moves, lambda move: move.loses(reason)),
        total(moves, lambda move: move.gains(reason) and move.falls),
        total(moves, lambda move: move.loses(reason) and move.rises),
    )


def _codes(reasons: str | None) -> set[str]:
    return set(reasons.split(";")) if reasons is not None else set()
