"""The result of the last run as a JSON file, for the health check and for alerts."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from common.files import write_atomic

GOOD = (0, 3)


@dataclass(frozen=True)
class Record:
    """One run. `alerted` is true from the alert of a failure until the alert of the recovery."""

    started_at: str
    ended_at: str
    exit_code: int
    result: str
    alerted: bool = False

    @property
    def good(self) -> bool:
        """True if the run published its batch."""
        return self.exit_code in GOOD


def write(record: Record, paths: Sequence[Path]) -> list[str]:
    """Write the record to the first writable path and remove it from the others. Return the problems."""
    written, problems = False, []
    for path in paths:
        try:
            if written:
                path.unlink(missing_ok=True)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                write_atomic(path, json.dumps(asdict(record), indent=2) + "\n")
                written = True
        except OSError as error:
            problems.append(f"{path}: {error.strerror}. The result of this run is not recorded there.")
    return problems


def read(paths: Sequence[Path]) -> Record | None:
    """Return the newest record: the one at the last path. A damaged record counts as none."""
    for path in reversed(paths):
        try:
            return Record(**json.loads(path.read_bytes()))
        except (OSError, ValueError, TypeError):
            continue
    return None
