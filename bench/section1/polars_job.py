"""Section 1's rules in Polars, as an expert would write them: lazy, streaming, only expressions.

The rules are approximations for the benchmark. They are not part of section 1's contract.
"""

import sys
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import polars as pl

from section1.core.columns import OUTPUTS, REQUIRED

FIRST_BIRTHDAY, LAST_ADULT_BIRTHDAY = date(1900, 1, 1), date(2004, 1, 1)
TITLES = "^(?i:(?:mrs?|ms|miss|mx|dr|prof)[.]? )+"
SUFFIXES = "(?i: (?:md|dds|dvm|phd|jr|sr|iii?|iv|v)[.]?)+$"
EMAIL = r"^[^@\s]+@(?:[A-Za-z0-9-]+[.])+(?i:com|net)$"


def label(source: Path, destination: Path) -> None:
    """Write the applications to the two outputs, in one pass over the files."""
    labelled = labelled_rows(source)
    rows = {
        "successful_application": with_membership_id(labelled.filter(pl.col("reasons") == "")),
        "unsuccessful_application": labelled.filter(pl.col("reasons") != ""),
    }
    sinks = []
    for output, columns in OUTPUTS.items():
        path = destination / output / "part-00000.csv"
        sinks.append(rows[output].select(columns).sink_csv(path, mkdir=True, maintain_order=False, lazy=True))
    pl.collect_all(sinks, engine="streaming")


def labelled_rows(source: Path) -> pl.LazyFrame:
    """Return the rows with cleaned values and reasons."""
    given = pl.scan_csv(source / "*.csv", infer_schema=False, include_file_paths="path")
    cleaned = given.select(
        full_name(),
        pl.col("email", "date_of_birth", "mobile_no").str.strip_chars(),
        *(pl.col(column).alias(f"raw_{column}") for column in REQUIRED),
        raw_row=pl.lit(None, pl.String),
        source_file=pl.col("path").str.strip_prefix(f"{source}/"),
    )
    typed = cleaned.with_columns(
        pl.when(pl.col("name").str.contains(r"\p{L}")).then("name"),
        pl.col("mobile_no").str.replace_all("[ -]", ""),
        born=birthday(),
    )
    last_name = pl.col("name").str.split(" ").list.last()
    return typed.with_columns(
        first_name=pl.col("name").str.strip_suffix(last_name).str.strip_chars_end(" "),
        last_name=last_name,
        date_of_birth=pl.col("born").dt.strftime("%Y%m%d"),
        above_18=(pl.col("born") <= LAST_ADULT_BIRTHDAY).cast(pl.String),
        reasons=reasons(),
    )


def full_name() -> pl.Expr:
    """Return the name without titles and suffixes, as long as one word remains."""
    words = pl.col("name").str.replace_all(r"[\s,]*\s[\s,]*", " ").str.strip_chars(" ,")
    return words.str.replace(TITLES, "").str.replace(SUFFIXES, "")


def birthday() -> pl.Expr:
    """Convert the four date formats to a date; an invalid one becomes null."""
    text = pl.col("date_of_birth")
    digits = text.str.replace_all("[/-]", "")
    year, start = digits.str.slice(4), digits.str.slice(0, 4)
    written = (
        pl.when(text.str.contains("^[0-9]{4}(?:-[0-9]{2}-|/[0-9]{2}/)[0-9]{2}$"))
        .then(digits)
        .when(text.str.contains("^[0-9]{2}/[0-9]{2}/[0-9]{4}$"))
        .then(year + start)
        .when(text.str.contains("^[0-9]{2}-[0-9]{2}-[0-9]{4}$"))
        .then(year + start.str.slice(2) + start.str.slice(0, 2))
    )
    born = written.str.to_date("%Y%m%d", strict=False)
    return pl.when(born >= FIRST_BIRTHDAY).then(born)


def reasons() -> pl.Expr:
    """Return the reasons that apply to each row, joined by semicolons."""
    has_birthday = pl.col("date_of_birth").fill_null("") != ""
    valid = {
        "name_missing": pl.col("name").is_not_null(),
        "mobile_invalid": pl.col("mobile_no").str.contains("^[0-9]{8}$"),
        "birthday_missing": has_birthday,
        "birthday_invalid": ~has_birthday | pl.col("born").is_not_null(),
        "under_18": pl.col("born").is_null() | (pl.col("born") <= LAST_ADULT_BIRTHDAY),
        "email_invalid": pl.col("email").str.contains(EMAIL),
    }
    # A condition that is null counts as not met.
    found = (pl.when(condition).then(None).otherwise(pl.lit(reason)) for reason, condition in valid.items())
    return pl.concat_str(*found, separator=";", ignore_nulls=True)


def with_membership_id(successful: pl.LazyFrame) -> pl.LazyFrame:
    """Add membership IDs from a lookup table of all adult birthdays, because Polars has no SHA-256."""
    days = [FIRST_BIRTHDAY + timedelta(days=n) for n in range((LAST_ADULT_BIRTHDAY - FIRST_BIRTHDAY).days + 1)]
    digests = [sha256(f"{day:%Y%m%d}".encode()).hexdigest()[:5] for day in days]
    lookup = pl.LazyFrame({"born": days, "digest": digests})
    joined = successful.join(lookup, on="born", how="left", maintain_order="none")
    return joined.with_columns(membership_id=pl.concat_str("last_name", "digest", separator="_"))


if __name__ == "__main__":
    label(Path(sys.argv[1]), Path(sys.argv[2]))
