"""The oracle itself, against values worked out by hand."""

from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from section1.test.nasty import folders
from section1.test.oracle import Verdict, is_input, judge

REAL_FILE = Path(__file__).parents[3] / "shared" / "data" / "applications" / "applications_dataset_1.csv"
HEADER = b"name,email,date_of_birth,mobile_no\n"
GOOD = {"name": "Ada Lovelace", "email": "ada@lin.com", "date_of_birth": "1986-01-10", "mobile_no": "91234567"}
GOOD_LINE = b"Ada Lovelace,ada@lin.com,1986-01-10,91234567\n"


def judged(**fields: str) -> tuple[str, ...]:
    """The output row of an application that is good but for these fields."""
    values = (GOOD | fields).values()
    line = ",".join('"' + value.replace('"', '""') + '"' for value in values)
    verdict = judge({"a.csv": HEADER + line.encode() + b"\n"})
    [row] = verdict.successful + verdict.unsuccessful
    return row


def malformed(content: bytes) -> list[str]:
    """The raw_row of every malformed row of a file with the usual header."""
    verdict = judge({"a.csv": HEADER + content})
    broken = [row for row in verdict.unsuccessful if row[6] == "row_malformed"]
    assert all(row == ("",) * 6 + ("row_malformed",) + ("",) * 4 + (row[11], "a.csv") for row in broken)
    return [row[11] for row in broken]


def good_rows(content: bytes) -> int:
    """How many rows of such a file succeed."""
    return len(judge({"a.csv": HEADER + content}).successful)


@pytest.mark.needs("shared_data")
def test_the_real_file_has_294_successful_rows_of_1999() -> None:
    verdict = judge({REAL_FILE.name: REAL_FILE.read_bytes()})
    assert verdict.rows == {REAL_FILE.name: 1999}
    assert (len(verdict.successful), len(verdict.unsuccessful)) == (294, 1705)


def test_a_good_row_is_written_whole() -> None:
    hash_of_birthday = sha256(b"19860110").hexdigest()
    assert judged() == (
        *("Ada", "Lovelace", "19860110", "91234567", "ada@lin.com", "true"),
        f"Lovelace_{hash_of_birthday[:5]}",
    )


def test_a_known_membership_id() -> None:
    assert judged(name="Patty Smith", date_of_birth="1975-08-27")[6] == "Smith_c7677"


def test_a_bad_row_keeps_its_fields_as_read_and_names_every_reason_in_order() -> None:
    row = judged(name=" 12 ", email=" ada@lin.biz\n", date_of_birth="2004-01-02 ", mobile_no="\t9123-456")
    assert row == (
        *("", "", "20040102", "9123456", "ada@lin.biz", "false", "name_missing;mobile_invalid;under_18;email_invalid"),
        *(" 12 ", " ada@lin.biz\n", "2004-01-02 ", "\t9123-456", "", "a.csv"),
    )


@pytest.mark.parametrize(
    ("name", "first_and_last"),
    [
        ("Mr. Dr John  Smith\u3000Jr. MD", ("John", "Smith")),
        ("Smith, , PhD", ("", "Smith")),
        (",Ada ,Lovelace,", ("Ada", "Lovelace")),
        ("a,, b", ("a", "b")),
        ("a,b", ("", "a,b")),
        ("a,,b", ("", "a,,b")),
        ("Mr Dr", ("", "Dr")),
        ("Dr.. No", ("Dr..", "No")),
        ("Mi\u017f\u017f Lee", ("Mi\u017f\u017f", "Lee")),
        ("Plato", ("", "Plato")),
        ("Maria de\u00a0la\tCruz", ("Maria de la", "Cruz")),
        ("Ada\u2003Lovelace", ("", "Ada\u2003Lovelace")),
        ("陈 伟", ("陈", "伟")),
        ("தமிழ் செல்வி", ("தமிழ்", "செல்வி")),
    ],
)
def test_a_name_is_split_into_first_and_last(name: str, first_and_last: tuple[str, str]) -> None:
    assert judged(name=name)[:2] == first_and_last


