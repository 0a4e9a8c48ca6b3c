"""Section 1's rules in plain Python, one character at a time: the expected results of both engines.

Source of every rule: section 1's README. It shares no code with the job on purpose: slow, small, easy to check.
"""

import hashlib
import unicodedata
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

WHITE_SPACE = " \t\n\r\v\f\u00a0\u3000"
DIGITS = "0123456789"
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
HOST_CHARACTERS = UPPER + UPPER.lower() + DIGITS + "-"
TITLES = ("mr", "mrs", "ms", "miss", "mx", "dr", "prof")
SUFFIXES = ("md", "dds", "dvm", "phd", "jr", "sr", "ii", "iii", "iv", "v")
DATE_SHAPES = ("yyyy-MM-dd", "yyyy/MM/dd", "MM/dd/yyyy", "dd-MM-yyyy")
FIRST_YEAR = 1900
LAST_ADULT_BIRTHDAY = date(2004, 1, 1)
EMAIL_ENDINGS = ("com", "net")
COLUMNS = ("name", "email", "date_of_birth", "mobile_no")


@dataclass(frozen=True)
class Verdict:
    """The expected result of a directory: rows per readable file, refused files, and the rows of both outputs.

    Rows have the outputs' columns as text; a missing value is empty. Malformed rows count, empty lines do not.
    """

    rows: dict[str, int]
    refused: frozenset[str]
    successful: list[tuple[str, ...]]
    unsuccessful: list[tuple[str, ...]]


@dataclass(frozen=True)
class Record:
    """A record of a file: its text without line end, its fields, and whether its quotes are valid."""

    text: str
    fields: tuple[str, ...]
    valid: bool


@dataclass(frozen=True)
class Field:
    """A field: its value, its end in the text, and whether its quotes are valid."""

    value: str
    end: int
    valid: bool


def judge(files: Mapping[str, bytes]) -> Verdict:
    """Label every row of the input files under the default rules, in order of file name and row."""
    verdict = Verdict({}, frozenset(), [], [])
    refused = set()
    for name in sorted(filter(is_input, files)):
        header, *rows = list(records(text_of(files[name]))) or [Record("", (), False)]
        columns = tuple(lower(trim(field)) for field in header.fields)
        if is_broken(header) or not has_columns(columns):
            refused.add(name)
            continue
        verdict.rows[name] = len(rows)
        for row in rows:
            judge_row(row, columns, name, verdict)
    return Verdict(verdict.rows, frozenset(refused), verdict.successful, verdict.unsuccessful)


def judge_row(row: Record, columns: tuple[str, ...], source_file: str, verdict: Verdict) -> None:
    """Append the row to one of the verdict's two lists."""
    if is_broken(row) or len(row.fields) != len(columns):
        verdict.unsuccessful.append(("",) * 6 + ("row_malformed",) + ("",) * 4 + (shown(row.text), source_file))
        return
    raw = tuple(row.fields[columns.index(column)] for column in COLUMNS)
    cleaned, reasons = label(*(trim(value) for value in raw))
    if reasons:
        verdict.unsuccessful.append((*cleaned, ";".join(reasons), *raw, "", source_file))
    else:
        verdict.successful.append((*cleaned, membership_id(cleaned[1], cleaned[2])))


def label(name: str, email: str, date_of_birth: str, mobile_no: str) -> tuple[tuple[str, ...], list[str]]:
    """Return the six cleaned values of trimmed fields, and every reason that applies."""
    first_name, last_name = split_name(name)
    mobile = mobile_no.replace(" ", "").replace("-", "")
    born = birthday(date_of_birth)
    adult = born is not None and born <= LAST_ADULT_BIRTHDAY
    problems = {
        "name_missing": last_name == "",
        "mobile_invalid": not is_mobile(mobile),
        "birthday_missing": date_of_birth == "",
        "birthday_invalid": date_of_birth != "" and born is None,
        "under_18": born is not None and not adult,
        "email_invalid": not is_email(email),
    }
    written = "" if born is None else born.isoformat().replace("-", "")
    above_18 = "" if born is None else str(adult).lower()
    cleaned = (first_name, last_name, written, mobile, email, above_18)
    return cleaned, [reason for reason in problems if problems[reason]]


def split_name(name: str) -> tuple[str, str]:
    """Return first and last name without titles and suffixes; both are empty when no letter is left."""
    words = deque(without_loose_commas(name).split(" "))
    while len(words) > 1 and is_one_of(words[0], TITLES):
        words.popleft()
    while len(words) > 1 and is_one_of(words[-1], SUFFIXES):
        words.pop()
    has_letter = any(unicodedata.category(character).startswith("L") for word in words for character in word)
    last_name = words.pop()
    return (" ".join(words), last_name) if has_letter else ("", "")


def without_loose_commas(name: str) -> str:
    """Replace each run of commas and white space by a space, except commas alone between other characters."""
    cleaned: list[str] = []
    at = 0
    while at < len(name):
        end = at
        while end < len(name) and name[end] in WHITE_SPACE + ",":
            end += 1
        if end == at:
            cleaned.append(name[at])
            at += 1
            continue
        run = name[at:end]
        stays = at > 0 and end < len(name) and all(character == "," for character in run)
        cleaned.append(run if stays else " ")
        at = end
    return trim("".join(cleaned))


