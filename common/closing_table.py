"""What a job says at its end, for a person."""

from collections.abc import Sequence


def closing_table(title: str, rows: Sequence[tuple[str, str | int]]) -> str:
    """Return a title and a line for each name and its value, numbers grouped by thousands."""
    texts = [(name, f"{value:,}" if isinstance(value, int) else value) for name, value in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    lines = (f"  {name:{widths[0]}}   {value:>{widths[1]}}" for name, value in texts)
    return "\n".join([title, "", *lines, ""])
