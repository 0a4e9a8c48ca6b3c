"""The sample files are what the generator writes, and hold every kind of mess that the real file has."""

import csv
import re
from collections import defaultdict
from datetime import date, datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path

import pytest

from section1.sample import FOLDER, Application, rows, write_datasets

FILES = ("applications_dataset_1.csv", "applications_dataset_2.csv")
AFFIXES = {"Mr.", "Mrs.", "Ms.", "Miss", "Dr.", "MD", "DDS", "DVM", "PhD", "Jr.", "Sr.", "II", "III", "IV", "V"}
MESS = {
    "a birthday as yyyy-MM-dd": r",\d{4}-\d\d-\d\d,",
    "a birthday as yyyy/MM/dd": r",\d{4}/\d\d/\d\d,",
    "a birthday as MM/dd/yyyy": r",\d\d/\d\d/\d{4},",
    "a birthday as dd-MM-yyyy": r",\d\d-\d\d-\d{4},",
    "a mobile of 5 digits": r",\d{5}$",
    "a mobile of 6 digits": r",\d{6}$",
    "a mobile of 7 digits": r",\d{7}$",
    "a mobile of 8 digits": r",\d{8}$",
    "a spaced mobile": r",\d{4} \d{4}$",
    "the ending com": r"@[^,]+\.com,",
    "the ending net": r"@[^,]+\.net,",
    "the ending org": r"@[^,]+\.org,",
    "the ending info": r"@[^,]+\.info,",
    "the ending biz": r"@[^,]+\.biz,",
    "a title": r"^(Mr\.|Mrs\.|Ms\.|Miss|Dr\.) ",
    "a suffix": r"^[^,]+ (MD|DDS|DVM|PhD|Jr\.|Sr\.|II|III|IV|V),",
    "a title and a suffix": r"^(Mr\.|Mrs\.|Ms\.|Miss|Dr\.) [^,]+ (MD|DDS|DVM|PhD|Jr\.|Sr\.|II|III|IV|V),",
    "no name": r"^,",
    "no email": r"^[^,]+,,",
    "no birthday": r",,[\d ]+$",
    "no mobile": r",$",
}


def read(name: str) -> list[Application]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
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
    last_name = [word for word in row.name.split() if word not in AFFIXES][-1]
    return f"{last_name}_{sha256(f'{birthday(row):%Y%m%d}'.encode()).hexdigest()[:5]}"


def test_the_committed_files_are_what_the_generator_writes_today(tmp_path: Path) -> None:
    written = write_datasets(tmp_path / "application")
    assert [path.name for path in written] == list(FILES)
    for path in written:
        same = path.read_bytes() == (FOLDER / path.name).read_bytes()
        assert same, f"{path.name} differs; write it again with: python -m section1.sample"


@pytest.mark.parametrize(
    ("name", "count", "under_18", "successful"), [(FILES[0], 2000, 451, 273), (FILES[1], 3000, 620, 436)]
)
def test_each_file_has_its_rows_and_about_one_in_seven_succeeds(
    name: str, count: int, under_18: int, successful: int
) -> None:
    applications = read(name)
    counts = (len(applications), sum(map(is_under_18, applications)), sum(map(is_successful, applications)))
    assert counts == (count, under_18, successful)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("mess", MESS)
def test_each_file_holds_every_kind_of_mess(name: str, mess: str) -> None:
    assert re.search(MESS[mess], (FOLDER / name).read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_plain_utf_8_with_lf_line_ends_and_no_quotes(name: str) -> None:
    content = (FOLDER / name).read_bytes()
    assert content.startswith(b"name,email,date_of_birth,mobile_no\n")
    assert not set(b'\r"') & set(content)


@pytest.mark.parametrize("name", FILES)
def test_every_mobile_of_eight_digits_is_spaced_on_slashed_american_dates_and_nowhere_else(name: str) -> None:
    dated = [row for row in read(name) if row.date_of_birth and len(row.mobile_no.replace(" ", "")) == 8]
    american = [re.fullmatch(r"\d\d/\d\d/\d{4}", row.date_of_birth) is not None for row in dated]
    assert [" " in row.mobile_no for row in dated] == american


def test_two_successful_people_and_no_others_share_a_membership_id() -> None:
    emails = defaultdict(set)
    for row in filter(is_successful, read(FILES[0]) + read(FILES[1])):
        emails[membership_id(row)].add(row.email)
    assert {identity: found for identity, found in emails.items() if len(found) > 1} == {
        "Ashgrove_b27f6": {"Clara_Ashgrove@ashgrove.example.com", "Owen_Ashgrove@ashgrove.example.net"}
    }


def test_every_address_stands_below_an_example_host() -> None:
    addresses = [row.email for name in FILES for row in read(name) if row.email]
    assert [address for address in addresses if ".example." not in address] == []


def test_fewer_rows_are_the_first_of_more() -> None:
    assert list(rows(3, 10)) == list(islice(rows(3, 1000), 10))


def test_another_seed_gives_other_rows() -> None:
    assert set(rows(3, 100)).isdisjoint(rows(4, 100))
