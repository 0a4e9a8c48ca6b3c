"""Which files are plain, so that an engine can read them directly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from section1.core import plain_csv
from section1.core.csv_records import records
from section1.core.plain_csv import PlainCheck
from section1.test.support import HEADER, application, csv_of

GOOD_LINE = application()
TWO_ROWS = csv_of(GOOD_LINE, GOOD_LINE)
SIGNS = "".join(chr(code) for code in range(32, 127) if chr(code) not in ',"')
HUNDRED_COLUMNS = ",".join([HEADER, *(f"more{number}" for number in range(96))])
PIECES = ["a", ",", "\n", f"{GOOD_LINE}\n", f"{GOOD_LINE}\n", "é", '"', "\r", "\0"]


def check_of(content: bytes, size: int = 1 << 20) -> PlainCheck:
    check = PlainCheck()
    for start in range(0, len(content), size):
        check.feed(content[start : start + size])
    return check


@pytest.mark.parametrize(
    ("content", "size", "rows"),
    [
        (TWO_ROWS, 1 << 20, 2),
        (TWO_ROWS.removesuffix(b"\n"), 1 << 20, 2),
        (TWO_ROWS.removesuffix(b"\n"), len(TWO_ROWS) - 4, 2),  # the last block is the end of a line
        (csv_of(), 1 << 20, 0),
        (csv_of(f"{SIGNS},b,c,{SIGNS}é"), 1 << 20, 1),
        (csv_of(GOOD_LINE) + b"\xc3\xa9,b,c,d\n", len(csv_of(GOOD_LINE)) + 1, 2),  # a letter across two blocks
        (f"{HUNDRED_COLUMNS}\n".encode(), 1 << 20, 0),
    ],
)
def test_plain_file_has_this_many_rows(content: bytes, size: int, rows: int) -> None:
    check = check_of(content, size)
    assert (check.finish(), check.rows) == (True, rows)


def test_columns_are_known_in_any_order_and_case() -> None:
    check = check_of(b" E-Mail ,mobile_no,NAME, date_of_birth,email\n")
    assert check.finish()
    assert check.columns == ("column_0", "mobile_no", "name", "date_of_birth", "email")


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"\n", HEADER.encode(), b"\xef\xbb\xbf" + csv_of(GOOD_LINE)),
        csv_of(GOOD_LINE).replace(b"\n", b"\r\n"),
        *(csv_of(GOOD_LINE, line) for line in ('a,"b",c,d', "a,b,c", "a,b,c,d,e", "a\0,b,c,d")),
        csv_of("a,b,c,d,e", "a,b,c"),
        csv_of(GOOD_LINE, "", GOOD_LINE),
        *(csv_of(GOOD_LINE) + end for end in (b"a", b"a,b", b"\xff,b,c,d\n", b"a,b,c,\xe2\x82", b"\xc3a,b,c,d\n")),
        b"name,email,date_of_birth\na,b,c\n",
        HEADER.encode() + b",\xc3",
        b"name,email,date_of_birth,mobile_no,name\na,b,c,d,e\n",
        f"{HUNDRED_COLUMNS},another\n".encode(),
    ],
)
def test_other_file_is_not_plain(content: bytes) -> None:
    assert not check_of(content).finish()
    for size in range(content.find(b"\n") + 1 or len(content), len(content)):
        assert not check_of(content, size).finish()


def test_line_as_long_as_a_block_is_not_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_csv, "BLOCK_BYTES", 64)
    assert check_of(csv_of("a" * 50 + ",b,c,d"), 64).finish()
    assert not check_of(csv_of("a" * 150 + ",b,c,d"), 64).finish()


@given(st.lists(st.sampled_from(PIECES), max_size=20), st.integers(1, 9))
def test_plain_file_has_the_records_of_the_full_reader(pieces: list[str], size: int) -> None:
    content = csv_of() + "".join(pieces).encode()
    check = check_of(content, len(csv_of()) + size)
    if check.finish():
        found = list(records(iter([content])))[1:]
        assert [len(record.fields or []) for record in found] == [4] * check.rows