@pytest.mark.parametrize("name", ["", " \u3000", "12 34", "--", "Mr .", "\u0663", "\u2167"])
def test_a_name_without_letters_is_missing(name: str) -> None:
    row = judged(name=name)
    assert (row[:2], row[6]) == (("", ""), "name_missing")


@pytest.mark.parametrize("text", ["2003-12-31", "2003/12/31", "12/31/2003", "31-12-2003", "\r\n31-12-2003\u00a0"])
def test_a_birthday_has_four_shapes(text: str) -> None:
    assert judged(date_of_birth=text)[2] == "20031231"


@pytest.mark.parametrize(
    "text",
    [
        *("2003-12/31", "31/12/2003", "12-31-2003", "2003-1-02", "2001-02-31", "1900-02-29", "1899-12-31"),
        *("0000-01-01", "20031231", "2003-12-31T", "2003-12-3\u0661", "2003 -12-31", "2003\u201012\u201031"),
    ],
)
def test_another_birthday_is_unreadable(text: str) -> None:
    row = judged(date_of_birth=text)
    assert (row[2], row[5], row[6]) == ("", "", "birthday_invalid")


def test_a_blank_birthday_is_missing() -> None:
    row = judged(date_of_birth=" \v\f")
    assert (row[2], row[5], row[6]) == ("", "", "birthday_missing")


def test_eighteen_is_counted_on_the_first_of_january_2022() -> None:
    assert judged(date_of_birth="2004-01-01")[5] == "true"
    assert judged(date_of_birth="1900-01-01")[5] == "true"
    assert judged(date_of_birth="2004-01-02")[5:7] == ("false", "under_18")


@pytest.mark.parametrize("text", ["9123 4567", "9123-4567", " -91 23--4567- ", "\u30009123 4567"])
def test_a_mobile_may_hold_spaces_and_hyphens(text: str) -> None:
    assert judged(mobile_no=text)[3] == "91234567"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        *(("", ""), ("- -", ""), ("9123 456", "9123456"), ("912-345-678", "912345678"), ("+9123456", "+9123456")),
        *(("9123\u00a04567", "9123\u00a04567"), ("9123456\u0667", "9123456\u0667"), ("-\t91234567", "\t91234567")),
    ],
)
def test_another_mobile_is_invalid_and_written_cleaned(text: str, written: str) -> None:
    row = judged(mobile_no=text)
    assert (row[3], row[6]) == (written, "mobile_invalid")


@pytest.mark.parametrize("text", ["ada@lin.com", "A@b.c.NeT", "名\"',@-.com", "a\u2003b@9.net", "\ta@com.com\n"])
def test_an_email_is_good(text: str) -> None:
    assert judged(email=text)[4:6] == (text.strip(), "true")


@pytest.mark.parametrize(
    "text",
    [
        *("", "a@com", "@lin.com", "a@@lin.com", "a@b@lin.com", "a b@lin.com", "a\u3000@lin.com", "a@lin..com"),
        *("a@.com", "a@lin.com.", "a@lin.biz", "a@l_n.com", "a@m\u00fcn.com", "a@lin\u212a.com", "a@lin.comm"),
    ],
)
def test_another_email_is_invalid(text: str) -> None:
    row = judged(email=text)
    assert (row[4], row[6]) == (text, "email_invalid")


@pytest.mark.parametrize(
    ("content", "raw_rows"),
    [
        (b"a,b,c\n", ["a,b,c"]),
        (b"a,b,c,d,e\r\n", ["a,b,c,d,e"]),
        (b"  \n", ["  "]),
        (b'""\n', ['""']),
        (b"\r\r\n", ["\r"]),
        (b"a,\xff\xed\xa0\x80,c,d\n", ["a,\ufffd\ufffd\ufffd\ufffd,c,d"]),
        (b"a,\0,c,d\n", ["a,\ufffd,c,d"]),
        (b'"a"x"y,b,c,"d,e"\n', ['"a"x"y,b,c,"d,e"']),
        (b'"a" ,b,c,d\n', ['"a" ,b,c,d']),
        (b'a,b,c,"d"\r', ['a,b,c,"d"\r']),
        (b'a,b,c,"d"\rx\n', ['a,b,c,"d"\rx']),
        (b'a,b,"c\n\nd,e\xff\0\r\n', ['a,b,"c\n\nd,e\ufffd\ufffd\r\n']),
    ],
)
def test_a_malformed_row_is_kept_as_text(content: bytes, raw_rows: list[str]) -> None:
    assert malformed(GOOD_LINE + content) == raw_rows
    assert good_rows(GOOD_LINE + content) == 1


