"""The embedded engine: DuckDB runs sqlglot's translation of the Spark SQL and returns lines of CSV."""

# ruff: noqa: S608 - the SQL consists of constant columns and quoted paths

import glob
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from itertools import chain, groupby
from operator import attrgetter
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import sqlglot
from sqlglot import exp

from section1.config import DuckdbSettings, Rules
from section1.core.columns import NEEDS_QUOTES, REQUIRED, SUCCESSFUL, UNSUCCESSFUL, header
from section1.core.comparison import Change
from section1.core.label_sql import COMPARE, LABEL, RELABEL, SHARED_IDS, parameters
from section1.core.parts import in_parts
from section1.core.plain_csv import BLOCK_BYTES
from section1.core.report import Counts
from section1.operator.engine import EngineFailed
from section1.operator.parts import background_flush, part_name
from section1.operator.source import Source, SourceFile

_ROWS_AT_ONCE = 10_000
_BYTES_AT_ONCE = 128 << 20  # with many files per query, threads wait for each other to keep the order of rows
_TALLIED = ("reasons", "membership_id", "email")
# Files are staged under their index in the list of names, so that no file name is part of the SQL.
# Without hive_partitioning=false a directory name=Eve in the path would set the column name of every row.
_PATH_OPTIONS = "filename=true, hive_partitioning=false"
_SOURCE_FILE = "getvariable('source_files')[right(filename, 7)::int + 1] as source_file"


class DuckdbEngine:
    """Labels in this process. Rows stream from the files to the outputs, so memory use is bounded."""

    name = "duckdb"

    def __init__(self, settings: DuckdbSettings, rules: Rules, parts: int) -> None:
        self._settings = settings
        self._label = to_duckdb(LABEL.read_text(encoding="utf-8"), parameters(rules))
        self._parts = parts

    def versions(self) -> dict[str, str]:
        return {"duckdb": version("duckdb"), "sqlglot": version("sqlglot")}

    def label(self, source: Source, successful: Path, unsuccessful: Path) -> Counts:
        tally = successful.with_name("tally.parquet")
        sizes = [file.read.bytes for file in source.files]
        try:
            with self._connect(successful.parent) as connection:
                connection.execute("set variable source_files = ?", [[file.read.name for file in source.files]])
                schema = pa.schema([(column, pa.string()) for column in _TALLIED])
                with pq.ParquetWriter(tally, schema, use_dictionary=["reasons"]) as writer:
                    for number, files in enumerate(in_parts(source.files, sizes, self._parts)):
                        batches = chain.from_iterable(self._labelled(connection, group) for group in _at_once(files))
                        _write(batches, successful / part_name(number), unsuccessful / part_name(number), writer)
                return _counts(connection, tally)
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            raise EngineFailed(self.name, error) from None

    def compare(self, source: Source, other: Rules) -> list[Change]:
        relabel, label, compare = (path.read_text(encoding="utf-8") for path in (RELABEL, LABEL, COMPARE))
        query = (
            f"with application as ({to_duckdb(relabel, {})}), "
            f"labelled_again as ({to_duckdb(label, parameters(other))}) {to_duckdb(compare, {})}"
        )
        try:
            with self._connect(source.files[0].staged.parent) as connection:
                connection.execute("set preserve_insertion_order = false")
                connection.execute("set variable source_files = ?", [[file.read.name for file in source.files]])
                connection.execute(f"create temp view application as {_relation(source.files)}")
                connection.execute(f"create temp view labelled as {self._label}")
                return [Change(*row) for row in connection.execute(query).fetchall()]
        except (duckdb.Error, OSError) as error:
            raise EngineFailed(self.name, error) from None

    def _connect(self, scratch: Path) -> duckdb.DuckDBPyConnection:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": self._settings.memory_limit,
            "temp_directory": str(scratch / "duckdb"),
            "autoinstall_known_extensions": False,
        }
        connection = duckdb.connect(config=settings)
        # One more than cores, because Python's thread only writes the labelled rows.
        [(cores,)] = connection.execute("select current_setting('threads')").fetchall()
        connection.execute(f"set threads = {cores + 1}")
        # With the default of 1 MB the threads wait for each other.
        connection.execute("set streaming_buffer_size = '64MB'")
        return connection

    def _labelled(self, connection: duckdb.DuckDBPyConnection, files: Sequence[SourceFile]) -> pa.RecordBatchReader:
        """Return the rows of these files in order: a line of one of the outputs, and the columns of _TALLIED."""
        connection.execute(f"create or replace temp view application as {_relation(files)}")
        quote = not all(file.needs_no_quotes for file in files)
        lines = (
            f"case when reasons is null then {_line(SUCCESSFUL, quote)} end, "
            f"case when reasons is not null then {_line(UNSUCCESSFUL, quote)} end"
        )
        # Without the e-mail addresses of unsuccessful rows the tally is small.
        tallied = "reasons, membership_id, case when reasons is null then email end as email"
        query = f"select {lines}, {tallied} from ({self._label})"
        return connection.sql(query).to_arrow_reader(_ROWS_AT_ONCE)


