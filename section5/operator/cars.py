"""The file of cars: written from its tables, read as a table."""

import hashlib
from pathlib import Path

import pandas as pd

from common.errors import JobError
from section5.config import DATA
from section5.core.car_data import COLUMNS, SHA256, content
from section5.core.models import VALUES


class DataChanged(JobError):
    """The file of cars is not the one that all figures are of."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: is not the Car Evaluation data; write it anew: python -m section5 data")


def write(path: Path = DATA) -> None:
    """Write the file, in whole."""
    path.with_suffix(".new").write_bytes(content())
    path.with_suffix(".new").replace(path)


def read(path: Path = DATA) -> pd.DataFrame:
    """Return the cars, a row each, their values as ordered categories. Raises: DataChanged, OSError."""
    if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
        raise DataChanged(path)
    cars = pd.read_csv(path, names=list(COLUMNS), dtype=str)
    return cars.astype({name: pd.CategoricalDtype(VALUES[name], ordered=True) for name in COLUMNS})
