"""Section 1's successful applications, as its committed batches hold them."""

import csv
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ValidationError

from common.errors import JobError, UsageError


class ApplicationsMissing(UsageError):
    """The folder that section 1 publishes to is not there."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder}: no such folder; run section 1 first, or name its destination with --applications")


class BatchBroken(JobError):
    """A committed batch is not as its report says; nothing was loaded of it."""

    def __init__(self, where: Path, wrong: str) -> None:
        super().__init__(f"{where}: {wrong}; no member of the batch was loaded; let section 1 publish it again")


class Application(NamedTuple):
    """A row of a successful application, as it stands there, with its place in the batch."""

    place: int
    first_name: str
    last_name: str
    date_of_birth: str
    mobile_no: str
    email: str
    membership_id: str


class _Counts(BaseModel):
    successful: int


class _Report(BaseModel):
    batch: str
    counts: _Counts


@dataclass(frozen=True)
class Batch:
    """A committed batch: its name, its report's hash, and where its successful applications are."""

    name: str
    report_sha256: str
    folder: Path
    rows: int

    @property
    def key(self) -> str:
        """What sorts batches in time: 2026-11-23T16-0002 comes behind 2026-11-23T16-0001 and before T17."""
        hour, number = _in_time(self.name)
        return f"{hour}-{number:04d}"

    def applications(self) -> Iterator[Application]:
        """Give its rows. Raises: BatchBroken when a column or a row is missing, or the folder cannot be read."""
        place = 0
        try:
            parts = sorted(_files(self.folder, ".csv"))
        except OSError as error:
            raise BatchBroken(self.folder, f"cannot be read ({error.strerror})") from None
        for part in parts:
            for row in _rows(part):
                place += 1
                yield Application(place, *row)
        if place != self.rows:
            raise BatchBroken(self.folder, f"has {place} rows where the report counts {self.rows}")


def committed(destination: Path) -> list[Batch]:
    """Return the batches whose report is there, in their order. Raises: ApplicationsMissing, BatchBroken."""
    if not destination.is_dir():
        raise ApplicationsMissing(destination)
    batches = []
    if not (destination / "report").exists():
        return []
    for path in _files(destination / "report", ".json"):
        content = path.read_bytes()
        try:
            report = _Report.model_validate_json(content)
        except ValidationError:
            raise BatchBroken(path, "is no report of section 1") from None
        folder = destination / "successful_application" / path.stem
        batches.append(Batch(report.batch, hashlib.sha256(content).hexdigest(), folder, report.counts.successful))
    return sorted(batches, key=lambda batch: batch.key)


def _files(folder: Path, suffix: str) -> Iterator[Path]:
    """Give a folder's files of a kind; unlike glob this fails on a folder that may not be read."""
    return (path for path in folder.iterdir() if path.suffix == suffix and not path.name.startswith("."))


def _in_time(name: str) -> tuple[str, int]:
    """Order 2026-11-23T16-2 behind 2026-11-23T16 and before 2026-11-23T16-10."""
    found = re.fullmatch(r"(.*T\d\d)-(\d+)", name)
    return (found[1], int(found[2])) if found else (name, 1)


def _rows(part: Path) -> Iterator[list[str]]:
    """Give the columns that a member needs of each row."""
    csv.field_size_limit(1 << 24)
    with part.open(encoding="utf-8", newline="") as handle:
        reader = csv.reader(handle, strict=True)
        try:
            header = next(reader, [])
            missing = [column for column in Application._fields[1:] if column not in header]
            if missing:
                raise BatchBroken(part, f"has no column {missing[0]}")
            places = [header.index(column) for column in Application._fields[1:]]
            for row in reader:
                yield [row[place] for place in places]
        except (csv.Error, IndexError, UnicodeDecodeError):
            raise BatchBroken(part, f"line {reader.line_num} is no row of it") from None
