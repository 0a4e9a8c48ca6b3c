"""The effect of other rules: rows that change between the outputs, and reasons that they gain and lose."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from section1.core.columns import REASONS
from section1.core.report import FileRead, FileRefused, FileSkipped


@dataclass(frozen=True)
class Change:
    """A number of rows with the same reasons before and after. Successful rows have None."""

    before: str | None
    after: str | None
    rows: int
    changed_ids: int  # rows that are successful before and after, with different membership IDs

    @property
    def newly_unsuccessful(self) -> bool:
        return self.before is None and self.after is not None

    @property
    def newly_successful(self) -> bool:
        return self.before is not None and self.after is None

    def gains(self, reason: str) -> bool:
        """Return whether only the new rules give this reason."""
        return reason in _codes(self.after) - _codes(self.before)

    def loses(self, reason: str) -> bool:
        """Return whether only the old rules give this reason."""
        return reason in _codes(self.before) - _codes(self.after)


@dataclass(frozen=True)
class Comparison:
    """The files of a batch, and how other rules label their rows."""

    batch: str
    engine: str
    files: tuple[FileRead, ...]
    skipped: tuple[FileSkipped, ...]
    refused: tuple[FileRefused, ...]
    changes: tuple[Change, ...]


def total(changes: Sequence[Change], condition: Callable[[Change], bool] = lambda change: True) -> int:
    """Return the number of rows in the changes that meet the condition."""
    return sum(change.rows for change in changes if condition(change))


COLUMNS = ("", "before", "after", "gained", "lost", "gained, now unsuccessful", "lost, now successful")


def by_reason(changes: Sequence[Change]) -> list[tuple[str, int, int, int, int, int | None, int | None]]:
    """Return a row of COLUMNS for each output and each reason."""
    rows = total(changes)
    before, after = total(changes, lambda c: c.before is None), total(changes, lambda c: c.after is None)
    gained, lost = total(changes, lambda c: c.newly_successful), total(changes, lambda c: c.newly_unsuccessful)
    return [
        ("successful", before, after, gained, lost, None, None),
        ("unsuccessful", rows - before, rows - after, lost, gained, None, None),
        *(_of_reason(changes, reason) for reason in REASONS),
    ]


def _of_reason(changes: Sequence[Change], reason: str) -> tuple[str, int, int, int, int, int, int]:
    return (
        reason,
        total(changes, lambda change: reason in _codes(change.before)),
        total(changes, lambda change: reason in _codes(change.after)),
        total(changes, lambda change: change.gains(reason)),
        total(changes, lambda change: change.loses(reason)),
        total(changes, lambda change: change.gains(reason) and change.newly_unsuccessful),
        total(changes, lambda change: change.loses(reason) and change.newly_successful),
    )


def _codes(reasons: str | None) -> set[str]:
    return set(reasons.split(";")) if reasons is not None else set()
