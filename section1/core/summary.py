"""What a run says at its end, for a person."""

from common.table import closing_table
from common.table import table as aligned
from section1.core.moves import COLUMNS, Comparison, by_reason, total
from section1.core.report import Report

Lines = list[tuple[str, str | int]]


def table(report: Report, *, state: str, seconds: float) -> str:
    """Return what became of the files and rows, a line each."""
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


def comparison(compared: Comparison, *, other: str, seconds: float) -> str:
    """Return how many rows move between the outputs, and below it which reasons they gain and lose."""
    moves = compared.moves
    rows: Lines = [
        *_files(compared),
        ("rows in", total(moves)),
        ("fall from successful to unsuccessful", total(moves, lambda move: move.falls)),
        ("rise from unsuccessful to successful", total(moves, lambda move: move.rises)),
        ("stay successful with another membership ID", sum(move.other_ids for move in moves)),
        ("engine", compared.engine),
        ("seconds", f"{seconds:.1f}"),
    ]
    title = f"batch {compared.batch}: before, and after a change to {other}; nothing written"
    return f"{closing_table(title, rows)}\n{aligned(COLUMNS, by_reason(moves))}\n"


def _files(told: Report | Comparison) -> Lines:
    return [
        ("files read", len(told.files)),
        ("files skipped, in a batch already", len(told.skipped)),
        ("files refused", len(told.refused)),
        *((f"  {file.name}", file.problem) for file in told.refused),
    ]
