"""Builders and readers that all tests of section 1 share: source files, configurations, runs and published rows."""

import csv
import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from common.progress import Progress
from section1.config import CONF, ProcessConfig, load_process
from section1.core.columns import OUTPUTS
from section1.main import Outcome, Request, run

HEADER = "name,email,date_of_birth,mobile_no"
BATCH, NEXT_BATCH = "2026-11-23T16", "2026-11-23T17"
NOW = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
SUCCESSFUL_HEADER = b"first_name,last_name,date_of_birth,mobile_no,email,above_18,membership_id\n"
UNSUCCESSFUL_HEADER = (
    b"first_name,last_name,date_of_birth,mobile_no,email,above_18,reasons,"
    b"raw_name,raw_email,raw_date_of_birth,raw_mobile_no,raw_row,source_file\n"
)
EMPTY_BATCH = {
    "successful_application/part-00000.csv": SUCCESSFUL_HEADER,
    "unsuccessful_application/part-00000.csv": UNSUCCESSFUL_HEADER,
}
csv.field_size_limit(1 << 30)  # some tests publish fields of a megabyte

Row = tuple[str, ...]
Tree = dict[str, tuple[int, int, str]]


def application(
    name: str = "Ada Lim", email: str = "ada@lim.com", date_of_birth: str = "1990-12-10", mobile_no: str = "91234567"
) -> str:
    """Return a CSV line, of a successful application unless an argument makes it an unsuccessful one."""
    return f"{name},{email},{date_of_birth},{mobile_no}"


def csv_of(*lines: str) -> bytes:
    """Return a file of these lines below the usual header."""
    return "".join(f"{line}\n" for line in (HEADER, *lines)).encode()


GOOD, MIXED = csv_of(application()), csv_of(application("Bob Tan"), application(mobile_no="1"))


def write_files(directory: Path, files: Mapping[str, bytes]) -> Path:
    """Make the directory contain exactly these files."""
    directory.mkdir(parents=True, exist_ok=True)
    for path in directory.iterdir():
        path.unlink()
    for name, content in files.items():
        (directory / name).write_bytes(content)
    return directory


def config_for(tmp_path: Path, **changes: Any) -> ProcessConfig:
    """Return the shipped configuration on DuckDB, from tmp_path/src to tmp_path/dest, with these changes."""
    paths = {"source": tmp_path / "src", "destination": tmp_path / "dest", "engine": "duckdb"}
    return load_process(str(CONF / "section1_process.yaml")).model_copy(update=paths | changes)


def publish(config: ProcessConfig, batch: str = BATCH, **changes: Any) -> Outcome:
    """Run the job once in this process."""
    return run(config, Request(batch, NOW, **changes), Progress())


def rows_of(directory: Path) -> list[Row]:
    """Return the rows of an output's part files in their order, without headers."""
    rows: list[Row] = []
    for part in sorted(directory.iterdir()):
        with part.open(encoding="utf-8", newline="") as file:
            rows += [tuple(row) for row in csv.reader(file)][1:]
    return rows


def outputs_of(config: ProcessConfig, batch: str = BATCH) -> tuple[Counter[Row], Counter[Row]]:
    """Return the successful and the unsuccessful rows of a batch, without their order."""
    successful, unsuccessful = (Counter(rows_of(config.destination / name / batch)) for name in OUTPUTS)
    return successful, unsuccessful


def bytes_of(config: ProcessConfig, batch: str = BATCH) -> dict[str, bytes]:
    """Return the CSV files of a batch."""
    return part_files(config.destination, batch)


def part_files(destination: Path, batch: str) -> dict[str, bytes]:
    """Return the CSV files of a batch in this destination."""
    outputs = [destination / name / batch for name in OUTPUTS]
    return {f"{output.parent.name}/{part.name}": part.read_bytes() for output in outputs for part in output.iterdir()}


def report_of(config: ProcessConfig, batch: str = BATCH) -> dict[str, Any]:
    """Return the report of a batch."""
    report: dict[str, Any] = json.loads((config.destination / "report" / f"{batch}.json").read_text())
    return report


def published(destination: Path) -> list[str]:
    """Return the names of the committed batches."""
    return sorted(path.stem for path in (destination / "report").glob("*.json"))


def everything_in(destination: Path) -> dict[str, bytes]:
    """Return every file that a reader of the destination can see."""
    paths = (path for name in (*OUTPUTS, "report") for path in (destination / name).rglob("*"))
    return {str(path.relative_to(destination)): path.read_bytes() for path in paths if path.is_file()}


def tree(directory: Path) -> Tree:
    """Return mode, modification time and checksum of everything below the directory, itself included."""
    paths = [directory, *directory.rglob("*")]
    return {str(path): (path.lstat().st_mode, path.lstat().st_mtime_ns, checksum(path)) for path in paths}


def checksum(path: Path) -> str:
    """Return the sha256 of a file, or nothing for a directory."""
    return sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
