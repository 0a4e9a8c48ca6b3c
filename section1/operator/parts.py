"""The part files of an output, as they are about to be published."""

from pathlib import Path

from section1.util.columns import header
from section1.util.csv_records import RecordCount
from section1.util.plain_csv import BLOCK_BYTES


def part_name(number: int) -> str:
    """Name a part file: part-00000.csv."""
    return f"part-{number:05}.csv"


def add_empty_parts(folder: Path, columns: tuple[str, ...], parts: int) -> None:
    """Write a header alone where the folder lacks one of its part files."""
    for number in range(parts):
        path = folder / part_name(number)
        if not path.exists():
            path.write_bytes(header(columns))


def rows_written(folder: Path) -> int:
    """Count the rows that stand in the part files, whatever the engine says."""
    return sum(_rows(part) for part in folder.iterdir())


def _rows(part: Path) -> int:
    count = RecordCount()
    with part.open("rb", buffering=0) as file:
        while block := file.read(BLOCK_BYTES):
            count.feed(block)
    return count.records - 1  # the header is no row
