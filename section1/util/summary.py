"""What a run says at its end, for a person."""

from pathlib import Path

from rich import box
from rich.table import Table

from section1.util.report import Report


def table(report: Report, *, published_to: Path | None, seconds: float) -> Table:
    """Return what became of files and rows, a line each, and where the batch is, if it was published."""
    counts = report.counts
    state = "published" if published_to else "dry run, nothing written"
    lines = Table("", "", title=f"batch {report.batch}: {state}", title_justify="left", title_style="bold")
    lines.box, lines.show_header = box.SIMPLE, False
    lines.columns[1].justify = "right"
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
    for name, value in rows:
        lines.add_row(name, f"{value:,}" if isinstance(value, int) else value)
    if published_to:
        lines.caption = f"in {published_to}: successful_application, unsuccessful_application, report"
        lines.caption_justify = "left"
    return lines