def is_one_of(word: str, known: tuple[str, ...]) -> bool:
    """Return whether the word is a known one in any case, with or without a dot at its end."""
    return lower(word.removesuffix(".")) in known


def is_mobile(text: str) -> bool:
    return len(text) == 8 and all(character in DIGITS for character in text)


def birthday(text: str) -> date | None:
    """Return the date in one of the four shapes; None without such a day since 1900."""
    for shape in DATE_SHAPES:
        if has_shape(text, shape):
            year, month, day = (number(text, shape, letter) for letter in "yMd")
            try:
                return date(year, month, day) if year >= FIRST_YEAR else None
            except ValueError:
                return None
    return None


def has_shape(text: str, shape: str) -> bool:
    """Return whether the text has a digit wherever the shape has a letter, and the same other characters."""
    if len(text) != len(shape):
        return False
    return all(
        character in DIGITS if place.isalpha() else character == place
        for character, place in zip(text, shape, strict=True)
    )


def number(text: str, shape: str, letter: str) -> int:
    """Return the number at the places where the shape has this letter."""
    return int("".join(character for character, place in zip(text, shape, strict=True) if place == letter))


def is_email(text: str) -> bool:
    """Return whether the text is a local part without white space, one @, and a host with an allowed ending."""
    if text.count("@") != 1:
        return False
    local, host = text.split("@")
    labels = host.split(".")
    local_is_good = local != "" and not any(character in WHITE_SPACE for character in local)
    labels_are_good = all(name != "" and all(character in HOST_CHARACTERS for character in name) for name in labels)
    ending_is_good = len(labels) > 1 and lower(labels[-1]) in EMAIL_ENDINGS
    return local_is_good and labels_are_good and ending_is_good


def membership_id(last_name: str, written_birthday: str) -> str:
    """Return the last name, an underscore, and 5 hex digits of the SHA-256 of the yyyyMMdd birthday."""
    return last_name + "_" + hashlib.sha256(written_birthday.encode()).hexdigest()[:5]


def is_input(name: str) -> bool:
    """Return whether a file of this name is read: *.csv in any case, no dot file, no subdirectory."""
    return lower(name).endswith(".csv") and not name.startswith(".") and "/" not in name


def has_columns(columns: tuple[str, ...]) -> bool:
    return all(columns.count(column) == 1 for column in COLUMNS)


def text_of(content: bytes) -> str:
    """Return the file's text without its BOM; bytes that are not UTF-8 become lone surrogates."""
    return content.decode("utf-8", "surrogateescape").removeprefix("\ufeff")


def is_broken(record: Record) -> bool:
    """Return whether the record has invalid quotes, a NUL or bytes that are not UTF-8."""
    holds_bad_bytes = any("\udc80" <= character <= "\udcff" for character in record.text)
    return not record.valid or "\0" in record.text or holds_bad_bytes


def shown(text: str) -> str:
    """Replace bad bytes and NULs by U+FFFD."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace").replace("\0", "\ufffd")


def records(text: str) -> Iterator[Record]:
    """Yield every record of a file's text; empty lines are skipped."""
    at = 0
    while at < len(text):
        start, fields, valid = at, [], True
        while True:
            field = field_at(text, at)
            fields.append(field.value)
            valid = valid and field.valid
            at = field.end + 1
            if not text.startswith(",", field.end):
                break
        if field.end > start:
            yield Record(text[start : field.end], tuple(fields), valid)
        at = field.end + line_end(text, field.end)


def field_at(text: str, start: int) -> Field:
    """Return the field that starts here; it is quoted when its first character is a quote."""
    if not text.startswith('"', start):
        end = unquoted_end(text, start)
        return Field(text[start:end], end, True)
    value: list[str] = []
    at = start + 1
    while at < len(text):
        if text[at] == '"' and not text.startswith('""', at):
            end = unquoted_end(text, at + 1)
            return Field("".join(value), end, end == at + 1)
        value.append(text[at])
        at += 2 if text[at] == '"' else 1
    return Field("".join(value), len(text), False)


def unquoted_end(text: str, at: int) -> int:
    """Return the end of unquoted text that starts here: a comma, a line end or the end of the file."""
    while at < len(text) and text[at] != "," and not line_end(text, at):
        at += 1
    return at


def line_end(text: str, at: int) -> int:
    """Return the length of the line end here: LF 1, CR LF 2, otherwise 0 (a lone CR is text)."""
    return 2 if text.startswith("\r\n", at) else int(text.startswith("\n", at))


def lower(text: str) -> str:
    """Lower A-Z and nothing else; str.lower would also change the Kelvin sign into a k."""
    return "".join(chr(ord(character) + 32) if character in UPPER else character for character in text)


def trim(text: str) -> str:
    return text.strip(WHITE_SPACE)
