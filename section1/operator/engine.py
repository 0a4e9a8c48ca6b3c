"""Interface of the engines, which label rows and write the two outputs."""

import errno
import os
from pathlib import Path
from typing import Protocol

from common.errors import JobError
from section1.config import Rules
from section1.core.comparison import Change
from section1.core.report import Counts
from section1.operator.source import Source


class Engine(Protocol):
    """Labels every row of a source. DuckDB and Spark implement it; one contract test covers both."""

    name: str

    def versions(self) -> dict[str, str]:
        """Return the package versions for the report."""
        ...

    def label(self, source: Source, successful: Path, unsuccessful: Path) -> Counts:
        """Write part files into the two directories and return the counts. Raises: EngineFailed."""
        ...

    def compare(self, source: Source, other: Rules) -> list[Change]:
        """Count the rows by their labels under the configured and under other rules. Raises: EngineFailed.

        One scan labels each row twice: the second labelling reads the raw fields that the first one passes on.
        """
        ...


class EngineFailed(JobError):
    """An engine raised an error. Its text is dropped, because it can quote a row."""

    _SAFE_REASONS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EROFS, errno.EIO, errno.ENOMEM)

    def __init__(self, engine: str, error: BaseException) -> None:
        text = str(error)
        reasons = [os.strerror(code) for code in self._SAFE_REASONS if os.strerror(code) in text]
        if "OutOfMemory" in text or "OutOfMemory" in type(error).__name__:
            reasons.append("out of memory; raise the limit in the configuration")
        super().__init__(f"{engine}: {reasons[0] if reasons else type(error).__name__}. Nothing was published.")
