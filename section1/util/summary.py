"""What a run says at its end, for a person."""

from pathlib import Path

from rich import box
from rich.table import Table
from rich.text import Text

from section1.util.columns import OUTPUTS
from section1.util.report import Report


def table(report: Report, *, state: str, seconds: float) -> Table:
    """Return what became of the files and rows, a line each."""
    counts = report.counts
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
        # As Text, since rich would take [brackets] and :colons: in a file's name for commands.
        lines.add_row(Text(name), Text(f"{value:,}" if isinstance(value, int) else value))
    return lines


def places(report: Report, destination: Path) -> str:
    """Return where the batch's outputs and its report are, a line each."""
    paths = [*(destination / name / report.batch for name in OUTPUTS), destination / "report" / f"{report.batch}.json"]
    return "\n".join(f"  {path}" for path in paths)
