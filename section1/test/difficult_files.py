"""Generated source directories with difficult content: `directories()` draws file names and bytes.

Most values are valid, so that rows succeed. Each pool starts with its plainest value, towards which examples shrink.
Bytes that are not UTF-8 are written as lone surrogates (`surrogateescape`).
"""

import unicodedata
from collections.abc import Sequence
from itertools import chain, product
from typing import Any, NamedTuple, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")
COLUMNS = ("name", "email", "date_of_birth", "mobile_no")
ANY = "\ue000"  # placeholder for a character that is drawn from all of Unicode


def mostly(plain: T, times: int, *odd: T) -> tuple[T, ...]:
    """Return a pool with the plain value repeated, then each odd value once."""
    return (plain,) * times + odd


# fmt: off
# Values; {} is the placeholder for the inner text. The last PADS and GAPS look like white space but are not.
PADS = mostly(
    "{}", 50, " {}", "{} ", "\t{}", "{}\n", "{}\r", "\r\n{}", "{}\v", "\f{}", "\u00a0{}", "{}\u3000",
    " \u3000{}\t ", "{}\u2003", "\u0085{}", "{}\x1c", "\ufeff{}", "{}\u200b", '"{}"', ' "{}"',
)
GAPS = mostly(
    " ", 30, "  ", "\t", "\u00a0", "\u3000", "\n", "\r\n", "\r", "\v", "\f", " \t ", " , ", ", ", " ,", ",,", ",",
    ",, ", ", ,", "\u00a0,", "\u2003", "\u0085", "\x1f", "\u200b",
)
DRESSES = mostly(
    "{}", 24, "Mr {}", "mrs. {}", "MISS {}", "Prof. Dr. {}", "mx {} jr", "{} MD", "{}, Jr.", "{},Sr", "{} iii",
    "Ms.{}", "Dr.. {}", "Dr, {}", "Mr,{}", "Mr Mrs {} DDS PhD.", "{} Dr", "Jr {}", "{} V", "{} iV.", "{} Ph.D.",
    "{} II.,", ",{}", "{},", " ,{}, ", "Mi\u017f\u017f {}", "Mr\u017f {}", "{} \u017fr", "{} DD\u017f", "{} .",
    "- {}", "Mr", "Dr PhD",
)
CORES = mostly(
    "Ada Lovelace", 12, "Plato", "Jean-Luc O'Neil", "Maria de la Cruz", "陈 伟", "陈伟", "தமிழ் செல்வி", "e\u0301 x",
    "\u212aim Lee", "Zo\u00eb \u0130z", "a,b", "a b,,c", "Lee 3rd", "Dr. No", "V", 'Q"uote d', 'x""y z', "名😀",
    ANY * 3, "", " ", "12 34", "--", ",", ".", '"', "\u0bbf", "\u0663", "💥 !", "\ufeff", "\u2167", "Mr", "Mr. Jr",
    f"a{ANY} {ANY}b",
)
LOCALS = mostly(
    "ada", 90, "a.b+c", "o'n", '"q"', "名", "a,b", "é", ".", "a\u2003b", "a\x1fb", f"a{ANY}", "A_B", "", "a b",
    "a\u00a0b", "a\u3000", "a\nb", "a\tb", "\fa", "a@b",
)
AT_SIGNS = mostly("@", 90, "@@", "", " @", "@ ", "\uff20")
HOSTS = mostly(
    "lin.com", 80, "woodward-fuller.net", "A.B.COM", "x.Com", "9.nEt", "-.com", "a.b.c.d.net", "com.com", "com.net",
    "lin.biz", "lin.org", "com", ".com", "a..com", "a.com.", "a.com.sg", "a.comm", "acom", "a_b.com",
    "m\u00fcn.com", "a b.com", "lin\u212a.com", "\u017f.net", "a.c\u03bfm", "a.com,", "a.com;b.net",
    "a.com\u00a0b.net", "", f"{ANY}.com", "a\n.com",
)
DAYS = mostly(
    ("1986", "01", "10"), 36, ("1950", "12", "31"), ("2003", "12", "31"), ("2004", "01", "01"),
    ("2004", "01", "02"), ("2000", "02", "29"), ("1900", "01", "01"), ("1999", "11", "12"), ("1899", "12", "31"),
    ("1900", "02", "29"), *(("2018", "09", "25"),) * 3, ("9999", "12", "31"), ("2001", "02", "31"),
    ("1990", "00", "10"), ("1990", "13", "01"), ("1990", "04", "31"), ("1990", "05", "00"), ("0000", "01", "01"),
    ("0001", "01", "01"), ("2004", "02", "30"),
)
SHAPES = (
    *("{0}-{1}-{2}", "{0}/{1}/{2}", "{1}/{2}/{0}", "{2}-{1}-{0}") * 40, *("",) * 8, " ", "{0}{1}{2}", "{0}.{1}.{2}",
    "{0}-{1}/{2}", "{0}/{1}-{2}", "{2}/{1}/{0}", "{1}-{2}-{0}", "1986-1-2", "2/03/1986", "{1}/{2}/86",
    "0{0}-{1}-{2}", "+{0}-{1}-{2}", "-{0}-{1}-{2}", "{0}-{1}-{2}T", "{0}-{1}-{2} 00:00:00", "{0}-{1}-{2}x",
    "{0} -{1}-{2}", "{0}- 1-02", "1986-+1-02", "{0}\u2010{1}\u201010", "{0}-{1}-\u0661\u0660", "\uff11986-01-10",
    "n/a", "0", ANY, "\u0661\u0669\u0668\u0666-\u0660\u0661-\u0660\u0662",
)
MOBILES = mostly(
    "91234567", 90, "9123 4567", "9123-4567", "00000000", "9-1 2--3 4 5 6 7 ", "-91234567-", " - 91234567",
    "9123  4567", "9123456", "912345678", "1", "", " ", "-", "- -", "6591234567", "+9123456", "9123456x",
    "9.123456", "9123\t4567", "9123\u00a04567", "9123\u30004567", "9123\u20104567", "9123\u00ad4567",
    "9123456\u0667", "\uff191234567", "-\t91234567", "9123\n4567", '9123"4567', "1e7", "0x123456", ANY,
    "9123\u22124567",
)

