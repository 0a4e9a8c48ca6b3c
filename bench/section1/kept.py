"""What was last measured of each size, kept in a file, so that a size can be measured again without the others."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from bench.measure import Summary
from bench.section1.contenders import CONTENDERS
from bench.section1.rounds import Size
from common.files import write_atomic


@dataclass(frozen=True)
class Measured:
    """One size: when, where and with which versions it was measured, how often, and what came of it."""

    origin: str
    runs: int
    summaries: dict[str, Summary | str]  # by the contender's name

    @property
    def size(self) -> Size:
        """What came of it, by contender; those that are no more are left out."""
        return {
            contender: self.summaries[contender.name] for contender in CONTENDERS if contender.name in self.summaries
        }


_FILE = TypeAdapter(dict[int, Measured])


def measured_now(origin: str, runs: int, size: Size) -> Measured:
    """Return a size as it is kept."""
    return Measured(origin, runs, {contender.name: summary for contender, summary in size.items()})


def read(path: Path) -> dict[int, Measured]:
    """Return what is kept, by the number of rows, small ones first."""
    return dict(sorted(_FILE.validate_json(path.read_bytes()).items())) if path.exists() else {}


def add(path: Path, rows: int, measured: Measured) -> dict[int, Measured]:
    """Keep a size instead of what was kept of it, whole or not at all; return all that is kept."""
    write_atomic(path, _FILE.dump_json(read(path) | {rows: measured}, indent=1) + b"\n")
    return read(path)
