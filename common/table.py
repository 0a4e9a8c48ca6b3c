"""Plain-text tables for a terminal."""

import io
from collections.abc import Sequence
from decimal import Decimal

MAX_WIDTH = 1_000


def closing_table(title: str, rows: Sequence[tuple[str, str | int]]) -> str:
    """Return a title and one line for each name and value; numbers have thousands separators."""
    texts = [(name, f"{value:,}" if isinstance(value, int) else value) for name, value in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    lines = (f"  {name:{widths[0]}}   {value:>{widths[1]}}" for name, value in texts)
    return "\n".join([title, "", *lines, ""])


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return rows under their column names, as wide as needed; numbers are right-aligned."""
    # Imported late: the import takes as long as labelling some thousand rows, and a run prints only closing tables.
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for index, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[index], int | Decimal | None) for row in rows)
        grid.add_column(column, justify="right" if numeric else "left", no_wrap=True)
    for row in rows:
        grid.add_row(*(Text(_format(column, value)) for column, value in zip(columns, row, strict=True)))
    out = io.StringIO()
    Console(file=out, width=MAX_WIDTH, color_system=None, legacy_windows=False).print(grid)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def _format(column: str, value: object) -> str:
    if value is None:
        return ""
    if hasattr(value, "hour"):
        return f"{value:%Y-%m-%d %H:%M}"
    is_number = isinstance(value, int | Decimal) and not column.endswith("_id")
    return f"{value:,}" if is_number else str(value)