# Lines. A defect is (kind, piece).
STYLES = mostly("needed", 6, "all", "loose", "loose")
TAILS = ("x", " ", "\t", 'x"y', 'x"', "\r", "\rx", ' "b"', "é", "\u00a0")
BAD_BYTES = (
    "\udcff", "\udcc3", "\udced\udca0\udc80", "\udcc0\udcaf", "\udcf0\udc9f\udc98", "\udc80",
    "\udcf4\udc90\udc80\udc80",
)
TANGLES = (
    '"a"', '""', '"a""b"', 'a"', ' "a"', '"a,b"', '"a\nb"', '"\r\n"', '""""', 'a""b', "", "\r", "a", '"\n\n"',
    '"a"b', '"',
)
LINES = (
    "", "", "", " ", "   ", '""', '""', '""', "\t", ",,,", ",,,", "\r", '"\n"', ",", '"a"\r', '"', "\u00a0",
    ",".join(COLUMNS),
)
DEFECTS = mostly(
    ("sound", ""), 240, ("short", ""), ("short", ""), ("long", "x"), ("long", ""), ("long", '""'), ("twice", ""),
    *(("tail", tail) for tail in TAILS), *(("splice", piece) for piece in (*BAD_BYTES, "\0", "\0", "\0", "\0")),
    *(("open", ""),) * 12, *(("line", line) for line in LINES), *(("tangle", ""),) * 6,
)
MIXED_ENDS = ("\n", "\r\n", "\n", "\r\n", "\n", "\n\n", "\r\n\r\n\n", "\r", "\r\r\n")

