"""What the rules make of one application, and what changing them changes."""

from datetime import date
from pathlib import Path

import pytest

from section1.config import Rules
from section1.core.columns import SUCCESSFUL, UNSUCCESSFUL
from section1.core.label_sql import latest_adult_birthday, parameters
from section1.test.support import BATCH, Row, application, config_for, csv_of, publish, rows_of, write_files

SHIPPED = Rules(
    as_of=date(2022, 1, 1),
    adult_age=18,
    email_endings=("com", "net"),
    date_shapes=("yyyy-MM-dd", "yyyy/MM/dd", "MM/dd/yyyy", "dd-MM-yyyy"),
)


def label(folder: Path, line: str, rules: Rules = SHIPPED) -> dict[str, str]:
    """Return the one row that the job makes of a line of CSV, by column; without reasons when it is successful."""
    config = config_for(folder, rules=rules)
    write_files(config.source, {"a.csv": csv_of(line)})
    publish(config)
    good: list[Row] = rows_of(config.destination / "successful_application" / BATCH)
    bad: list[Row] = rows_of(config.destination / "unsuccessful_application" / BATCH)
    assert len(good) + len(bad) == 1
    return dict(zip(SUCCESSFUL, good[0], strict=True)) if good else dict(zip(UNSUCCESSFUL, bad[0], strict=True))


def test_a_successful_row_has_its_membership_id(tmp_path: Path) -> None:
    assert label(tmp_path, application()) == {
        "first_name": "Ada",
        "last_name": "Lim",
        "date_of_birth": "19901210",
        "mobile_no": "91234567",
        "email": "ada@lim.com",
        "above_18": "true",
        "membership_id": "Lim_1218b",
    }


def test_an_unsuccessful_row_keeps_what_was_read_and_every_reason(tmp_path: Path) -> None:
    assert label(tmp_path, " , 9123 ,31-02-1990, 12-34") == {
        "first_name": "",
        "last_name": "",
        "date_of_birth": "",
        "mobile_no": "1234",
        "email": "9123",
        "above_18": "",
        "reasons": "name_missing;mobile_invalid;birthday_invalid;email_invalid",
        "raw_name": " ",
        "raw_email": " 9123 ",
        "raw_date_of_birth": "31-02-1990",
        "raw_mobile_no": " 12-34",
        "raw_row": "",
        "source_file": "a.csv",
    }


@pytest.mark.parametrize(
    ("name", "first_name", "last_name"),
    [
        ("Ada Lim", "Ada", "Lim"),
        ("  Ada \t Mei\u00a0\u3000Lim ", "Ada Mei", "Lim"),
        ("Lim", "", "Lim"),
        ("Dr. Mrs Ada Lim PhD Jr.", "Ada", "Lim"),
        ("mr ada lim iii", "ada", "lim"),
        ("Dr", "", "Dr"),
        ("Mr Jr", "", "Jr"),
        ("Ada Lim Dr", "Ada Lim", "Dr"),
        ("Dr.. Lim", "Dr..", "Lim"),
        ("李 小龍", "李", "小龍"),
        ("அருள் குமார்", "அருள்", "குமார்"),
    ],
)
def test_a_name_is_its_words_without_titles_and_suffixes(
    name: str, first_name: str, last_name: str, tmp_path: Path
) -> None:
    row = label(tmp_path, application(name=name))
    assert (row["first_name"], row["last_name"]) == (first_name, last_name)


@pytest.mark.parametrize(
    ("name", "last_name"),
    [
        ('"Lim, Ada"', "Ada"),
        ('"Ada Lim,"', "Lim"),
        ('"Ada Lim, MD"', "Lim"),
        ('"Ada Lim,,"', "Lim"),
        ('"Ada L,m"', "L,m"),
    ],
)
def test_a_comma_beside_white_space_or_at_an_end_is_white_space(name: str, last_name: str, tmp_path: Path) -> None:
    assert label(tmp_path, application(name=name))["last_name"] == last_name


@pytest.mark.parametrize("name", ["", " ", "123", "Mr 4.", "-"])
def test_a_name_without_a_letter_left_is_missing(name: str, tmp_path: Path) -> None:
    row = label(tmp_path, application(name=name))
    assert (row["first_name"], row["last_name"], row["reasons"]) == ("", "", "name_missing")


@pytest.mark.parametrize("mobile_no", ["91234567", "9123 4567", "9123-4567", " 9 1 2 3 4567\t"])
def test_a_mobile_of_eight_digits_may_have_spaces_and_hyphens(mobile_no: str, tmp_path: Path) -> None:
    row = label(tmp_path, application(mobile_no=mobile_no))
    assert (row["mobile_no"], row.get("reasons")) == ("91234567", None)


