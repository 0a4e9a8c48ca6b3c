"""Successful applications of section 1's committed batches."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel

from common.batches import read_report, reports, sort_key
from common.errors import JobError, UsageError


class ApplicationsMissing(UsageError):
    """The destination directory of section 1 does not exist."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: no such directory. Run section 1, or pass its destination with --applications.")


class BatchInvalid(JobError):
    """A committed batch differs from its report."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path}: {problem}. No member of the batch was loaded. Publish it again with section 1.")


class Application(NamedTuple):
    """A successful application, with its row number in the batch and its fields unchanged."""

    row_number: int
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
    """A committed batch: name, hash of the report, directory and number of successful applications."""

    name: str
    report_sha256: str
    directory: Path
    rows: int

    @property
    def key(self) -> str:
        """The sort key by time: 2026-11-23T16-0002 comes after 2026-11-23T16-0001 and before T17."""
        hour, number = sort_key(self.name)
        return f"{hour}-{number:04d}"

    def applications(self) -> Iterator[Application]:
        """Yield the rows. Raises: BatchInvalid when a column or row is missing or the directory cannot be read."""
        count = 0
        try:
            paths = list(self.directory.iterdir())  # glob would hide that a directory cannot be read
        except OSError as error:
            raise BatchInvalid(self.directory, f"cannot be read ({error.strerror})") from None
        for part in sorted(path for path in paths if path.suffix == ".csv" and not path.name.startswith(".")):
            for row in _rows(part):
                count += 1
                yield Application(count, *row)
        if count != self.rows:
            raise BatchInvalid(self.directory, f"found {count} rows, but the report counts {self.rows}")


def committed_batches(destination: Path) -> list[Batch]:
    """Return the batches that have a report, by time. Raises: ApplicationsMissing, ReportInvalid, OSError."""
    if not destination.is_dir():
        raise ApplicationsMissing(destination)
    batches = []
    for path in reports(destination):
        report, digest = read_report(path, _Report)
        directory = destination / "successful_application" / report.batch
        batches.append(Batch(report.batch, digest, directory, report.counts.successful))
    return batches


def _rows(part: Path) -> Iterator[list[str]]:
    """Yield the fields of each row, in the order of Application. Raises: BatchInvalid, OSError."""
    csv.field_size_limit(1 << 24)
    with part.open(encoding="utf-8", newline="") as handle:
        reader = csv.reader(handle, strict=True)
        try:
            header = next(reader, [])
            missing = [column for column in Application._fields[1:] if column not in header]
            if missing:
                raise BatchInvalid(part, f"missing column {missing[0]}")
            indexes = [header.index(column) for column in Application._fields[1:]]
            for row in reader:
                yield [row[index] for index in indexes]
        except (csv.Error, IndexError, UnicodeDecodeError):
            raise BatchInvalid(part, f"line {reader.line_num} is not a valid row") from None