# Files.
GOOD_HEADERS: tuple[tuple[str, ...], ...] = (
    ("mobile_no", "date_of_birth", "email", "name"), ("email", "name", "mobile_no", "date_of_birth"),
    ("id", *COLUMNS), (*COLUMNS, "note"), ("note", *COLUMNS, "note"), (*COLUMNS, ""),
    ("NAME", "Email", "Date_Of_Birth", "MOBILE_NO"), (" name", "email\t", "\u00a0date_of_birth", "mobile_no\u3000"),
    tuple(f'"{column}"' for column in COLUMNS),
    ('"name "', "email", '"\ndate_of_birth"', '" Mobile_No"', '"a,b"', '"c""d"'), (*COLUMNS, 'n"o'),
)
BAD_HEADERS: tuple[tuple[str, ...], ...] = (
    COLUMNS[1:], COLUMNS[:3], (*COLUMNS, "Name "), ("mobile_no", *COLUMNS), ("name\u2003", *COLUMNS[1:]), ("", ""),
    ('"name"x', *COLUMNS[1:]), ('"name" ', *COLUMNS[1:]), (*COLUMNS, "\udcff"), (*COLUMNS, "n\0te"),
    (*COLUMNS, '"'), ("name", "ema\u0130l", *COLUMNS[2:]), ('""',), (" ",), ("name;email;date_of_birth;mobile_no",),
)
HEADERS = mostly(COLUMNS, 60, *GOOD_HEADERS * 4, *BAD_HEADERS)
STARTS = mostly("", 60, *("\ufeff",) * 10, "\n", "\r\n\n", "\ufeff\n", "\ufeff\ufeff", "\n\ufeff", " \n", "\r", '""\n')
LINE_ENDS = mostly("\n", 16, *("\r\n",) * 10, *("mixed",) * 10, "\r")
FILE_ENDS = mostly("as a line", 6, "", "", "", "\n\n", "\r\n\r\n", "\r", " ", "\n ", "\0", '\n"open, to the\nend\n')
KINDS = ("plain", "all", "all")
WHOLES = mostly(
    "", 80, "zero bytes", "zero bytes", "zero bytes", "\ufeff", "\n", "\r\n\n\r\n", "\r", '"', "header only",
)
INPUT_NAMES = (
    "a.csv", "b.csv", "C.CSV", "d.Csv", "e f.csv", "g,h.csv", "[i]*.csv", "{j,k}?.csv", "名單.csv", 'l"m.csv',
    "_n.csv", "o:p.csv", "q.csv.csv", "~r#.csv", "$s.csv", "-t.csv", "u=v.csv", "w\\x.csv", "y'z.csv", "50%25.csv",
)
OTHER_NAMES = (".hidden.csv", ".csv", "notes.txt", "csv", "old.csv.bak", "k.csv ", "l.c\u017fv", "m.csv.gz")
NAMES = mostly("a.csv", 12, *INPUT_NAMES * 2, *OTHER_NAMES)
# fmt: on


class Row(NamedTuple):
    """A line before it is written: values by column, quoting style and defect."""

    values: dict[str, str]
    style: str
    defect: tuple[str, str]
    at: int
    mixed_end: str


def one_of_each(*pools: Sequence[Any]) -> st.SearchStrategy[list[Any]]:
    """Draw one value of every pool at once: a single draw takes 30 microseconds, and hundreds are needed."""

    def pick(drawn: bytes) -> list[Any]:
        numbers = memoryview(drawn).cast("H")
        return [pool[number % len(pool)] for pool, number in zip(pools, numbers, strict=True)]

    size = 2 * len(pools)
    return st.binary(min_size=size, max_size=size).map(pick)


def known_characters() -> list[str]:
    """Return characters whose category has not changed since Unicode 3.2: all engines agree on those."""
    planes = (range(0x20, 0xD800), range(0xF900, 0x10000), range(0x10300, 0x10350), range(0x20000, 0x20020))
    characters = (chr(code) for code in chain.from_iterable(planes))
    return [c for c in characters if unicodedata.category(c) == unicodedata.ucd_3_2_0.category(c) != "Cn"]


