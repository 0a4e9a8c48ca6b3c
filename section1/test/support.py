"""What the tests share: source folders, configurations, runs, and what a batch holds."""

import csv
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from common.progress import Progress
from section1.config import CONF, ProcessConfig, load_process
from section1.core.columns import OUTPUTS
from section1.main import Outcome, Request, run

HEADER = "name,email,date_of_birth,mobile_no"
BATCH = "2026-11-23T16"
NOW = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
# Fields of a megabyte are part of the game.
csv.field_size_limit(1 << 30)

Row = tuple[str, ...]


def application(
    name: str = "Ada Lim", email: str = "ada@lim.com", date_of_birth: str = "1990-12-10", mobile_no: str = "91234567"
) -> str:
    """Return a line of CSV, of a successful application but for what is named."""
    return f"{name},{email},{date_of_birth},{mobile_no}"


def csv_of(*lines: str) -> bytes:
    """Return a file of these lines under the usual header."""
    return "".join(f"{line}\n" for line in (HEADER, *lines)).encode()


def write_files(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Make a source folder that holds these files, and no others."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def config_for(tmp_path: Path, **changes: Any) -> ProcessConfig:
    """Return the shipped configuration on DuckDB, from tmp_path/src to tmp_path/dest, but for the changes."""
    folders = {"source": tmp_path / "src", "destination": tmp_path / "dest", "engine": "duckdb"}
    return load_process(str(CONF / "section1_process.yaml")).model_copy(update=folders | changes)


def publish(config: ProcessConfig, batch: str = BATCH, **changes: Any) -> Outcome:
    """Run the job once."""
    return run(config, Request(batch, NOW, **changes), Progress())


def rows_of(folder: Path) -> list[Row]:
    """Return the rows of an output's part files, in their order, without headers."""
    rows: list[Row] = []
    for part in sorted(folder.iterdir()):
        with part.open(encoding="utf-8", newline="") as file:
            rows += [tuple(row) for row in csv.reader(file)][1:]
    return rows


def outputs_of(config: ProcessConfig, batch: str = BATCH) -> tuple[Counter[Row], Counter[Row]]:
    """Return the successful and the unsuccessful rows of a batch, in no order."""
    successful, unsuccessful = (Counter(rows_of(config.destination / name / batch)) for name in OUTPUTS)
    return successful, unsuccessful


def bytes_of(config: ProcessConfig, batch: str = BATCH) -> dict[str, bytes]:
    """Return a batch's CSV files."""
    folders = [config.destination / name / batch for name in OUTPUTS]
    return {f"{folder.parent.name}/{part.name}": part.read_bytes() for folder in folders for part in folder.iterdir()}
