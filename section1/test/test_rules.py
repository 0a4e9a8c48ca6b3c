"""Section 1's rules by example: the oracle and both engines must give exactly these rows.

A rule is changed in three places: section1_label.sql, oracle.py and the cases here.
"""

from collections import Counter
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import pytest

from section1.config import Rules
from section1.core.label_sql import latest_adult_birthday, parameters
from section1.test.engines import ENGINES
from section1.test.oracle import judge
from section1.test.support import BATCH, Row, config_for, csv_of, outputs_of, publish, rows_of, write_files

SHIPPED = Rules(
    as_of=date(2022, 1, 1),
    adult_age=18,
    email_endings=("com", "net"),
    date_shapes=("yyyy-MM-dd", "yyyy/MM/dd", "MM/dd/yyyy", "dd-MM-yyyy"),
)


class Case(NamedTuple):
    """An application, its cleaned values and its reasons."""

    raw: tuple[str, str, str, str] = ("Ada Lim", "ada@lim.com", "1990-12-10", "91234567")
    name: tuple[str, str] = ("Ada", "Lim")
    date_of_birth: str = "19901210"
    mobile_no: str = "91234567"
    email: str = "ada@lim.com"
    above_18: str = "true"
    reasons: str = ""

    @property
    def line(self) -> str:
        return ",".join('"' + value.replace('"', '""') + '"' for value in self.raw)

    @property
    def row(self) -> Row:
        cleaned = (*self.name, self.date_of_birth, self.mobile_no, self.email, self.above_18)
        if self.reasons:
            return (*cleaned, self.reasons, *self.raw, "", "a.csv")
        return (*cleaned, f"{self.name[1]}_{sha256(self.date_of_birth.encode()).hexdigest()[:5]}")


def id_of(case: Case) -> str:
    """Return the columns in which the case differs from a plain application."""
    columns = zip(("name", "email", "birthday", "mobile"), case.raw, Case().raw, strict=True)
    return ", ".join(f"{column} {raw!r}" for column, raw, plain in columns if raw != plain) or "plain"


def name(raw: str, first: str = "", last: str = "") -> Case:
    return Case((raw, *Case().raw[1:]), name=(first, last), reasons="" if last else "name_missing")


def email(raw: str, reasons: str = "email_invalid") -> Case:
    return Case(("Ada Lim", raw, *Case().raw[2:]), email=raw.strip(), reasons=reasons)


def birthday(raw: str, written: str = "", above_18: str = "", reasons: str = "") -> Case:
    reasons = reasons or ("" if written else "birthday_invalid")
    raws = (*Case().raw[:2], raw, "91234567")
    return Case(raws, date_of_birth=written, above_18=above_18, reasons=reasons)


def mobile(raw: str, written: str, reasons: str = "mobile_invalid") -> Case:
    return Case((*Case().raw[:3], raw), mobile_no=written, reasons=reasons)


CASES = [
    Case(),
    Case(
        (" ", " 9123 ", "31-02-1990", " 12-34"),
        *(("", ""), "", "1234", "9123", "", "name_missing;mobile_invalid;birthday_invalid;email_invalid"),
    ),
    Case(
        (" 12 ", " ada@lin.biz\n", "2004-01-02 ", "\t9123-456"),
        *(("", ""), "20040102", "9123456", "ada@lin.biz", "false"),
        "name_missing;mobile_invalid;under_18;email_invalid",
    ),
    # White space, words, titles and suffixes.
    name("  Ada \t Mei\u00a0\u3000Lim ", "Ada Mei", "Lim"),
    name("Maria de\u00a0la\tCruz", "Maria de la", "Cruz"),
    name("Ada\u2003Lovelace", "", "Ada\u2003Lovelace"),
    name("Lim", "", "Lim"),
    name("李 小龍", "李", "小龍"),
    name("தமிழ் செல்வி", "தமிழ்", "செல்வி"),
    name("Mr. Dr John  Smith\u3000Jr. MD", "John", "Smith"),
    name("Dr. Mrs Ada Lim PhD Jr.", "Ada", "Lim"),
    name("mr ada lim iii", "ada", "lim"),
    name("Dr", "", "Dr"),
    name("Mr Dr", "", "Dr"),
    name("Mr Jr", "", "Jr"),
    name("Ada Lim Dr", "Ada Lim", "Dr"),
    name("Dr.. Lim", "Dr..", "Lim"),
    name("Mi\u017f\u017f Lee", "Mi\u017f\u017f", "Lee"),
    # A comma beside white space or at an end is white space.
    name("Lim, Ada", "Lim", "Ada"),
    name("Ada Lim,", "Ada", "Lim"),
    name("Ada Lim,,", "Ada", "Lim"),
    name("Ada Lim, MD", "Ada", "Lim"),
    name(",Ada ,Lim,", "Ada", "Lim"),
    name("Smith, , PhD", "", "Smith"),
    name("a,, b", "a", "b"),
    name("a,,b", "", "a,,b"),
    name("Ada L,m", "Ada", "L,m"),
    *(name(raw) for raw in ("", " ", " \u3000", "123", "12 34", "--", "Mr .", "Mr 4.", "\u0663", "\u2167")),
    # Eight digits, with spaces and hyphens anywhere.
    *(mobile(raw, "91234567", "") for raw in ("9123 4567", "9123-4567", " -91 23--4567- ", "\u30009123 4567")),
    *(mobile(raw, raw) for raw in ("", "9123456", "912345678", "+9123456", "+6591234567", "9123456７")),
    *(mobile(raw, raw) for raw in ("9123\u00a04567", "9123456\u0667")),
    mobile("- -", ""),
    mobile("9123 456", "9123456"),
    mobile("912-345-678", "912345678"),
    mobile("-\t91234567", "\t91234567"),
    # One @, a host of labels, an ending.
    *(email(raw, "") for raw in ("a@b.com", "a@b.c.net", "A.b+c@B-1.COM", 'a"@x.com', "a@-.com", "A@b.c.NeT")),
    *(email(raw, "") for raw in ("名\"',@-.com", "a\u2003b@9.net", "\ta@com.com\n")),
    *(email(raw) for raw in ("", "a@com", "@b.com", "a@@b.com", "a@b@c.com", "a b@c.com", "a\u3000@lin.com")),
    *(email(raw) for raw in ("a@.com", "a@b..com", "a@b.com.", "a@b.org", "a@b_c.com", "a@é.com")),
    *(email(raw) for raw in ("a@lin\u212a.com", "a@lin.comm")),
    # Four date shapes, existing days since 1900, and the age on 2022-01-01.
    *(birthday(raw, "20031231", "true") for raw in ("2003-12-31", "2003/12/31", "12/31/2003", "31-12-2003")),
    birthday("\r\n31-12-2003\u00a0", "20031231", "true"),
    birthday("2004-01-01", "20040101", "true"),
    birthday("1900-01-01", "19000101", "true"),
    birthday("2004-01-02", "20040102", "false", "under_18"),
    birthday(" \v\f", reasons="birthday_missing"),
    *(birthday(raw) for raw in ("2003-12/31", "31/12/2003", "12-31-2003", "2003-1-02", "90-12-10", "1990.12.10")),
    *(birthday(raw) for raw in ("2001-02-31", "1900-02-29", "1899-12-31", "0000-01-01", "20031231", "x")),
    *(birthday(raw) for raw in ("2003-12-31T", "1990-12-10T00:00", "2003 -12-31")),
    *(birthday(raw) for raw in ("2003-12-3\u0661", "2003\u201012\u201031")),
]


