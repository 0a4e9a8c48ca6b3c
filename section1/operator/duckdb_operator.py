"""The embedded engine: DuckDB runs what sqlglot makes of the Spark SQL."""

# ruff: noqa: S608 - the SQL is put together from our own columns and quoted paths

import glob
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import duckdb
import sqlglot
from sqlglot import exp

from section1.config import DuckdbSettings, Rules
from section1.operator.engine import EngineFailed
from section1.operator.parts import part_name
from section1.operator.source import Source, SourceFile
from section1.util.columns import REQUIRED, SUCCESSFUL, UNSUCCESSFUL
from section1.util.label_sql import LABEL, TALLY, parameters
from section1.util.parts import in_parts
from section1.util.plain_csv import BLOCK_BYTES
from section1.util.report import Counts

# Files are staged under their number in the list of names: any name is safe, and none stands in the SQL.
# Else a folder name=Eve in the path would give every row that name.
_FROM_THE_PATH = "filename=true, hive_partitioning=false"
_SOURCE_FILE = "getvariable('source_files')[right(filename, 7)::int + 1] as source_file"


class DuckdbEngine:
    """Labels in this process and in bounded memory: every scan streams from the files to an output."""

    name = "duckdb"

    def __init__(self, settings: DuckdbSettings, rules: Rules, parts: int) -> None:
        self._settings = settings
        self._label = to_duckdb(LABEL.read_text(encoding="utf-8"), parameters(rules))
        self._tally = to_duckdb(TALLY.read_text(encoding="utf-8"), {})
        self._parts = parts

    def versions(self) -> dict[str, str]:
        """Return DuckDB's and sqlglot's versions."""
        return {"duckdb": version("duckdb"), "sqlglot": version("sqlglot")}

    def label(self, source: Source, successful: Path, unsuccessful: Path) -> Counts:
        """Write the two sets as part files into the two folders, and count them. Raises: EngineFailed."""
        sizes = [file.read.bytes for file in source.files]
        try:
            with self._connect(successful.parent) as connection:
                connection.execute("set variable source_files = ?", [[file.read.name for file in source.files]])
                for number, part in enumerate(in_parts(source.files, sizes, self._parts)):
                    self._see(connection, part)
                    _copy(connection, SUCCESSFUL, "reasons is null", successful / part_name(number))
                    _copy(connection, UNSUCCESSFUL, "reasons is not null", unsuccessful / part_name(number))
                self._see(connection, source.files)
                return Counts.of(connection.execute(self._tally).fetchall())
        except duckdb.Error as error:
            raise EngineFailed(self.name, error) from None

    def _connect(self, scratch: Path) -> duckdb.DuckDBPyConnection:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": self._settings.memory_limit,
            "temp_directory": str(scratch / "duckdb"),
            "autoinstall_known_extensions": False,
        }
        return duckdb.connect(config=settings)

    def _see(self, connection: duckdb.DuckDBPyConnection, files: Sequence[SourceFile]) -> None:
        """Let the views `application` and `labelled` read these files."""
        connection.execute(f"create or replace temp view application as {_relation(files)}")
        connection.execute(f"create or replace temp view labelled as {self._label}")


def to_duckdb(spark_sql: str, values: dict[str, str]) -> str:
    """Translate Spark SQL, its named parameters replaced by literals (a view takes no parameters)."""
    query = sqlglot.parse_one(spark_sql, read="spark")
    return exp.replace_placeholders(query, **values).sql(dialect="duckdb", comments=False)


def _copy(connection: duckdb.DuckDBPyConnection, columns: Iterable[str], condition: str, path: Path) -> None:
    query = f"select {', '.join(columns)} from labelled where {condition}"
    connection.execute(f"copy ({query}) to {_quoted(path)} (format csv, header true)")


def _relation(files: Sequence[SourceFile]) -> str:
    """Return a query for the rows of the files; those of one header are read together, by name."""
    return " union all ".join(
        _plain(columns, group) if columns else _parquet(group)
        for columns, group in groupby(sorted(files, key=attrgetter("columns")), key=attrgetter("columns"))
    )


def _plain(columns: tuple[str, ...], files: Iterable[SourceFile]) -> str:
    types = ", ".join(f"'{column}': 'varchar'" for column in columns)
    return (
        f"select {', '.join(REQUIRED)}, null::varchar as raw_row, {_SOURCE_FILE} from read_csv({_paths(files)}, "
        f"auto_detect=false, header=true, delim=',', quote='', escape='', new_line='\\n', columns={{{types}}}, "
        f"max_line_size={2 * BLOCK_BYTES}, {_FROM_THE_PATH})"
    )


def _parquet(files: Iterable[SourceFile]) -> str:
    return f"select {', '.join(REQUIRED)}, raw_row, {_SOURCE_FILE} from read_parquet({_paths(files)}, {_FROM_THE_PATH})"


def _paths(files: Iterable[SourceFile]) -> str:
    return f"[{', '.join(_quoted(Path(glob.escape(str(file.staged)))) for file in files)}]"


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
