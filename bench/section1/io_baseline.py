"""I/O baseline: parses every field, writes as many bytes as the job, and flushes them to the disk."""

import os
import sys
from pathlib import Path

from pyarrow import csv, string

from section1.core.columns import REQUIRED

BLOCK = bytes(8 << 20)


def parse(source: Path) -> None:
    strings = csv.ConvertOptions(column_types=dict.fromkeys(REQUIRED, string()))
    for path in sorted(source.glob("*.csv")):
        for _ in csv.open_csv(path, convert_options=strings):
            pass


def write(path: Path, size: int) -> None:
    with path.open("wb", buffering=0) as file:
        for start in range(0, size, len(BLOCK)):
            file.write(BLOCK[: size - start])
        os.fsync(file.fileno())


if __name__ == "__main__":
    parse(Path(sys.argv[1]))
    Path(sys.argv[2]).mkdir(parents=True)
    write(Path(sys.argv[2], "bytes"), int(sys.argv[3]))
