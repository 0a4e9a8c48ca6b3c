"""The sample files: written by the generator, with every kind of invalid value that the real file has."""

import csv
import re
from collections import defaultdict
from datetime import date, datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path

import pytest

from section1.sample import DIRECTORY, Application, rows, write_datasets

FILES = ("applications_dataset_1.csv", "applications_dataset_2.csv")
TITLES, SUFFIXES = r"(Mr\.|Mrs\.|Ms\.|Miss|Dr\.)", r"(MD|DDS|DVM|PhD|Jr\.|Sr\.|II|III|IV|V)"
PATTERNS = [
    *(r",\d{4}-\d\d-\d\d,", r",\d{4}/\d\d/\d\d,", r",\d\d/\d\d/\d{4},", r",\d\d-\d\d-\d{4},"),
    *(rf",\d{{{digits}}}$" for digits in (5, 6, 7, 8)),
    r",\d{4} \d{4}$",
    *(rf"@[^,]+\.{ending}," for ending in ("com", "net", "org", "info", "biz")),
    *(rf"^{TITLES} ", rf"^[^,]+ {SUFFIXES},", rf"^{TITLES} [^,]+ {SUFFIXES},"),
    *(r"^,", r"^[^,]+,,", r",,[\d ]+$", r",$"),  # each column is empty in some row
]


def read(name: str) -> list[Application]:
    with (DIRECTORY / name).open(encoding="utf-8", newline="") as file:
        return [Application(**row) for row in csv.DictReader(file)]


def birthday(row: Application) -> date:
    year_first = re.match(r"\d{4}", row.date_of_birth)
    slashes, dashes = ("%Y/%m/%d", "%Y-%m-%d") if year_first else ("%m/%d/%Y", "%d-%m-%Y")
    return datetime.strptime(row.date_of_birth, slashes if "/" in row.date_of_birth else dashes).date()


def is_under_18(row: Application) -> bool:
    return row.date_of_birth != "" and birthday(row) > date(2004, 1, 1)


def is_successful(row: Application) -> bool:
    reachable = len(row.mobile_no.replace(" ", "")) == 8 and row.email.endswith((".com", ".net"))
    return all(row) and reachable and not is_under_18(row)


def membership_id(row: Application) -> str:
    last_name = [word for word in row.name.split() if not re.fullmatch(f"{TITLES}|{SUFFIXES}", word)][-1]
    return f"{last_name}_{sha256(f'{birthday(row):%Y%m%d}'.encode()).hexdigest()[:5]}"


def test_committed_files_are_what_the_generator_writes(tmp_path: Path) -> None:
    written = write_datasets(tmp_path / "application")
    assert [path.name for path in written] == list(FILES)
    for path in written:
        same = path.read_bytes() == (DIRECTORY / path.name).read_bytes()
        assert same, f"{path.name} differs; write it again with: python -m section1.sample"


@pytest.mark.parametrize(
    ("name", "count", "under_18", "successful"), [(FILES[0], 2000, 451, 273), (FILES[1], 3000, 620, 436)]
)
def test_file_has_these_rows(name: str, count: int, under_18: int, successful: int) -> None:
    applications = read(name)
    counts = (len(applications), sum(map(is_under_18, applications)), sum(map(is_successful, applications)))
    assert counts == (count, under_18, successful)


@pytest.mark.parametrize("name", FILES)
def test_file_has_every_kind_of_value(name: str) -> None:
    text = (DIRECTORY / name).read_text(encoding="utf-8")
    assert [pattern for pattern in PATTERNS if not re.search(pattern, text, re.MULTILINE)] == []


@pytest.mark.parametrize("name", FILES)
def test_file_is_utf_8_with_lf_and_without_quotes(name: str) -> None:
    content = (DIRECTORY / name).read_bytes()
    assert content.startswith(b"name,email,date_of_birth,mobile_no\n")
    assert not set(b'\r"') & set(content)


@pytest.mark.parametrize("name", FILES)
def test_mobile_has_a_space_only_beside_american_dates(name: str) -> None:
    dated = [row for row in read(name) if row.date_of_birth and len(row.mobile_no.replace(" ", "")) == 8]
    american = [re.fullmatch(r"\d\d/\d\d/\d{4}", row.date_of_birth) is not None for row in dated]
    assert [" " in row.mobile_no for row in dated] == american


def test_exactly_two_successful_people_share_a_membership_id() -> None:
    emails = defaultdict(set)
    for row in filter(is_successful, read(FILES[0]) + read(FILES[1])):
        emails[membership_id(row)].add(row.email)
    assert {identity: found for identity, found in emails.items() if len(found) > 1} == {
        "Ashgrove_b27f6": {"Clara_Ashgrove@ashgrove.example.com", "Owen_Ashgrove@ashgrove.example.net"}
    }


def test_every_email_has_an_example_host() -> None:
    addresses = [row.email for name in FILES for row in read(name) if row.email]
    assert [address for address in addresses if ".example." not in address] == []


def test_rows_depend_on_the_seed_and_not_on_their_number() -> None:
    assert list(rows(3, 10)) == list(islice(rows(3, 1000), 10))
    assert set(rows(3, 100)).isdisjoint(rows(4, 100))
