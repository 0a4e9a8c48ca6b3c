"""Mutated bytes on the CSV path: every record is read once, however it is cut, and nothing but known errors."""

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

import pyarrow.parquet as pq
import pytest

from common.test.fuzzing import mutated, verdicts
from section1.core import csv_records
from section1.core.columns import HeaderRefused
from section1.core.csv_records import RecordTooLong, records
from section1.core.plain_csv import PlainCheck
from section1.operator.parquet_stage import stage_as_parquet
from section1.test import oracle
from section1.test.csv_corpus import BOM
from section1.test.engines import label_as_oracle
from section1.test.support import application, csv_of

pytestmark = [pytest.mark.slow, pytest.mark.full("fuzzing")]

SEEDS = (
    csv_of(application(), application(mobile_no="9123 4567")),
    csv_of(application(name='"Lim, Ada"'), application(name='"a ""b"""'), application()),
    csv_of(application(name='"two\nlines"'), application()).replace(b"\n", b"\r\n"),
    BOM + csv_of(application(name="陈 伟"), "", "a,b"),
)
WORDS = (b"name", b"email", b"date_of_birth", b"mobile_no", b"\nname,email,date_of_birth,mobile_no\n", b",,,\n", b'"\n')
FILES_AT_ONCE = 1000
Budget = Callable[[int, int], int]
Record = Callable[[dict[str, str]], None]


class Cut(NamedTuple):
    """The bytes of a file and the ends of its blocks."""

    content: bytes
    ends: tuple[int, ...]

    def blocks(self, content: bytes) -> Iterator[bytes]:
        for start, end in zip((0, *self.ends), (*self.ends, len(content)), strict=True):
            if start < end:
                yield content[start:end]


def cut(random: Random) -> Cut:
    """Return mutated bytes, cut anywhere."""
    content = mutated(random, SEEDS, WORDS)
    ends = (random.randint(0, len(content)) for _ in range(random.choice((0, 1, 3, 30))))
    return Cut(content, tuple(sorted(ends)))


def by_oracle(content: bytes) -> list[tuple[str, list[str] | None]]:
    """Return the oracle's records, malformed ones without fields."""
    return [
        (oracle.shown(record.text), None if oracle.is_broken(record) else list(record.fields))
        for record in oracle.records(oracle.text_of(content))
    ]


def is_well_formed(case: Cut) -> bool:
    """Require the oracle's records; return whether none is malformed."""
    found = list(records(case.blocks(case.content.removeprefix(BOM))))
    assert found == by_oracle(case.content)
    return all(record.fields is not None for record in found)


def checked(blocks: Iterator[bytes]) -> PlainCheck:
    check = PlainCheck()
    for block in blocks:
        check.feed(block)
    return check


def is_plain(case: Cut) -> bool:
    """Require the same rows from every reader if the file is plain; return whether it is."""
    content = case.content
    header = content.find(b"\n") + 1  # the check needs the whole header in its first block
    behind_header = Cut(content, tuple(max(end, header) for end in case.ends))
    whole, in_blocks = checked(iter([content])), checked(behind_header.blocks(content))
    plain = whole.finish()
    assert in_blocks.finish() == plain
    if plain:
        rows = list(csv.reader(io.StringIO(content.decode(), newline="")))
        assert [fields for _, fields in by_oracle(content)] == rows
        assert {len(row) for row in rows} == {len(whole.columns)}
        assert whole.rows == in_blocks.rows == len(rows) - 1
        assert whole.columns == in_blocks.columns
    return plain


@pytest.mark.parametrize(("parser", "accepts"), [("CSV records", is_well_formed), ("plain check", is_plain)])
def test_mutated_bytes_are_read_as_the_oracle_reads_them(
    parser: str, accepts: Callable[[Cut], bool], budget: Budget, record: Record
) -> None:
    record(verdicts(parser, budget(3_000, 100_000), cut, accepts))


def test_mutated_bytes_are_staged_completely_or_refused(tmp_path: Path, budget: Budget, record: Record) -> None:
    staged = tmp_path / "staged"

    def accepts(case: Cut) -> bool:
        verdict = oracle.judge({"a.csv": case.content})
        try:
            rows = stage_as_parquet(case.blocks(case.content), staged)
        except HeaderRefused:
            assert verdict.refused == {"a.csv"}
            return False
        assert rows == verdict.rows["a.csv"]
        *columns, raw_rows = pq.read_table(staged).to_pydict().values()
        found = [(*row, raw or "") for *row, raw in zip(*columns, raw_rows, strict=True)]
        malformed = sorted(row[11] for row in verdict.unsuccessful if row[6] == "row_malformed")
        assert sorted(raw for *_, raw in found if raw) == malformed
        assert len([row for row in found if row[0] is None]) == len(malformed)
        return True

    record(verdicts("CSV to Parquet", budget(1_000, 20_000), cut, accepts))


def test_mutated_files_are_labelled_as_the_oracle_does(tmp_path: Path, budget: Budget) -> None:
    count = budget(300, 10_000)
    files = {f"{number:06}.csv": mutated(Random(f"a file {number}"), SEEDS, WORDS) for number in range(count)}
    names = list(files)
    for start in range(0, count, FILES_AT_ONCE):
        batch = {name: files[name] for name in names[start : start + FILES_AT_ONCE]}
        label_as_oracle(tmp_path / str(start), "duckdb", batch)


def test_record_is_too_long_by_its_bytes_alone(monkeypatch: pytest.MonkeyPatch, budget: Budget) -> None:
    monkeypatch.setattr(csv_records, "MAX_RECORD_BYTES", 40)
    refused = 0
    for number in range(budget(1_000, 20_000)):
        case = cut(Random(f"too long {number}"))
        found = oracle.records(oracle.text_of(case.content))
        is_too_long = any(len(record.text.encode(errors="surrogateescape")) > 40 for record in found)
        try:
            is_well_formed(case)
        except RecordTooLong:
            refused += 1
            assert is_too_long, case
        else:
            assert not is_too_long, case
    assert refused
