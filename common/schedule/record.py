"""The outcome of the last run as a small JSON file, for the health check and the next notice."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from common.files import write_atomic

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
    """Write the record to the first place that can be written, clear those after it; return what went wrong."""
    written, problems = False, []
    for place in places:
        try:
            if written:
                place.unlink(missing_ok=True)
            else:
                _write_one(record, place)
                written = True
        except OSError as error:
            problems.append(f"{place}: {error.strerror}; the outcome of this run is not recorded there")
    return problems


def read(places: Sequence[Path]) -> Record | None:
    """Return the record of the last place that holds one, which is the newest whatever the clock did, or None."""
    records = (_read_one(place) for place in reversed(places))
    return next((record for record in records if record is not None), None)


def _write_one(record: Record, place: Path) -> None:
    """Write the record whole or not at all."""
    place.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(place, json.dumps(asdict(record), indent=2) + "\n")


def _read_one(place: Path) -> Record | None:
    """Return the record; one that is damaged counts as none, since the next run writes it anew."""
    try:
        return Record(**json.loads(place.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
