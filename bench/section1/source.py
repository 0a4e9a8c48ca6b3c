"""The input: sample applications in plain CSV files, generated once for each size."""

import shutil
from itertools import islice
from pathlib import Path

from common.progress import Progress
from section1.sample import rows, write

FILES = 16
SEED = 1


def source_of(parent: Path, count: int) -> Path:
    """Return a directory with `count` rows in 16 files. A new one takes about a second per 100,000 rows."""
    source = parent / str(count)
    if not source.exists():
        unfinished = parent / f"{count}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        _generate(unfinished, count)
        unfinished.rename(source)
    return source


def _generate(directory: Path, count: int) -> None:
    applications, progress = rows(SEED, count), Progress()
    with progress.step(f"generating {count:,} rows"):
        for number in range(FILES):
            progress.update(f"generating {count:,} rows: file {number + 1} of {FILES}")
            share = count * (number + 1) // FILES - count * number // FILES
            write(directory / f"applications_{number + 1:02}.csv", islice(applications, share))
