"""Parquet copies of CSV files that are not plain, so that both engines read the same fields."""

import codecs
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from section1.core.columns import REQUIRED, HeaderRefused, positions
from section1.core.csv_records import Record, records

_SCHEMA = pa.schema([(column, pa.string()) for column in (*REQUIRED, "raw_row")])
_ROWS_AT_ONCE = 20_000
_CHARACTERS_AT_ONCE = 8 << 20

Row = tuple[str | None, ...]


def stage_as_parquet(blocks: Iterator[bytes], path: Path) -> int:
    """Write the rows to `path`, malformed ones as raw_row, and count them. Raises: HeaderRefused, RecordTooLong."""
    found = records(_without_bom(blocks))
    header = next(found, None)
    if header is None or header.fields is None:
        raise HeaderRefused("missing header" if header is None else "malformed header")
    places, width = positions(header.fields), len(header.fields)
    rows = 0
    # Uncompressed: Spark executes its codec's library from the scratch directory, which a container forbids.
    with pq.ParquetWriter(path, _SCHEMA, compression="none") as writer:
        for batch in _batches(_row(record, places, width) for record in found):
            columns = [pa.array(column, pa.string()) for column in zip(*batch, strict=True)]
            writer.write_table(pa.Table.from_arrays(columns, schema=_SCHEMA))
            rows += len(batch)
    return rows


def _row(record: Record, places: tuple[int, ...], width: int) -> Row:
    """Return the required fields, or only raw_row for a malformed record."""
    if record.fields is None or len(record.fields) != width:
        return (None, None, None, None, record.text)
    return (*(record.fields[place] for place in places), None)


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Group rows into row groups, limited in characters so that a reader needs little memory."""
    batch: list[Row] = []
    characters = 0
    for row in rows:
        batch.append(row)
        characters += sum(len(value) for value in row if value is not None)
        if len(batch) >= _ROWS_AT_ONCE or characters >= _CHARACTERS_AT_ONCE:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _without_bom(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Drop a byte order mark."""
    first = b""
    while len(first) < len(codecs.BOM_UTF8) and (block := next(blocks, b"")):
        first += block
    yield first.removeprefix(codecs.BOM_UTF8)
    yield from blocks
