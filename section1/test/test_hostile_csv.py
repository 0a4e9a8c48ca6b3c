"""Hostile bytes on the CSV path: every record in one place, however they are cut, and no error but its own."""

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
from section1.core.csv_records import MAX_RECORD_BYTES, RecordTooLong, records
from section1.core.plain_csv import BLOCK_BYTES, PlainCheck
from section1.operator.parquet_stage import stage_as_parquet
from section1.test import oracle
from section1.test.support import application, csv_of
from section1.test.test_engines import label_everything

BOM = b"\xef\xbb\xbf"
SEEDS = (
    csv_of(application(), application(mobile_no="9123 4567")),
    csv_of(application(name='"Lim, Ada"'), application(name='"a ""b"""'), application()),
    csv_of(application(name='"two\nlines"'), application()).replace(b"\n", b"\r\n"),
    BOM + csv_of(application(name="陈 伟"), "", "a,b"),
)
WORDS = (b"name", b"email", b"date_of_birth", b"mobile_no", b"\nname,email,date_of_birth,mobile_no\n", b",,,\n", b'"\n')
ENGINE_FILES_AT_ONCE = 1000
# "By hand": found by reading or trying, not by mutated input.
MENDED = {"CSV records": "none; by hand: rows of up to 17 MiB were taken", "plain check": "none"}

# What to watch for, the bytes, and the records in them (None: malformed; the text of it behind).
CORPUS: dict[str, tuple[bytes, list[tuple[str, list[str] | None]]]] = {
    "a BOM in the middle is text": (b"a\n\xef\xbb\xbfb", [("a", ["a"]), ("\ufeffb", ["\ufeffb"])]),
    "two BOMs: the second is text": (BOM + BOM + b"a", [("\ufeffa", ["\ufeffa"])]),
    "a CR alone is text": (b"a\rb\r\nc", [("a\rb", ["a\rb"]), ("c", ["c"])]),
    "CR CR LF ends with one CR left": (b"a\r\r\nb", [("a\r", ["a\r"]), ("b", ["b"])]),
    "LF CR: the CR stands before the next": (b"a\n\rb", [("a", ["a"]), ("\rb", ["\rb"])]),
    "overlong UTF-8 is no comma": (b"a\xc0\xacb", [("a\ufffd\ufffdb", None)]),
    "overlong UTF-8 is no quote": (b"\xe0\x80\xa2a,b\nc", [("\ufffd\ufffd\ufffda,b", None), ("c", ["c"])]),
    "half a letter": (b"a\xed\xa0\x80", [("a\ufffd\ufffd\ufffd", None)]),
    "beyond Unicode": (b"\xf4\x90\x80\x80", [("\ufffd\ufffd\ufffd\ufffd", None)]),
    "a letter cut off by the end": (b"a\xe2\x82", [("a\ufffd", None)]),
    "a letter cut off by a line end": (b"\xe2\x82\na", [("\ufffd", None), ("a", ["a"])]),
    "NULs alone": (b"\0\0\n\0", [("\ufffd\ufffd", None), ("\ufffd", None)]),
    "UTF-16": ("a,b\n".encode("utf-16-le"), [("a\ufffd,\ufffdb\ufffd", None), ("\ufffd", None)]),
    "quotes without end": (b'"' * 7, [('"' * 7, None)]),
    "a quote that opens at the very end": (b'a,"', [('a,"', None)]),
    "a quote before a line end": (b'a\n"\nb', [("a", ["a"]), ('"\nb', None)]),
    "a CR behind a closing quote": (b'"a"\rb\nc', [('"a"\rb', None), ("c", ["c"])]),
    "line ends of Unicode and of old printers": (
        "a\u2028b\x0b\x0c\x85".encode(),
        [("a\u2028b\v\f\x85", ["a\u2028b\v\f\x85"])],
    ),
}


class Cut(NamedTuple):
    """A file's bytes, and where blocks end."""

    content: bytes
    ends: tuple[int, ...]

    def blocks(self, content: bytes) -> Iterator[bytes]:
        """Give the bytes block by block."""
        for start, end in zip((0, *self.ends), (*self.ends, len(content)), strict=True):
            if start < end:
                yield content[start:end]


def cut(random: Random) -> Cut:
    """Return hostile bytes, cut anywhere."""
    content = mutated(random, SEEDS, WORDS)
    ends = (random.randint(0, len(content)) for _ in range(random.choice((0, 1, 3, 30))))
    return Cut(content, tuple(sorted(ends)))


