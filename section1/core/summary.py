"""Summaries that a run prints at its end."""

from common.table import closing_table, table
from section1.core.comparison import COLUMNS, Comparison, by_reason, total
from section1.core.report import Report

Lines = list[tuple[str, str | int]]


def summarize(report: Report, *, state: str, seconds: float) -> str:
    """Return one line for each count of files and rows of a batch."""
    counts = report.counts
    rows: Lines = [
        *_files(report),
        ("rows in", report.rows),
        ("successful", counts.successful),
        ("unsuccessful", counts.unsuccessful),
        *((f"  {reason}", rows) for reason, rows in counts.reasons.items()),
        ("membership IDs with several e-mails", counts.shared_membership_ids),
        ("engine", report.engine),
        ("seconds", f"{seconds:.1f}"),
    ]
    return closing_table(f"batch {report.batch}: {state}", rows)


def summarize_comparison(comparison: Comparison, *, other: str, seconds: float) -> str:
    """Return how many rows change between the outputs, and a table of the reasons that they gain and lose."""
    changes = comparison.changes
    rows: Lines = [
        *_files(comparison),
        ("rows in", total(changes)),
        ("newly unsuccessful", total(changes, lambda change: change.newly_unsuccessful)),
        ("newly successful", total(changes, lambda change: change.newly_successful)),
        ("successful with another membership ID", sum(change.changed_ids for change in changes)),
        ("engine", comparison.engine),
        ("seconds", f"{seconds:.1f}"),
    ]
    title = f"batch {comparison.batch}: before and after a change to {other}; nothing written"
    return f"{closing_table(title, rows)}\n{table(COLUMNS, by_reason(changes))}\n"


def _files(result: Report | Comparison) -> Lines:
    return [
        ("files read", len(result.files)),
        ("files skipped, already in a batch", len(result.skipped)),
        ("files refused", len(result.refused)),
        *((f"  {file.name}", file.problem) for file in result.refused),
    ]
