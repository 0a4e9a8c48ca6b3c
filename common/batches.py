"""Committed batches of section 1: names, order and reports. A batch counts only if its report exists."""

import hashlib
import re
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from common.errors import JobError

NAME = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2})(-[2-9]|-[1-9]\d+)?", re.ASCII)

Model = TypeVar("Model", bound=BaseModel)


class ReportInvalid(JobError):
    """The report of a committed batch is damaged."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: not a valid report of this batch. Restore it, or remove it to withdraw the batch.")


def sort_key(name: str) -> tuple[str, int]:
    """Return a key that sorts batches by time: 2026-11-23T16-10 follows 2026-11-23T16-2 and precedes T17."""
    hour, number = name[:13], name[14:]
    return hour, int(number or 1)


def reports(destination: Path) -> list[Path]:
    """Return the reports of the committed batches, oldest first; none for a missing directory. Raises: OSError."""
    try:
        paths = list((destination / "report").iterdir())  # glob would hide that a directory cannot be read
    except FileNotFoundError:
        return []
    found = (path for path in paths if path.suffix == ".json" and NAME.fullmatch(path.stem))
    return sorted(found, key=lambda path: sort_key(path.stem))


def read_report(path: Path, model: type[Model]) -> tuple[Model, str]:
    """Return a report as a model with a field `batch`, and its SHA-256. Raises: ReportInvalid, OSError."""
    content = path.read_bytes()
    try:
        report = model.model_validate_json(content)
    except ValidationError:
        raise ReportInvalid(path) from None
    if vars(report)["batch"] != path.stem:
        raise ReportInvalid(path)
    return report, hashlib.sha256(content).hexdigest()
