"""The Polars and the pandas version label as section 1's engines do; else their times would say nothing."""

from collections import Counter
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest

from bench.section1 import pandas_version, polars_version
from section1.core.columns import OUTPUTS, SUCCESSFUL, UNSUCCESSFUL
from section1.sample import rows
from section1.test.oracle import judge
from section1.test.support import Row, application, csv_of, rows_of, write_files

Version = Callable[[Path, Path], None]
VERSIONS = pytest.mark.parametrize("label", [polars_version.label, pandas_version.label], ids=["polars", "pandas"])

NAMES = (
    "", " ", "Plato", "Mr. Plato", "Mr", "Dr. Prof. Mr", "MR.  Ada\tLim jr. III", "Mr Jr", "Jr Mr Lim", "Ms.Lim",
    "Dr.. No", "Lim Ph.D.", "Ada Lim V", "Mr\u017f Lim", "Lim \u017fr", "Miss\u00a0Ada\u3000Lim\x0bDDS", "李 小龍",
    "e\u0301 x", "12 34", "--", "\u2167", "\u0663 \u00b2", '", Ada ,, Lim,,Tan , Jr.,"', '","', '"Mr,Ada Lim"',
)  # fmt: skip
EMAILS = (
    "", " ", "@", "a@b.com", " a@b.NET\t", "a@b.c\u03bfm", "a@@b.com", "a@b@c.com", "a b@c.com", "a\u00a0@b.com",
    "@b.com", "a@.com", "a@b..com", "a@com", "a@b.com.", "a@b.org", "a@b-c.d.com", "a@b_c.com", "é@b.com", "a@é.com",
    "a@b.comm",
)  # fmt: skip
BIRTHDAYS = (
    "", " ", "1990-12-10", "1990/12/10", "12/10/1990", "10-12-1990", "\u30001990-12-10 ", "31-02-1990", "02/29/2000",
    "1900-02-29", "1899-12-31", "1900-01-01", "2004-01-01", "2004-01-02", "9999-12-31", "0000-01-01", "1990-1-1",
    "19901210", "1990-12/10", "1990-13-01", "1990-12-10 00:00", "\u0661990-12-10", "+199-12-10", "13/01/1990",
)  # fmt: skip
MOBILES = (
    "",
    " ",
    "-",
    "9123 4567",
    "9-1 2--345 67",
    "9123456",
    "912345678",
    "9123\t4567",
    "\u0669123456",
    "\t91234567",
)
UGLY = csv_of(
    *(application(name=name) for name in NAMES),
    *(application(email=email) for email in EMAILS),
    *(application(date_of_birth=birthday) for birthday in BIRTHDAYS),
    *(application(mobile_no=mobile) for mobile in MOBILES),
    ",,,",
    application(name=" ", email=" x ", date_of_birth="31-02-1990", mobile_no=" 12-34"),
)
SAMPLE = [csv_of(*map(",".join, islice(rows(1, 3000), start, start + 1000))) for start in (0, 1000, 2000)]


def require_the_oracles_rows(label: Version, folder: Path, files: dict[str, bytes]) -> None:
    label(write_files(folder / "src", files), folder / "dest")
    successful, unsuccessful = ((folder / "dest" / output) for output in OUTPUTS)
    verdict = judge(files)
    assert (header_of(successful), header_of(unsuccessful)) == (SUCCESSFUL, UNSUCCESSFUL)
    assert Counter(rows_of(successful)) == Counter(verdict.successful)
    assert Counter(rows_of(unsuccessful)) == Counter(verdict.unsuccessful)


def header_of(folder: Path) -> Row:
    [part] = folder.iterdir()
    return tuple(part.read_text(encoding="utf-8").splitlines()[0].split(","))


@VERSIONS
def test_sample_rows_are_labelled_as_the_oracle_says(label: Version, tmp_path: Path) -> None:
    require_the_oracles_rows(label, tmp_path, {f"{number}.csv": content for number, content in enumerate(SAMPLE)})


@VERSIONS
def test_ugly_values_are_labelled_as_the_oracle_says(label: Version, tmp_path: Path) -> None:
    require_the_oracles_rows(label, tmp_path, {"ugly.csv": UGLY})
