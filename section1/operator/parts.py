"""Part files of an output before they are published."""

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
    """Return the name of a part file, such as part-00000.csv."""
    return f"part-{number:05}.csv"


@contextmanager
def background_flush(*files: BinaryIO) -> Iterator[None]:
    """Flush the files while the body writes, so that publishing waits less for the disk. Raises: OSError."""
    written = Event()

    def flush() -> None:
        while not written.wait(SECONDS_BETWEEN_FLUSHES):
            for file in files:
                os.fdatasync(file.fileno())

    with ThreadPoolExecutor(1) as executor:
        flushing = executor.submit(flush)
        try:
            yield
        finally:
            written.set()
        flushing.result()  # the operating system reports a write error only once, here


def add_empty_parts(directory: Path, columns: tuple[str, ...], parts: int) -> None:
    """Write each missing part file with only a header."""
    for number in range(parts):
        path = directory / part_name(number)
        if not path.exists():
            path.write_bytes(header(columns))


def rows_written(directory: Path) -> int:
    """Count the rows in the part files, independently of the engine."""
    return sum(_rows(part) for part in directory.iterdir())


def _rows(part: Path) -> int:
    count = RecordCount()
    with part.open("rb", buffering=0) as file:
        while block := file.read(BLOCK_BYTES):
            count.feed(block)
    return count.records - 1  # the header is not a row
