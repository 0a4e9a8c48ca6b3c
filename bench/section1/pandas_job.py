"""Section 1's rules in pandas, as an analyst would write them: string methods, one file at a time.

The rules are approximations for the benchmark. They are not part of section 1's contract.
"""

import re
import sys
from datetime import date
from hashlib import sha256
from pathlib import Path

import pandas as pd

from section1.core.columns import OUTPUTS, REQUIRED

LAST_ADULT_BIRTHDAY = "20040101"
TITLES = r"^(?:(?:mrs?|ms|miss|mx|dr|prof)\.? )+"
SUFFIXES = r"(?: (?:md|dds|dvm|phd|jr|sr|iii?|iv|v)\.?)+\Z"
EMAIL = r"[^@\s]+@(?:[A-Za-z0-9-]+\.)+(?:[Cc][Oo][Mm]|[Nn][Ee][Tt])"
ANY_CASE = {"regex": True, "flags": re.IGNORECASE}


def label(source: Path, destination: Path) -> None:
    """Write the applications to the two outputs."""
    for number, path in enumerate(sorted(source.glob("*.csv"))):
        rows = labelled(pd.read_csv(path, dtype=str, keep_default_na=False)).assign(source_file=path.name)
        successful = rows["reasons"] == ""
        for (output, columns), chosen in zip(OUTPUTS.items(), (successful, ~successful), strict=True):
            (destination / output).mkdir(parents=True, exist_ok=True)
            part = destination / output / "part-00000.csv"
            rows.loc[chosen, columns].to_csv(part, mode="a", header=number == 0, index=False)


def labelled(given: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with cleaned values and reasons."""
    rows = given[list(REQUIRED)].apply(lambda column: column.str.strip())
    rows["birthday"] = rows["date_of_birth"]
    rows["date_of_birth"] = birthdays(rows["birthday"])
    rows["mobile_no"] = rows["mobile_no"].str.replace("[ -]", "", regex=True)
    rows["full_name"] = full_names(given["name"])
    rows[["first_name", "last_name"]] = rows["full_name"].str.extract("^(?:(.*) )?(.*)$").fillna("")
    is_adult = rows["date_of_birth"] <= LAST_ADULT_BIRTHDAY
    rows["above_18"] = is_adult.map({True: "true", False: "false"}).where(rows["date_of_birth"] != "", "")
    rows["reasons"] = reasons(rows)
    rows["membership_id"] = rows["last_name"] + "_" + digests(rows["date_of_birth"])
    return rows.join(given.add_prefix("raw_")).assign(raw_row="")


def full_names(names: pd.Series) -> pd.Series:
    """Return names without titles and suffixes. A name without a letter becomes empty."""
    words = names.str.replace(r"[\s,]*\s[\s,]*", " ", regex=True).str.strip(" ,")
    bare = words.str.replace(TITLES, "", **ANY_CASE).str.replace(SUFFIXES, "", **ANY_CASE)
    return bare.where(bare.map(lambda name: any(map(str.isalpha, name))), "")


def birthdays(texts: pd.Series) -> pd.Series:
    """Convert the four date formats to yyyyMMdd; an invalid date becomes empty."""
    year_first = texts.str.fullmatch("[0-9]{4}(?:-[0-9]{2}-|/[0-9]{2}/)[0-9]{2}")
    month_first = texts.str.fullmatch("[0-9]{2}/[0-9]{2}/[0-9]{4}")
    day_first = texts.str.fullmatch("[0-9]{2}-[0-9]{2}-[0-9]{4}")
    written = pd.Series("", texts.index).mask(year_first, texts.str[:4] + texts.str[5:7] + texts.str[8:])
    written = written.mask(month_first, texts.str[6:] + texts.str[:2] + texts.str[3:5])
    written = written.mask(day_first, texts.str[6:] + texts.str[3:5] + texts.str[:2])
    return written.where(written.isin([day for day in written.unique() if is_day(day)]), "")


def is_day(written: str) -> bool:
    """Return whether the text is an existing date from 1900 on."""
    try:
        return date.fromisoformat(written).year >= 1900
    except ValueError:
        return False


def reasons(rows: pd.DataFrame) -> pd.Series:
    """Return the reasons that apply to each row, joined by semicolons."""
    birthday, written = rows["birthday"], rows["date_of_birth"]
    faults = {
        "name_missing": rows["full_name"] == "",
        "mobile_invalid": ~rows["mobile_no"].str.fullmatch("[0-9]{8}"),
        "birthday_missing": birthday == "",
        "birthday_invalid": (birthday != "") & (written == ""),
        "under_18": written > LAST_ADULT_BIRTHDAY,
        "email_invalid": ~rows["email"].str.fullmatch(EMAIL),
    }
    joined = pd.Series("", rows.index)
    for reason, fault in faults.items():
        joined = joined.mask(fault, joined + ";" + reason)
    return joined.str.removeprefix(";")


def digests(written: pd.Series) -> pd.Series:
    """Return the first five hex digits of each birthday's SHA-256, computed once per distinct birthday."""
    return written.map({day: sha256(day.encode()).hexdigest()[:5] for day in written.unique()})


if __name__ == "__main__":
    label(Path(sys.argv[1]), Path(sys.argv[2]))
