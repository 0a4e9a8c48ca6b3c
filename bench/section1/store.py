"""Stored results of each size, so that one size can be measured again without the others."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from bench.measure import Summary
from bench.section1.contenders import CONTENDERS
from bench.section1.rounds import Size
from common.files import write_atomic


@dataclass(frozen=True)
class Result:
    """Result of one size: date, machine and versions; number of runs; summary or failure of each contender."""

    origin: str
    runs: int
    summaries: dict[str, Summary | str]  # by name of the contender

    @staticmethod
    def of(origin: str, runs: int, size: Size) -> "Result":
        return Result(origin, runs, {contender.name: summary for contender, summary in size.items()})

    @property
    def size(self) -> Size:
        """Return the summaries by contender, without contenders that no longer exist."""
        return {
            contender: self.summaries[contender.name] for contender in CONTENDERS if contender.name in self.summaries
        }


_FILE = TypeAdapter(dict[int, Result])


def read(path: Path) -> dict[int, Result]:
    """Return the stored results by number of rows, in ascending order."""
    return dict(sorted(_FILE.validate_json(path.read_bytes()).items())) if path.exists() else {}


def add(path: Path, rows: int, result: Result) -> dict[int, Result]:
    """Store a result in place of the one of the same size, and return all results."""
    write_atomic(path, _FILE.dump_json(read(path) | {rows: result}, indent=1) + b"\n")
    return read(path)
