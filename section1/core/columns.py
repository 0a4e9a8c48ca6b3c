"""The columns of the input and of the two outputs, the reasons, and what is white space. Source: section1/README.md."""

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
# The folders of the destination, and what stands in their files.
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

NEEDS_QUOTES = re.compile(r'[",\r\n]')  # in a field of CSV
WHITE_SPACE = " \t\n\r\v\f\u00a0\u3000"


def header(columns: tuple[str, ...]) -> bytes:
    """Return the first line of an output's part files."""
    return f"{','.join(columns)}\n".encode()


class HeaderRefused(Exception):
    """The header lacks a required column or has it twice; says which, and quotes nothing of the file."""


def positions(header: list[str]) -> tuple[int, ...]:
    """Return where each required column stands in the header. Raises: HeaderRefused."""
    names = ["".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in name.strip(WHITE_SPACE)) for name in header]
    for column in REQUIRED:
        if names.count(column) != 1:
            raise HeaderRefused(f"the column '{column}' {'is missing' if column not in names else 'stands twice'}")
    return tuple(names.index(column) for column in REQUIRED)
