"""Distribution of files over the parts of an output."""

from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


def in_parts(items: Sequence[Item], sizes: Sequence[int], parts: int) -> list[list[Item]]:
    """Split items into at most `parts` non-empty runs of about the same size. Equal input gives an equal result."""
    total, seen = sum(sizes), 0
    runs: dict[int, list[Item]] = {}
    for item, size in zip(items, sizes, strict=True):
        # An item belongs to the part that its middle falls into.
        runs.setdefault(min(parts * (2 * seen + size) // (2 * total), parts - 1), []).append(item)
        seen += size
    return [runs[number] for number in sorted(runs)]