NAME_POOLS = (CORES, DRESSES, GAPS, PADS)
EMAIL_POOLS = (LOCALS, AT_SIGNS, HOSTS, PADS)
DATE_POOLS = (SHAPES, DAYS, PADS)
MOBILE_POOLS = (MOBILES, PADS)
LINE_POOLS = (STYLES, DEFECTS, range(64), MIXED_ENDS)
FILE_POOLS = (STARTS, HEADERS, LINE_ENDS, FILE_ENDS, WHOLES, KINDS)


def row_of(parts: list[Any]) -> Row:
    core, dress, gap, name_pad, local, amp, host, email_pad, shape, day, date_pad, mobile, mobile_pad = parts[:13]
    style, defect, at, mixed_end, *tangle_and_any = parts[13:]
    values = {
        "name": name_pad.format(dress.format(core).replace(" ", gap)),
        "email": email_pad.format(local + amp + host),
        "date_of_birth": date_pad.format(shape.format(*day)),
        "mobile_no": mobile_pad.format(mobile),
    }
    for column, character in product(values, tangle_and_any[4:]):
        values[column] = values[column].replace(ANY, character, 1)
    if defect[0] == "tangle":
        defect = ("line", ",".join(tangle_and_any[:4]))
    return Row(values | {"id": "7", "note": 'n, "o"', "": "x"}, style, defect, at, mixed_end)


def without_defects(row: Row) -> Row:
    """Return the row without defects and characters that need quotes, so that some files are plain."""
    special = str.maketrans("", "", ',"\r\n')
    values = {column: value.translate(special) for column, value in row.values.items()}
    return row._replace(values=values, style="needed", defect=("sound", ""))


def cell(value: str, style: str) -> str:
    """Return the value as CSV; loose style quotes only where the record would break otherwise."""
    special = ",\n" if style == "loose" else ',"\n\r'
    quoted = style == "all" or value.startswith('"') or any(character in value for character in special)
    return '"' + value.replace('"', '""') + '"' if quoted else value


def line(row: Row, header: tuple[str, ...]) -> str:
    """Return the row as a line without its end, with its defect."""
    keys = [name.strip('" \t\n\u00a0\u3000').lower() for name in header]
    cells = [cell(row.values.get(key, ""), row.style) for key in keys]
    kind, piece = row.defect
    spot = row.at % len(cells)
    if kind == "tail":
        cells[spot] = cell(row.values.get(keys[spot], ""), "all") + piece
    elif kind == "open":
        cells[spot] = '"' + row.values.get(keys[spot], "").replace('"', '""')
    whole = ",".join(cells)
    at = row.at % (len(whole) + 1)
    other = {
        "short": ",".join(cells[1:]),
        "long": f"{whole},{piece}",
        "twice": f"{whole},{whole}",
        "splice": whole[:at] + piece + whole[at:],
        "line": piece,
    }
    return other.get(kind, whole)


def content(parts: list[Any], rows: list[Row]) -> bytes:
    """Return the bytes of a file of these rows."""
    start, header, line_end, file_end, whole, kind = parts
    plain_end = "\n" if line_end == "mixed" else line_end
    text: str = start + ",".join(header)
    for drawn in () if whole == "header only" else rows:
        row = without_defects(drawn) if kind == "plain" else drawn
        text += (row.mixed_end if line_end == "mixed" else plain_end) + line(row, header)
    text += plain_end if file_end == "as a line" else file_end
    if whole == "zero bytes":
        return b""
    return (text if whole in ("", "header only") else str(whole)).encode("utf-8", "surrogateescape")


def directories() -> st.SearchStrategy[dict[str, bytes]]:
    """Draw directories of 1 to 3 files of up to 12 rows."""
    any_characters = (known_characters(),) * 3
    rows = one_of_each(
        *NAME_POOLS, *EMAIL_POOLS, *DATE_POOLS, *MOBILE_POOLS, *LINE_POOLS, *(TANGLES,) * 4, *any_characters
    )
    files = st.builds(content, one_of_each(*FILE_POOLS), st.lists(rows.map(row_of), max_size=12))
    return st.dictionaries(st.sampled_from(NAMES), files, min_size=1, max_size=3)
