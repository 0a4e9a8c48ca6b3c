"""Which files may an engine read as they are?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from section1.core import plain_csv
from section1.core.csv_records import records
from section1.core.plain_csv import PlainCheck
from section1.test.support import HEADER, application, csv_of

GOOD_LINE = application()
PIECES = ["a", ",", "\n", f"{GOOD_LINE}\n", f"{GOOD_LINE}\n", "é", '"', "\r", "\0"]


def check_of(content: bytes, size: int = 1 << 20) -> PlainCheck:
    check = PlainCheck()
    for start in range(0, len(content), size):
        check.feed(content[start : start + size])
    return check


def test_a_plain_file_is_plain_and_its_rows_are_counted() -> None:
    check = check_of(csv_of(GOOD_LINE, GOOD_LINE, GOOD_LINE))
    assert (check.finish(), check.rows, check.columns) == (True, 3, ("name", "email", "date_of_birth", "mobile_no"))


def test_the_last_line_end_may_be_missing() -> None:
    check = check_of(csv_of(GOOD_LINE, GOOD_LINE).removesuffix(b"\n"))
    assert (check.finish(), check.rows) == (True, 2)


def test_a_header_alone_is_a_plain_file_of_no_rows() -> None:
    check = check_of(csv_of())
    assert (check.finish(), check.rows) == (True, 0)


def test_columns_are_known_by_place_in_any_order_and_case() -> None:
    check = check_of(b" E-Mail ,mobile_no,NAME, date_of_birth,email\n")
    assert check.finish()
    assert check.columns == ("column_0", "mobile_no", "name", "date_of_birth", "email")


def test_any_sign_but_a_quote_may_stand_in_a_plain_file() -> None:
    signs = "".join(chr(code) for code in range(32, 127) if chr(code) not in ',"')
    assert check_of(csv_of(f"{signs},b,c,{signs}é")).finish()


def test_a_plain_file_has_a_hundred_columns_at_most() -> None:
    header = [HEADER, *(f"more{number}" for number in range(96))]
    assert check_of(",".join(header).encode() + b"\n").finish()
    assert not check_of(",".join([*header, "another"]).encode() + b"\n").finish()


def test_the_last_block_may_be_the_end_of_a_line() -> None:
    content = csv_of(GOOD_LINE, GOOD_LINE).removesuffix(b"\n")
    check = check_of(content, len(content) - 3)
    assert (check.finish(), check.rows) == (True, 2)


def test_a_letter_may_stand_across_the_border_of_blocks_and_must_be_whole() -> None:
    start = csv_of(GOOD_LINE) + b"\xc3"
    assert check_of(start + b"\xa9,b,c,d\n", len(start)).finish()
    assert not check_of(start + b"a,b,c,d\n", len(start)).finish()


def test_a_file_stays_not_plain_whatever_comes_after() -> None:
    content = csv_of(GOOD_LINE) + b'a,b,c,d"'
    for size in (len(content) - 1, len(content) - 2):
        check = check_of(content, size)
        assert not check.plain
        assert not check.finish()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        HEADER.encode(),
        b"\xef\xbb\xbf" + csv_of(GOOD_LINE),
        csv_of(GOOD_LINE).replace(b"\n", b"\r\n"),
        csv_of(GOOD_LINE, 'a,"b",c,d'),
        csv_of(GOOD_LINE, "a,b,c"),
        csv_of(GOOD_LINE, "a,b,c,d,e"),
        csv_of("a,b,c,d,e", "a,b,c"),
        csv_of(GOOD_LINE, "", GOOD_LINE),
        csv_of(GOOD_LINE) + b"a",
        csv_of(GOOD_LINE) + b"a,b",
        csv_of(GOOD_LINE, "a\0,b,c,d"),
        csv_of(GOOD_LINE) + b"\xff,b,c,d\n",
        csv_of(GOOD_LINE) + b"a,b,c,\xe2\x82",
        b"name,email,date_of_birth\na,b,c\n",
        HEADER.encode() + b",\xc3",
        b"name,email,date_of_birth,mobile_no,name\na,b,c,d,e\n",
    ],
)
def test_anything_else_is_not(content: bytes) -> None:
    assert not check_of(content).finish()


def test_a_line_as_long_as_a_block_is_not_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_csv, "BLOCK_BYTES", 64)
    assert check_of(csv_of("a" * 50 + ",b,c,d"), 64).finish()
    assert not check_of(csv_of("a" * 150 + ",b,c,d"), 64).finish()


@given(st.lists(st.sampled_from(PIECES), max_size=20), st.integers(1, 9))
def test_what_is_called_plain_has_the_records_that_the_careful_reader_finds(pieces: list[str], size: int) -> None:
    content = csv_of() + "".join(pieces).encode()
    check = check_of(content, len(csv_of()) + size)
    if check.finish():
        found = list(records(iter([content])))[1:]
        assert [len(record.fields or []) for record in found] == [4] * check.rows
