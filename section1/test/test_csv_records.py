"""Which records a file has and which of them are malformed, however its bytes are cut into blocks."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from section1.core import csv_records
from section1.core.csv_records import Record, RecordCount, RecordTooLong, records
from section1.core.plain_csv import BLOCK_BYTES
from section1.test import oracle
from section1.test.csv_corpus import BOM, CORPUS, Records

PIECES = ["a", "b", ",", '"', '""', "\n", "\r\n", "\r", " ", "é", "எ", "\0", "\ud800"]


def in_blocks(content: bytes, size: int = 1 << 20) -> list[Record]:
    return list(records(content[start : start + size] for start in range(0, len(content), size)))


@pytest.mark.parametrize(("content", "found"), CORPUS, ids=[repr(content) for content, _ in CORPUS])
def test_content_has_these_records_at_every_block_size(content: bytes, found: Records) -> None:
    by_oracle = oracle.records(oracle.text_of(content))
    assert [
        (oracle.shown(record.text), None if oracle.is_broken(record) else list(record.fields)) for record in by_oracle
    ] == found
    behind_mark = content.removeprefix(BOM)
    for size in range(1, len(behind_mark) + 1):
        assert in_blocks(behind_mark, size) == [Record(text, fields) for text, fields in found]


@given(st.lists(st.sampled_from(PIECES), max_size=30), st.integers(1, 7))
def test_block_size_does_not_change_records(pieces: list[str], size: int) -> None:
    content = "".join(pieces).encode("utf-8", "surrogatepass")
    assert in_blocks(content, size) == in_blocks(content)


def test_too_long_record_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_records, "MAX_RECORD_BYTES", 10)
    blocks = iter([b'a,"b', b"b" * 6, b"b", b"b", b"b"])  # 4, 10, 11 (the last byte may be a CR), 12 bytes
    with pytest.raises(RecordTooLong):
        list(records(blocks))
    assert list(blocks) == [b"b"]
    with pytest.raises(RecordTooLong):
        in_blocks(b'a,"bbbbbbb"\n')
    for line_end in (b"", b"\n", b"\r\n"):
        assert in_blocks(b'a,"bbbbbb"' + line_end, 5) == [Record('a,"bbbbbb"', ["a", "bbbbbb"])]


def test_endless_record_is_refused_after_seventeen_blocks() -> None:
    blocks = iter([b'"' + b"x" * (BLOCK_BYTES - 1), *[b"x" * BLOCK_BYTES] * 20])
    with pytest.raises(RecordTooLong) as caught:
        list(records(blocks))
    assert str(caught.value) == "a row is longer than 16 MiB; perhaps a quote is never closed"
    assert len(list(blocks)) == 20 - csv_records.MAX_RECORD_BYTES // BLOCK_BYTES


def test_records_are_yielded_before_the_next_block_is_read() -> None:
    blocks = iter([b"a\nb\nc", b"\n", b'"d\ne",f', b"g\nh"])
    found = records(blocks)
    assert [next(found).text, next(found).text] == ["a", "b"]
    assert next(blocks) == b"\n"
    assert [record.fields for record in found] == [['c"d'], ['e"', "fg"], ["h"]]


@given(st.lists(st.lists(st.text(st.sampled_from('a,"\n\r'), max_size=5), min_size=2, max_size=2)), st.integers(1, 7))
def test_record_count_equals_a_csv_readers(rows: list[list[str]], size: int) -> None:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    content, count = written.getvalue().encode(), RecordCount()
    for start in range(0, len(content), size):
        count.feed(content[start : start + size])
    assert count.records == len(rows)
