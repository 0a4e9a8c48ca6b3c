"""Plain copy in DuckDB: reads the files as text and writes one CSV file."""

import sys
from pathlib import Path

import duckdb

from section1.core.columns import REQUIRED

TYPES = ", ".join(f"'{column}': 'varchar'" for column in REQUIRED)
READ = f"auto_detect=false, header=true, delim=',', quote='', escape='', new_line='\\n', columns={{{TYPES}}}"


def copy(source: Path, destination: Path) -> None:
    destination.mkdir(parents=True)
    rows = f"from read_csv('{source}/*.csv', {READ})"
    duckdb.execute(f"copy ({rows}) to '{destination}/copy.csv' (format csv, header true)")


if __name__ == "__main__":
    copy(Path(sys.argv[1]), Path(sys.argv[2]))
