"""Which files are read and which rows are malformed: by the oracle and by the job."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from section1.test.difficult_files import directories
from section1.test.engines import label_as_oracle
from section1.test.oracle import Verdict, is_input, judge
from section1.test.support import csv_of

HEADER = csv_of()
GOOD_LINE = b"Ada Lovelace,ada@lin.com,1986-01-10,91234567\n"
BOM = b"\xef\xbb\xbf"

# Each has one successful row.
READ = [
    BOM + HEADER + GOOD_LINE,
    b"\r\n\n" + HEADER + GOOD_LINE,
    b'Date_Of_Birth\t, MOBILE_NO,note,"n,o",note,name,"email"\r\n1986/01/10,91234567,x,,,Lovelace,ada@lin.com',
    HEADER + b'\n\r\n"Ada Lovelace","ada@lin.com","1986-01-10","91234567"\r\n',
    HEADER + b"Ada Lovelace,ada@lin.com,1986-01-10,91234567\r",
    HEADER + b'Ada "Q" Love"lace,ada@lin.com,1986-01-10,91234567',
    HEADER + b' "Ada",ada@lin.com,1986-01-10,91234567\n',
    HEADER + b'"A\n""B"",",ada@lin.com,1986-01-10,91234567\n',
]
REFUSED = [
    *(b"", BOM, b"\n\r\n", b" \n" + HEADER, b'""\n' + HEADER, BOM * 2 + HEADER),
    *(b"name,email,mobile_no\n", b"Name," + HEADER, b'"name"x' + HEADER[4:], b'"' + HEADER),
    *(HEADER[:-1] + b",\0\n", HEADER[:-1] + b",\xff\n", HEADER[:-1] + b"\rAda,a@lin.com,1986-01-10,91234567"),
]
# Rows behind a good one, and the raw_row that each gets.
MALFORMED = [
    (b"a,b,c\n", "a,b,c"),
    (b"a,b,c,d,e\r\n", "a,b,c,d,e"),
    (b"  \n", "  "),
    (b'""\n', '""'),
    (b"\r\r\n", "\r"),
    (b"a,\xff\xed\xa0\x80,c,d\n", "a,\ufffd\ufffd\ufffd\ufffd,c,d"),
    (b"a,\0,c,d\n", "a,\ufffd,c,d"),
    (b'"a"x"y,b,c,"d,e"\n', '"a"x"y,b,c,"d,e"'),
    (b'a,b,c,"d"\rx\n', 'a,b,c,"d"\rx'),
    (b'a,b,"c\n\nd,e\xff\0\r\n', 'a,b,"c\n\nd,e\ufffd\ufffd\r\n'),
]


@pytest.mark.parametrize("content", READ)
def test_oracle_reads_the_file(content: bytes) -> None:
    verdict = judge({"a.csv": content})
    assert (verdict.rows, len(verdict.successful)) == ({"a.csv": 1}, 1)


def test_oracle_keeps_quotes_inside_an_unquoted_field() -> None:
    verdict = judge({"a.csv": HEADER + b'Ada "Q" Love"lace,ada@lin.com,1986-01-10,91234567\n'})
    assert verdict.successful[0][:2] == ('Ada "Q"', 'Love"lace')


@pytest.mark.parametrize("content", REFUSED)
def test_oracle_refuses_the_file(content: bytes) -> None:
    assert judge({"a.csv": content + b"\n" * (content != b"")}) == Verdict({}, frozenset({"a.csv"}), [], [])


def test_oracle_reads_a_header_alone_as_no_rows() -> None:
    assert judge({"a.csv": HEADER[:-1]}) == Verdict({"a.csv": 0}, frozenset(), [], [])


@pytest.mark.parametrize(("content", "raw_row"), MALFORMED)
def test_oracle_keeps_a_malformed_row_as_text(content: bytes, raw_row: str) -> None:
    verdict = judge({"a.csv": HEADER + GOOD_LINE + content})
    assert len(verdict.successful) == 1
    assert verdict.unsuccessful == [("",) * 6 + ("row_malformed",) + ("",) * 4 + (raw_row, "a.csv")]


def test_job_reads_all_of_these_as_the_oracle_does(tmp_path: Path) -> None:
    contents = [*READ, *REFUSED, *(HEADER + GOOD_LINE + content + GOOD_LINE for content, _ in MALFORMED), HEADER[:-1]]
    label_as_oracle(tmp_path, "duckdb", {f"{number:02}.csv": content for number, content in enumerate(contents)})


def test_oracle_reads_csv_files_only() -> None:
    inputs = ["a.csv", "B.CsV", "_c.csv", "a b.csv"]
    others = [".d.csv", ".csv", "csv", "e.csv.bak", "f.c\u017fv", "g.csv ", "h/i.csv"]
    assert list(filter(is_input, inputs + others)) == inputs


@settings(max_examples=100, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(directories())
def test_oracle_judges_every_row_once(files: dict[str, bytes]) -> None:
    verdict = judge(files)
    assert sum(verdict.rows.values()) == len(verdict.successful) + len(verdict.unsuccessful)
    assert set(verdict.rows) | verdict.refused == set(filter(is_input, files))