@pytest.mark.parametrize("mobile_no", ["", "9123456", "912345678", "+6591234567", "9123456７"])
def test_any_other_mobile_is_invalid(mobile_no: str, tmp_path: Path) -> None:
    assert label(tmp_path, application(mobile_no=mobile_no))["reasons"] == "mobile_invalid"


@pytest.mark.parametrize("email", ["a@b.com", "a@b.c.net", "A.b+c@B-1.COM", 'a"@x.com', "a@-.com"])
def test_a_good_email_ends_in_com_or_net(email: str, tmp_path: Path) -> None:
    assert "reasons" not in label(tmp_path, application(email=email))


@pytest.mark.parametrize(
    "email",
    [
        "",
        "@b.com",
        "a@com",
        "a@.com",
        "a@b..com",
        "a@b.com.",
        "a@b.org",
        "a b@c.com",
        "a@b@c.com",
        "a@b_c.com",
        "a@é.com",
    ],
)
def test_any_other_email_is_invalid(email: str, tmp_path: Path) -> None:
    assert label(tmp_path, application(email=email))["reasons"] == "email_invalid"


@pytest.mark.parametrize("written", ["1990-12-10", "1990/12/10", "12/10/1990", "10-12-1990", " 1990-12-10 "])
def test_the_four_date_shapes_are_told_apart(written: str, tmp_path: Path) -> None:
    assert label(tmp_path, application(date_of_birth=written))["date_of_birth"] == "19901210"


@pytest.mark.parametrize(
    "written",
    [
        "1990-02-31",
        "1899-12-31",
        "1990-1-10",
        "90-12-10",
        "1990.12.10",
        "13/10/1990",
        "10-13-1990",
        "1990-12-10T00:00",
        "x",
    ],
)
def test_any_other_birthday_is_invalid_and_written_empty(written: str, tmp_path: Path) -> None:
    row = label(tmp_path, application(date_of_birth=written))
    assert (row["date_of_birth"], row["above_18"], row["reasons"]) == ("", "", "birthday_invalid")


def test_no_birthday_is_missing_not_invalid(tmp_path: Path) -> None:
    assert label(tmp_path, application(date_of_birth=" "))["reasons"] == "birthday_missing"


def test_who_is_eighteen_on_the_first_of_january_2022_is_above_18(tmp_path: Path) -> None:
    assert label(tmp_path, application(date_of_birth="2004-01-01"))["above_18"] == "true"


def test_who_is_born_a_day_later_is_not(tmp_path: Path) -> None:
    row = label(tmp_path, application(date_of_birth="2004-01-02"))
    assert (row["above_18"], row["reasons"]) == ("false", "under_18")


def test_the_age_and_its_day_are_configuration(tmp_path: Path) -> None:
    rules = SHIPPED.model_copy(update={"as_of": date(2026, 1, 1), "adult_age": 21})
    assert "reasons" not in label(tmp_path / "old", application(date_of_birth="2005-01-01"), rules)
    assert label(tmp_path / "young", application(date_of_birth="2005-01-02"), rules)["reasons"] == "under_18"


def test_the_endings_are_configuration(tmp_path: Path) -> None:
    rules = SHIPPED.model_copy(update={"email_endings": ("org", "x-1")})
    assert "reasons" not in label(tmp_path / "org", application(email="a@b.Org"), rules)
    assert "reasons" not in label(tmp_path / "x-1", application(email="a@b.X-1"), rules)
    assert label(tmp_path / "com", application(email="a@b.com"), rules)["reasons"] == "email_invalid"


def test_which_place_is_the_month_is_configuration(tmp_path: Path) -> None:
    rules = SHIPPED.model_copy(update={"date_shapes": ("dd/MM/yyyy",)})
    assert label(tmp_path / "day", application(date_of_birth="10/12/1990"), rules)["date_of_birth"] == "19901210"
    assert label(tmp_path / "iso", application(date_of_birth="1990-12-10"), rules)["reasons"] == "birthday_invalid"


def test_who_turns_eighteen_on_a_29_february_that_is_none_must_be_born_by_the_28th() -> None:
    rules = SHIPPED.model_copy(update={"as_of": date(2024, 2, 29)})
    assert latest_adult_birthday(rules) == date(2006, 2, 28)


def test_an_ending_is_matched_in_either_case_of_ascii_alone() -> None:
    assert parameters(SHIPPED)["email_endings"] == "[Cc][Oo][Mm]|[Nn][Ee][Tt]"