@pytest.mark.parametrize("case", CASES, ids=id_of)
def test_oracle_labels_the_case(case: Case) -> None:
    verdict = judge({"a.csv": csv_of(case.line)})
    assert verdict.successful + verdict.unsuccessful == [case.row]


@ENGINES
def test_engine_labels_all_cases(engine: str, tmp_path: Path) -> None:
    config = config_for(tmp_path, engine=engine, rules=SHIPPED)
    write_files(config.source, {"a.csv": csv_of(*(case.line for case in CASES))})
    publish(config)
    successful, unsuccessful = outputs_of(config)
    assert successful == Counter(case.row for case in CASES if not case.reasons)
    assert unsuccessful == Counter(case.row for case in CASES if case.reasons)


def test_membership_id_is_last_name_and_hash_of_birthday() -> None:
    [row] = judge({"a.csv": csv_of("Patty Smith,a@b.com,1975-08-27,91234567")}).successful
    assert row[6] == "Smith_c7677"


def reasons_with(tmp_path: Path, values: dict[str, str], **changes: object) -> list[str]:
    """Return the reasons of applications that differ in one column, under changed rules; empty when successful."""
    config = config_for(tmp_path, rules=SHIPPED.model_copy(update=changes))
    found = []
    for column, value in values.items():
        raw = {"name": "Ada Lim", "email": "ada@lim.com", "date_of_birth": "1990-12-10", "mobile_no": "91234567"}
        raw[column.partition(" ")[0]] = value
        write_files(config.source, {"a.csv": csv_of(",".join(raw.values()))})
        publish(config, reprocess=True)
        rows = rows_of(config.destination / "unsuccessful_application" / BATCH)
        found.append(rows[0][6] if rows else "")
    return found


def test_adult_age_and_its_day_are_configurable(tmp_path: Path) -> None:
    birthdays = {"date_of_birth 1": "2005-01-01", "date_of_birth 2": "2005-01-02"}
    assert reasons_with(tmp_path, birthdays, as_of=date(2026, 1, 1), adult_age=21) == ["", "under_18"]


def test_email_endings_are_configurable(tmp_path: Path) -> None:
    emails = {"email 1": "a@b.Org", "email 2": "a@b.X-1", "email 3": "a@b.com"}
    assert reasons_with(tmp_path, emails, email_endings=("org", "x-1")) == ["", "", "email_invalid"]


def test_date_shapes_are_configurable(tmp_path: Path) -> None:
    birthdays = {"date_of_birth 1": "25/12/1990", "date_of_birth 2": "1990-12-25"}
    assert reasons_with(tmp_path, birthdays, date_shapes=("dd/MM/yyyy",)) == ["", "birthday_invalid"]


def test_adult_birthday_without_29_february_is_the_28th() -> None:
    assert latest_adult_birthday(SHIPPED.model_copy(update={"as_of": date(2024, 2, 29)})) == date(2006, 2, 28)


def test_email_ending_pattern_matches_ascii_letters_only() -> None:
    assert parameters(SHIPPED)["email_endings"] == "[Cc][Oo][Mm]|[Nn][Ee][Tt]"