def expected(content: bytes) -> list[tuple[str, list[str] | None]]:
    """Return the records that the oracle sees, malformed ones without fields."""
    return [
        (oracle.shown(record.text), None if oracle.is_broken(record) else list(record.fields))
        for record in oracle.records(oracle.text_of(content))
    ]


def as_one_reads(case: Cut) -> bool:
    """Require the oracle's records; whether none is malformed."""
    found = list(records(case.blocks(case.content.removeprefix(BOM))))
    assert found == expected(case.content)
    return all(record.fields is not None for record in found)


def checked(blocks: Iterator[bytes]) -> PlainCheck:
    """Return what the check knows of a file."""
    check = PlainCheck()
    for block in blocks:
        check.feed(block)
    return check


def is_plain_with_reason(case: Cut) -> bool:
    """Require of a plain file that every reader gives the same rows; whether it is one."""
    content = case.content
    header = content.find(b"\n") + 1  # the check wants it whole, as it is in the first MiB of a file
    behind_header = Cut(content, tuple(max(end, header) for end in case.ends))
    whole, in_blocks = checked(iter([content])), checked(behind_header.blocks(content))
    is_plain = whole.finish()
    assert in_blocks.finish() == is_plain
    if is_plain:
        rows = list(csv.reader(io.StringIO(content.decode(), newline="")))
        assert [fields for _, fields in expected(content)] == rows
        assert {len(row) for row in rows} == {len(whole.columns)}
        assert whole.rows == in_blocks.rows == len(rows) - 1
        assert whole.columns == in_blocks.columns
    return is_plain


@pytest.mark.parametrize(("parser", "accepts"), [("CSV records", as_one_reads), ("plain check", is_plain_with_reason)])
def test_hostile_bytes_are_read_as_the_oracle_reads_them_however_they_are_cut(
    parser: str,
    accepts: Callable[[Cut], bool],
    budget: Callable[[int, int], int],
    record: Callable[[dict[str, str]], None],
) -> None:
    record(verdicts(parser, budget(3_000, 100_000), cut, accepts) | {"found and mended": MENDED[parser]})


def test_hostile_bytes_are_staged_with_every_record_in_one_place_or_refused(
    tmp_path: Path, budget: Callable[[int, int], int], record: Callable[[dict[str, str]], None]
) -> None:
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

    record(
        verdicts("CSV to Parquet", budget(1_000, 20_000), cut, accepts)
        | {"found and mended": "a BOM cut in two was text"}
    )


def test_hostile_files_are_labelled_as_the_oracle_says(tmp_path: Path, budget: Callable[[int, int], int]) -> None:
    count = budget(300, 10_000)
    files = {f"{number:06}.csv": mutated(Random(f"a file {number}"), SEEDS, WORDS) for number in range(count)}
    names = list(files)
    for start in range(0, count, ENGINE_FILES_AT_ONCE):
        batch = {name: files[name] for name in names[start : start + ENGINE_FILES_AT_ONCE]}
        label_everything(tmp_path / str(start), "duckdb", batch)


@pytest.mark.parametrize("watch", CORPUS)
def test_the_corpus_is_read_as_it_says(watch: str) -> None:
    content, found = CORPUS[watch]
    assert expected(content) == found
    is_sound = all(fields is not None for _, fields in found)
    for size in range(1, len(content) + 1):
        assert as_one_reads(Cut(content, tuple(range(size, len(content), size)))) == is_sound


def test_a_row_without_end_is_given_up_after_seventeen_blocks() -> None:
    asked = 0

    def endless() -> Iterator[bytes]:
        nonlocal asked
        while True:
            asked += 1
            yield b'"' + b"x" * (BLOCK_BYTES - 1) if asked == 1 else b"x" * BLOCK_BYTES

    with pytest.raises(RecordTooLong):
        list(records(endless()))
    assert asked == MAX_RECORD_BYTES // BLOCK_BYTES + 1


def test_a_row_is_too_long_by_its_bytes_alone_however_they_are_cut(
    monkeypatch: pytest.MonkeyPatch, budget: Callable[[int, int], int]
) -> None:
    monkeypatch.setattr(csv_records, "MAX_RECORD_BYTES", 40)
    refused = 0
    for number in range(budget(1_000, 20_000)):
        case = cut(Random(f"too long {number}"))
        found = oracle.records(oracle.text_of(case.content))
        is_too_long = any(len(record.text.encode(errors="surrogateescape")) > 40 for record in found)
        try:
            as_one_reads(case)
        except RecordTooLong:
            refused += 1
            assert is_too_long, case
        else:
            assert not is_too_long, case
    assert refused
