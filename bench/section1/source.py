"""The input: invented applications in plain CSV files, made once a size and kept."""

import shutil
from itertools import islice
from pathlib import Path

from common.progress import Progress
from section1.sample import rows, write

FILES = 16
SEED = 1


def source_of(folder: Path, count: int) -> Path:
    """Return the folder that holds `count` rows in 16 files; it is made, in a second per 100,000 rows, if not there."""
    source = folder / str(count)
    if not source.exists():
        unfinished = folder / f"{count}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        _make(unfinished, count)
        unfinished.rename(source)
    return source


def _make(folder: Path, count: int) -> None:
    applications, progress = rows(SEED, count), Progress()
    with progress.step(f"making {count:,} rows"):
        for number in range(FILES):
            progress.update(f"making {count:,} rows: file {number + 1} of {FILES}")
            share = count * (number + 1) // FILES - count * number // FILES
            write(folder / f"applications_{number + 1:02}.csv", islice(applications, share))
