"""The part files of an output, as they are about to be published."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import BinaryIO

from section1.core.columns import header
from section1.core.csv_records import RecordCount
from section1.core.plain_csv import BLOCK_BYTES

SECONDS_BETWEEN_FLUSHES = 0.5


def part_name(number: int) -> str:
    """Name a part file: part-00000.csv."""
    return f"part-{number:05}.csv"


@contextmanager
def flushed_meanwhile(*files: BinaryIO) -> Iterator[None]:
    """Let the disk keep up while the body writes, so that publishing has little to wait for. Raises: OSError."""
    written = Event()

    def flush() -> None:
        while not written.wait(SECONDS_BETWEEN_FLUSHES):
            for file in files:
                os.fdatasync(file.fileno())

    with ThreadPoolExecutor(1) as beside:
        flushing = beside.submit(flush)
        try:
            yield
        finally:
            written.set()
        flushing.result()  # what the disk told this thread it tells nobody else


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
