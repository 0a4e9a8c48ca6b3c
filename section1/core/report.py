"""What a run read, found and published; as JSON it is the batch's commit marker. Nothing personal stands in it."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from section1.core.columns import REASONS


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class FileRead(_Part):
    """A file whose rows the batch holds."""

    name: str
    bytes: int
    sha256: str
    rows: int


class FileSkipped(_Part):
    """A file whose content a committed batch already holds."""

    name: str
    sha256: str
    batch: str


class FileRefused(_Part):
    """A file that could not be read, and why."""

    name: str
    problem: str


class Counts(_Part):
    """Rows in the two outputs, how often each reason applies, and IDs that stand for different e-mail addresses."""

    successful: int = 0
    unsuccessful: int = 0
    reasons: dict[str, int] = {}
    shared_membership_ids: int = 0

    @classmethod
    def of(cls, rows_by_reasons: Mapping[str | None, int], shared_ids: int) -> "Counts":
        """Sum up the rows of each combination of reasons, which is None on successful rows."""
        unsuccessful = {reasons: rows for reasons, rows in rows_by_reasons.items() if reasons is not None}
        return cls(
            successful=rows_by_reasons.get(None, 0),
            unsuccessful=sum(unsuccessful.values()),
            reasons={
                code: sum(rows for reasons, rows in unsuccessful.items() if code in reasons.split(";"))
                for code in REASONS
            },
            shared_membership_ids=shared_ids,
        )


class Committed(_Part):
    """What a later run needs to know of a batch, which is little of its report."""

    batch: str
    files: tuple[FileRead, ...]


class Tally(_Part):
    """What the pages of later batches need to know of a batch."""

    batch: str
    rows: int
    counts: Counts


class Report(Committed):
    """One batch, as its report tells it."""

    started_at: str
    engine: str
    versions: dict[str, str]
    skipped: tuple[FileSkipped, ...]
    refused: tuple[FileRefused, ...]
    rows: int
    counts: Counts
    seconds: dict[str, float]

    @property
    def tally(self) -> Tally:
        """What of it the pages of later batches show."""
        return Tally(batch=self.batch, rows=self.rows, counts=self.counts)
