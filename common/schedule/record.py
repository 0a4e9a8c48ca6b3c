"""The outcome of the last run as a small JSON file, for the health check and the next notice."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

GOOD = (0, 3)


@dataclass(frozen=True)
class Record:
    """One run: times in ISO 8601 with their offset; `told` as long as trouble was told of and its end was not."""

    started_at: str
    ended_at: str
    exit_code: int
    words: str
    told: bool

    @property
    def good(self) -> bool:
        """Whether the run did its work."""
        return self.exit_code in GOOD


def write(record: Record, places: Sequence[Path]) -> list[str]:
    """Write the record to the first place that can be written, whole or not at all; return what went wrong."""
    problems = []
    for place in places:
        unfinished = place.with_name(f".{place.name}~")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_text(json.dumps(asdict(record), indent=2) + "\n", encoding="utf-8")
            unfinished.replace(place)
        except OSError as error:
            problems.append(f"{place}: {error.strerror}; the outcome of this run is not recorded there")
        else:
            break
    return problems


def read(places: Sequence[Path]) -> Record | None:
    """Return the newest of the records that can be read, or None."""
    records = [record for record in map(_read_one, places) if record is not None]
    return max(records, key=lambda record: datetime.fromisoformat(record.ended_at), default=None)


def _read_one(place: Path) -> Record | None:
    """Return the record; one that is damaged counts as none, since the next run writes it anew."""
    try:
        record = Record(**json.loads(place.read_bytes()))
        datetime.fromisoformat(record.ended_at)
    except (OSError, ValueError, TypeError):
        return None
    return record