def test_a_malformed_row_leaves_its_neighbours_alone() -> None:
    assert good_rows(b'"a"x,b,c,d\n' + GOOD_LINE + b"\xff\n" + GOOD_LINE) == 2


@pytest.mark.parametrize(
    "line",
    [
        b'"Ada Lovelace","ada@lin.com","1986-01-10","91234567"\r\n',
        b"Ada Lovelace,ada@lin.com,1986-01-10,91234567\r",
        b'Ada "Q" Love"lace,ada@lin.com,1986-01-10,91234567',
        b' "Ada",ada@lin.com,1986-01-10,91234567\n',
        b'"A\n""B"",",ada@lin.com,1986-01-10,91234567\n',
    ],
)
def test_quotes_and_line_ends_of_every_good_kind_are_read(line: bytes) -> None:
    assert (good_rows(b"\n\r\n" + line), malformed(line)) == (1, [])


def test_a_quote_within_an_unquoted_field_is_text() -> None:
    verdict = judge({"a.csv": HEADER + b'Ada "Q" Love"lace,ada@lin.com,1986-01-10,91234567\n'})
    assert verdict.successful[0][:2] == ('Ada "Q"', 'Love"lace')


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + HEADER + GOOD_LINE,
        b"\r\n\n" + HEADER + GOOD_LINE,
        b'Date_Of_Birth\t, MOBILE_NO,note,"n,o",note,name,"email"\r\n1986/01/10,91234567,x,,,Lovelace,ada@lin.com',
    ],
)
def test_a_header_may_come_after_a_mark_or_blank_lines_and_in_any_order_and_case(content: bytes) -> None:
    verdict = judge({"a.csv": content})
    assert (verdict.rows, len(verdict.successful)) == ({"a.csv": 1}, 1)


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"\xef\xbb\xbf", b"\n\r\n", b" \n" + HEADER, b'""\n' + HEADER, b"\xef\xbb\xbf" * 2 + HEADER),
        *(b"name,email,mobile_no\n", b"Name," + HEADER, b'"name"x' + HEADER[4:], b'"' + HEADER),
        *(HEADER[:-1] + b",\0\n", HEADER[:-1] + b",\xff\n", HEADER[:-1] + b"\rAda,a@lin.com,1986-01-10,91234567"),
    ],
)
def test_a_file_without_a_sound_header_is_refused(content: bytes) -> None:
    assert judge({"a.csv": content + b"\n" * (content != b"")}) == Verdict({}, frozenset({"a.csv"}), [], [])


def test_a_header_alone_is_a_file_of_no_rows() -> None:
    assert judge({"a.csv": HEADER[:-1]}) == Verdict({"a.csv": 0}, frozenset(), [], [])


def test_only_csv_files_count() -> None:
    inputs = ["a.csv", "B.CsV", "_c.csv", "a b.csv"]
    others = [".d.csv", ".csv", "csv", "e.csv.bak", "f.c\u017fv", "g.csv ", "h/i.csv"]
    assert list(filter(is_input, inputs + others)) == inputs


@settings(max_examples=100, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(folders())
def test_every_row_of_a_nasty_folder_is_judged_once(files: dict[str, bytes]) -> None:
    verdict = judge(files)
    assert sum(verdict.rows.values()) == len(verdict.successful) + len(verdict.unsuccessful)
    assert set(verdict.rows) | verdict.refused == set(filter(is_input, files))
