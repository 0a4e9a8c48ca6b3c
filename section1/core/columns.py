"""Columns of the input and the outputs, reasons, and white space. Source: section1/README.md."""

import re

REQUIRED = ("name", "email", "date_of_birth", "mobile_no")

_APPLICANT = ("first_name", "last_name", "date_of_birth", "mobile_no", "email", "above_18")
SUCCESSFUL = (*_APPLICANT, "membership_id")
UNSUCCESSFUL = (
    *_APPLICANT,
    "reasons",
    "raw_name",
    "raw_email",
    "raw_date_of_birth",
    "raw_mobile_no",
    "raw_row",
    "source_file",
)
# The directories of the destination, and the columns of their files.
OUTPUTS = {"successful_application": SUCCESSFUL, "unsuccessful_application": UNSUCCESSFUL}

REASONS = (
    "row_malformed",
    "name_missing",
    "mobile_invalid",
    "birthday_missing",
    "birthday_invalid",
    "under_18",
    "email_invalid",
)

NEEDS_QUOTES = re.compile(r'[",\r\n]')  # in a CSV field
WHITE_SPACE = " \t\n\r\v\f\u00a0\u3000"


def header(columns: tuple[str, ...]) -> bytes:
    """Return the first line of an output's part files."""
    return f"{','.join(columns)}\n".encode()


class HeaderRefused(Exception):
    """The header does not have every required column once. The message quotes nothing of the file."""


def positions(header: list[str]) -> tuple[int, ...]:
    """Return the position of each required column in the header. Raises: HeaderRefused."""
    names = ["".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in name.strip(WHITE_SPACE)) for name in header]
    for column in REQUIRED:
        if names.count(column) != 1:
            raise HeaderRefused(f"column '{column}' {'is missing' if column not in names else 'occurs twice'}")
    return tuple(names.index(column) for column in REQUIRED)
