"""Rows as a table for a person."""

import io
from collections.abc import Sequence
from decimal import Decimal

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDEST = 1_000


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return the rows under their columns, numbers to the right; plain text, as wide as it needs to be."""
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for place, column in enumerate(columns):
        numbers = bool(rows) and all(isinstance(row[place], int | Decimal | None) for row in rows)
        drawn.add_column(column, justify="right" if numbers else "left", no_wrap=True)
    for row in rows:
        drawn.add_row(*(Text(_shown(column, value)) for column, value in zip(columns, row, strict=True)))
    out = io.StringIO()
    Console(file=out, width=WIDEST, color_system=None, legacy_windows=False).print(drawn)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def _shown(column: str, value: object) -> str:
    if value is None:
        return ""
    grouped = isinstance(value, int | Decimal) and not column.endswith("_id")
    return f"{value:,}" if grouped else f"{value:%Y-%m-%d %H:%M}" if hasattr(value, "hour") else str(value)
