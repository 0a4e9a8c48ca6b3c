"""What a run says at its end, for a person."""

from pathlib import Path

from common.closing_table import closing_table
from section1.util.columns import OUTPUTS
from section1.util.report import Report


def table(report: Report, *, state: str, seconds: float) -> str:
    """Return what became of the files and rows, a line each."""
    counts = report.counts
    rows: list[tuple[str, str | int]] = [
        ("files read", len(report.files)),
        ("files skipped, in a batch already", len(report.skipped)),
        ("files refused", len(report.refused)),
        *((f"  {file.name}", file.problem) for file in report.refused),
        ("rows in", report.rows),
        ("successful", counts.successful),
        ("unsuccessful", counts.unsuccessful),
        *((f"  {reason}", rows) for reason, rows in counts.reasons.items()),
        ("membership IDs with several e-mails", counts.shared_membership_ids),
        ("engine", report.engine),
        ("seconds", f"{seconds:.1f}"),
    ]
    return closing_table(f"batch {report.batch}: {state}", rows)


def places(report: Report, destination: Path) -> str:
    """Return where the batch's outputs and its report are, a line each."""
    paths = [*(destination / name / report.batch for name in OUTPUTS), destination / "report" / f"{report.batch}.json"]
    return "\n".join(f"  {path}" for path in paths)
