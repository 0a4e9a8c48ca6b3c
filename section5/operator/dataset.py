"""The data file: writes it from its decision tables and reads it as a data frame."""

import hashlib
from pathlib import Path

import pandas as pd

from common.errors import JobError
from common.files import write_atomic
from section5.config import DATA
from section5.core.car_data import COLUMNS, SHA256, VALUES, content


class DataChanged(JobError):
    """The data file is not the published one."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: not the Car Evaluation data. Restore it with `python -m section5 data`.")


def write_cars(path: Path = DATA) -> str:
    """Write the file and return a line that reports it."""
    write_atomic(path, content())
    return f"wrote {path}"


def read_cars(path: Path = DATA) -> pd.DataFrame:
    """Return one row for each car, with ordered categories as values. Raises: DataChanged, OSError."""
    if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
        raise DataChanged(path)
    cars = pd.read_csv(path, names=list(COLUMNS), dtype=str)
    return cars.astype({name: pd.CategoricalDtype(VALUES[name], ordered=True) for name in COLUMNS})