def _at_once(files: Sequence[SourceFile]) -> list[list[SourceFile]]:
    """Return groups of consecutive files, one for each query."""
    sizes = [file.read.bytes for file in files]
    return in_parts(files, sizes, -(-sum(sizes) // _BYTES_AT_ONCE))


def to_duckdb(spark_sql: str, values: dict[str, str]) -> str:
    """Translate Spark SQL. Literals replace its parameters, because a view cannot have parameters."""

    def translated(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Placeholder):
            return exp.Literal.string(values[node.name])
        # Splitting at one character without a regular expression is five times faster.
        if isinstance(node, exp.RegexpSplit) and node.expression.name == " ":
            return exp.Split(this=node.this, expression=node.expression)
        return node

    query = sqlglot.parse_one(spark_sql, read="spark").transform(translated, copy=False)
    return query.sql(dialect="duckdb", comments=False, copy=False)


def _line(columns: Iterable[str], quote: bool) -> str:
    """Return an expression for a line of CSV. Null is an empty field. `quote`: quote fields that need it."""
    if quote:
        columns = [
            f"case when regexp_matches({column}, '{NEEDS_QUOTES.pattern}') "
            f"""then '"' || replace({column}, '"', '""') || '"' else {column} end"""
            for column in columns
        ]
    fields = ", ',', ".join(columns)
    return f"concat({fields}, chr(10))"


def _write(batches: Iterable[pa.RecordBatch], successful: Path, unsuccessful: Path, tally: pq.ParquetWriter) -> None:
    """Write one part file of each output, and the columns of _TALLIED to the tally."""
    with successful.open("wb") as good, unsuccessful.open("wb") as bad, background_flush(good, bad):
        good.write(header(SUCCESSFUL))
        bad.write(header(UNSUCCESSFUL))
        for rows in batches:
            good.write(_text(rows.column(0)))
            bad.write(_text(rows.column(1)))
            tally.write_batch(rows.select(_TALLIED))


def _counts(connection: duckdb.DuckDBPyConnection, tally: Path) -> Counts:
    connection.execute(f"create temp view labelled as from read_parquet({_quoted(tally)})")
    connection.execute("create temp view successful as from labelled where reasons is null")
    rows = connection.execute("select reasons, count(*) from labelled group by reasons").fetchall()
    [(shared_ids,)] = connection.execute(SHARED_IDS.read_text(encoding="utf-8")).fetchall()
    return Counts.of(dict(rows), shared_ids)


def _text(lines: pa.StringArray) -> pa.Buffer:
    """Return the memory of all lines, which are contiguous."""
    _, offsets, text = lines.buffers()
    positions = memoryview(offsets).cast("i")
    return text[positions[lines.offset] : positions[lines.offset + len(lines)]]


def _relation(files: Sequence[SourceFile]) -> str:
    """Return a query for the rows of the files. Files with equal headers are read together."""
    return " union all ".join(
        _plain(columns, group) if columns else _parquet(group)
        for columns, group in groupby(sorted(files, key=attrgetter("columns")), key=attrgetter("columns"))
    )


def _plain(columns: tuple[str, ...], files: Iterable[SourceFile]) -> str:
    types = ", ".join(f"'{column}': 'varchar'" for column in columns)
    return (
        f"select {', '.join(REQUIRED)}, null::varchar as raw_row, {_SOURCE_FILE} from read_csv({_paths(files)}, "
        f"auto_detect=false, header=true, delim=',', quote='', escape='', new_line='\\n', columns={{{types}}}, "
        f"max_line_size={2 * BLOCK_BYTES}, buffer_size={4 * BLOCK_BYTES}, {_PATH_OPTIONS})"
    )


def _parquet(files: Iterable[SourceFile]) -> str:
    return f"select {', '.join(REQUIRED)}, raw_row, {_SOURCE_FILE} from read_parquet({_paths(files)}, {_PATH_OPTIONS})"


def _paths(files: Iterable[SourceFile]) -> str:
    return f"[{', '.join(_quoted(Path(glob.escape(str(file.staged)))) for file in files)}]"


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
