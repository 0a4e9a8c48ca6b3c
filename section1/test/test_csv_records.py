"""What is a record, and when is it malformed?"""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from section1.core import csv_records
from section1.core.csv_records import Record, RecordCount, RecordTooLong, records

PIECES = ["a", "b", ",", '"', '""', "\n", "\r\n", "\r", " ", "é", "எ", "\0", "\ud800"]


def in_blocks(content: bytes, size: int) -> list[Record]:
    return list(records(content[start : start + size] for start in range(0, len(content), size)))


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        (b"a,b\n", ["a", "b"]),
        (b"a,b\r\n", ["a", "b"]),
        (b"a,b", ["a", "b"]),
        (b"a,b\r", ["a", "b\r"]),
        (b",", ["", ""]),
        (b'"a,b",c\n', ["a,b", "c"]),
        (b'"a\nb",c\r\n', ["a\nb", "c"]),
        (b'"a ""b""",""\n', ['a "b"', ""]),
        (b'a "b" c,d"\n', ['a "b" c', 'd"']),
        (b' "a",b\n', [' "a"', "b"]),
        (b"   \n", ["   "]),
        (b'""\n', [""]),
    ],
)
def test_a_good_record_gives_its_fields(content: bytes, fields: list[str]) -> None:
    [record] = in_blocks(content, 1 << 20)
    assert record.fields == fields


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        (b'"a"x,b\nc,d\n', ['"a"x,b', "c,d"]),
        (b'"a" ,b\r\n', ['"a" ,b']),
        (b'"a"\r', ['"a"\r']),
        (b'"a"x,"b\nc"\n', ['"a"x,"b\nc"']),
        (b'a,"b\nc,d\n', ['a,"b\nc,d\n']),
        (b'a,"b""', ['a,"b""']),
        (b"a\xff,b\n", ["a\ufffd,b"]),
        (b"a\0,b\n", ["a\ufffd,b"]),
        (b'"\xe2\x82",b\n', ['"\ufffd",b']),
        (b"a\xff\0,b\n", ["a\ufffd\ufffd,b"]),
    ],
)
def test_a_malformed_record_gives_its_text(content: bytes, texts: list[str]) -> None:
    first, *others = in_blocks(content, 1 << 20)
    assert first.fields is None
    assert [record.text for record in (first, *others)] == texts


def test_empty_lines_are_no_records() -> None:
    assert in_blocks(b"\n\r\na\n\n\r\n", 1 << 20) == [Record("a", ["a"])]


@given(st.lists(st.sampled_from(PIECES), max_size=30), st.integers(1, 7))
def test_the_borders_of_blocks_do_not_show(pieces: list[str], size: int) -> None:
    content = "".join(pieces).encode("utf-8", "surrogatepass")
    assert in_blocks(content, size) == in_blocks(content, 1 << 20)


def test_a_record_longer_than_a_reader_should_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_records, "MAX_RECORD_BYTES", 10)
    blocks = iter([b'a,"b', b"b" * 6, b"b", b"b", b"b"])  # of 4, 10, 11 (its last may be a CR), 12 bytes
    with pytest.raises(RecordTooLong):
        list(records(blocks))
    assert list(blocks) == [b"b"]
    with pytest.raises(RecordTooLong):
        in_blocks(b'a,"bbbbbbb"\n', 1 << 20)
    for line_end in (b"", b"\n", b"\r\n"):
        assert in_blocks(b'a,"bbbbbb"' + line_end, 5) == [Record('a,"bbbbbb"', ["a", "bbbbbb"])]


def test_it_is_said_how_long_a_record_may_be() -> None:
    assert str(RecordTooLong()) == "a row is longer than 16 MiB (perhaps a quote that nothing closes)"


def test_records_are_given_as_their_blocks_come() -> None:
    blocks = iter([b"a\nb\nc", b"\n", b'"d\ne",f', b"g\nh"])
    found = records(blocks)
    assert [next(found).text, next(found).text] == ["a", "b"]
    assert next(blocks) == b"\n"
    assert [record.fields for record in found] == [['c"d'], ['e"', "fg"], ["h"]]


def test_a_record_with_a_quoted_line_end_may_go_on_in_the_next_block() -> None:
    assert in_blocks(b'"a\nb",cd\n', 7) == [Record('"a\nb",cd', ["a\nb", "cd"])]


@given(st.lists(st.lists(st.text(st.sampled_from('a,"\n\r'), max_size=5), min_size=2, max_size=2)), st.integers(1, 7))
def test_the_count_of_records_is_what_a_csv_reader_finds(rows: list[list[str]], size: int) -> None:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    content, count = written.getvalue().encode(), RecordCount()
    for start in range(0, len(content), size):
        count.feed(content[start : start + size])
    assert count.records == len(rows)
