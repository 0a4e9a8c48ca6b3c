"""What a run read, found and published; as JSON it is the batch's commit marker. Nothing personal stands in it."""

from pydantic import BaseModel, ConfigDict

from section1.util.columns import REASONS


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
    def of(cls, tally: list[tuple[str | None, int, int]]) -> "Counts":
        """Sum up (reasons, rows, shared membership IDs) of each combination of reasons."""
        return cls(
            successful=sum(rows for reasons, rows, _ in tally if reasons is None),
            unsuccessful=sum(rows for reasons, rows, _ in tally if reasons is not None),
            reasons={
                code: sum(rows for reasons, rows, _ in tally if code in (reasons or "").split(";")) for code in REASONS
            },
            shared_membership_ids=sum(shared for _, _, shared in tally),
        )


class Committed(_Part):
    """What a later run needs to know of a batch, which is little of its report."""

    batch: str
    files: tuple[FileRead, ...]


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
