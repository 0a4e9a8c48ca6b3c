"""What an engine is: it labels rows and writes the two outputs; DuckDB and Spark each do it their way."""

import errno
import os
from pathlib import Path
from typing import Protocol

from common.errors import JobError
from section1.config import Rules
from section1.core.moves import Move
from section1.core.report import Counts
from section1.operator.source import Source


class Engine(Protocol):
    """Labels every row of a source; two implementations, one contract test."""

    name: str

    def versions(self) -> dict[str, str]:
        """Return what to name in the report."""
        ...

    def label(self, source: Source, successful: Path, unsuccessful: Path) -> Counts:
        """Write the two sets as part files into the two folders, and count them. Raises: EngineFailed."""
        ...

    def compare(self, source: Source, other: Rules) -> list[Move]:
        """Count the rows by what its own and other rules make of them, writing nothing. Raises: EngineFailed.

        One scan labels each row twice: the second labelling reads what the first one passes on, so that no row has to
        be found again and none is kept.
        """
        ...


class EngineFailed(JobError):
    """An engine gave up; its own words are dropped, since they may quote a row."""

    _SAFE_REASONS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EROFS, errno.EIO, errno.ENOMEM)

    def __init__(self, engine: str, error: BaseException) -> None:
        text = str(error)
        reasons = [os.strerror(code) for code in self._SAFE_REASONS if os.strerror(code) in text]
        if "OutOfMemory" in text or "OutOfMemory" in type(error).__name__:
            reasons.append("out of memory; give it more in the configuration")
        super().__init__(f"{engine}: {reasons[0] if reasons else type(error).__name__}; nothing was published")
