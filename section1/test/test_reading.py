"""Which files are read and which rows are malformed: by the oracle and by the job."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from section1.test.csv_corpus import BOM, CORPUS, Records
from section1.test.difficult_files import directories
from section1.test.engines import label_as_oracle
from section1.test.oracle import Verdict, is_input, judge
from section1.test.support import csv_of

HEADER = csv_of()
GOOD_LINE = b"Ada Lovelace,ada@lin.com,1986-01-10,91234567\n"

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
ROWS = [(content, found) for content, found in CORPUS if not content.startswith(BOM)]


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


@pytest.mark.parametrize(("content", "found"), ROWS, ids=[repr(content) for content, _ in ROWS])
def test_oracle_keeps_malformed_rows_as_text(content: bytes, found: Records) -> None:
    verdict = judge({"a.csv": HEADER + GOOD_LINE + content})
    malformed = [text for text, fields in found if fields is None or len(fields) != 4]
    assert len(verdict.successful) == 1
    assert verdict.unsuccessful == [("",) * 6 + ("row_malformed",) + ("",) * 4 + (text, "a.csv") for text in malformed]


def test_job_reads_all_of_these_as_the_oracle_does(tmp_path: Path) -> None:
    behind_good = (HEADER + GOOD_LINE + content for content, _ in ROWS)
    contents = [*READ, *REFUSED, *behind_good, HEADER[:-1], HEADER + GOOD_LINE + b'"a"x,b,c,d\n' + GOOD_LINE]
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
