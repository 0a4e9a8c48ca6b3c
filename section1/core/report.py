"""The report of a batch. As JSON it is the commit marker. It has no personal data."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from section1.core.columns import REASONS


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class FileRead(_Part):
    """A file whose rows are in the batch."""

    name: str
    bytes: int
    sha256: str
    rows: int


class FileSkipped(_Part):
    """A file whose content is already in a committed batch."""

    name: str
    sha256: str
    batch: str


class FileRefused(_Part):
    """A file that could not be read, with the reason."""

    name: str
    problem: str


class Counts(_Part):
    """Rows per output, rows per reason, and membership IDs with different e-mail addresses."""

    successful: int = 0
    unsuccessful: int = 0
    reasons: dict[str, int] = {}
    shared_membership_ids: int = 0

    @classmethod
    def of(cls, rows_by_reasons: Mapping[str | None, int], shared_ids: int) -> "Counts":
        """Return the counts from the rows of each combination of reasons (None: successful)."""
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
    """The part of a report that later runs need."""

    batch: str
    files: tuple[FileRead, ...]


class Tally(_Part):
    """The part of a report that the pages of later batches show."""

    batch: str
    rows: int
    counts: Counts


class Report(Committed):
    """The complete report."""

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
        return Tally(batch=self.batch, rows=self.rows, counts=self.counts)
