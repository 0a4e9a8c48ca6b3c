"""Hostile responses: a source yields valid records, or fails with one readable line."""

import csv
import gc
import io
import json
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from itertools import cycle
from random import Random
from typing import BinaryIO

import pytest

from common.test.fuzzing import mutated, verdicts
from common.test.web_server import Reply, Site
from section4.core.country import is_code
from section4.core.record import Query, Record, SourceError, UnknownName
from section4.main import SOURCES
from section4.sources.base import Endpoint
from section4.test.support import EVERYTHING, OWID_HEADER, PATHS, WHO_HEADER, for_countries, records

SG = for_countries("SG")
DAYS = ("1/22/20", "1/23/20")
JHU = f"Province/State,Country/Region,Lat,Long,{','.join(DAYS)}\n"
OWID_ROWS = "Singapore,2022-03-09,3,10,1,2,x\nFrance,2022-03-10,-3,10.0,,2,\nWorld,2022-03-10,,,,,\n"
WHO_ROWS = '2022-03-09,NA,Namibia,AFRO,3,10,1,2\n2022-03-10,KR,"Korea, South",WPRO,-5,7,,0\n'
JHU_ROWS = ",Singapore,1.0,2.0,0,5\nHubei,China,1,2,3,4\nMacau,China,1,2,-3,4.0\n,Ship,,,3,4\n"
SERIES = dict(zip(DAYS, (0, 5), strict=True))
PROVINCES = [{"Province": name, "City": "", "Cases": 5, "Date": "2022-12-06T00:00:00Z"} for name in ("A", "B", "B")]
GOOD: dict[str, bytes] = {
    "owid": (OWID_HEADER + OWID_ROWS).encode(),
    "who": (WHO_HEADER + WHO_ROWS).encode(),
    "jhu": (JHU + JHU_ROWS).encode(),
    "disease_sh": json.dumps({"country": "Singapore", "timeline": {"cases": SERIES, "deaths": SERIES}}).encode(),
    "covid19api": json.dumps(PROVINCES).encode(),
}
WORDS = (
    b'"1/23/20":', b'"2/30/20":', b'"cases":', b'"Cases":', b'"Date":', b"null", b"true", b"[", b"{", b'{"a":',
    b"[[[[", b'"\\ud800"', b'"\\u0000"', b"--5", b"5-3", b"3.0", b"Singapore", b"China", b"World", b"SG",
    b"\xe2\x84\xaaR", b"S\xc5\xbf", b"1/23/99", b"20220309",
)  # fmt: skip
NOT_INTEGERS = "expected integers of at most 18 digits among the figures"
NO_JSON = "the response is not valid JSON, or has a duplicate key"
NO_INTEGER, NO_DATE = "expected an integer, got ", "expected a date such as 2022-03-09, got "
NO_TIME = "expected a date such as 2022-03-09T00:00:00Z, got "
BITS = "an integer of 100 bits is out of range"
DEEP = 10_000
CHUNKED = {"Transfer-Encoding": "chunked"}


def retry_after(time: str) -> Reply:
    return Reply(status=429, headers={"Retry-After": time})


def redirect(address: str) -> Reply:
    return Reply(status=302, headers={"Location": address})


def timeline(cases: str, deaths: str = "{}") -> bytes:
    """Return a disease_sh response."""
    return f'{{"timeline": {{"cases": {cases}, "deaths": {deaths}}}}}'.encode()


def row(cases: str, day: str = '"2022-12-06T00:00:00Z"') -> bytes:
    """Return a covid19api response."""
    return f'[{{"Province": "\\ud800", "Cases": {cases}, "Date": {day}}}]'.encode()


def owid(figure: str, day: str = "2022-03-09") -> bytes:
    return f"{OWID_HEADER}Singapore,{day},{figure},1,1,1,\n".encode()


def jhu(*rows: str) -> bytes:
    return (JHU + "".join(f"{row}\n" for row in rows)).encode()


# Source, description, response, expected error: inputs that once raised another error or were read wrongly.
CORPUS: list[tuple[str, str, bytes, str]] = [
    ("jhu", "a sign within digits", jhu(",Singapore,1,2,5-3,4"), NOT_INTEGERS),
    ("jhu", "signs only", jhu(",Singapore,1,2,--,-"), NOT_INTEGERS),
    ("jhu", "more than a column holds", jhu(f",Singapore,1,2,{10**30},4"), NOT_INTEGERS),
    ("jhu", "more digits than Python reads", jhu(f",Singapore,1,2,{'9' * 5000},4"), NOT_INTEGERS),
    ("jhu", "a sum that overflows", jhu(f"A,China,1,2,{2**62},4", f"B,China,1,2,{2**62},4"), NOT_INTEGERS),
    ("jhu", "a line break in a country", jhu(',"US\n",1,2,,4'), "an empty field among the figures of US\\n"),
    (
        "jhu",
        "a day that does not exist",
        jhu().replace(b"1/23", b"2/30"),
        "the header has a column that is not a date such as 3/9/22",
    ),
    ("owid", "infinity", owid("1e400"), f"{NO_INTEGER}'1e400'"),
    ("owid", "not a number", owid("NaN"), f"{NO_INTEGER}'NaN'"),
    ("owid", "a thousands separator", owid('"1,000"'), f"{NO_INTEGER}'1,000'"),
    ("owid", "more than a column holds", owid(f"{10**16}"), f"{NO_INTEGER}'10000000000000000'"),
    ("owid", "an Arabic digit", owid("\u0661"), f"{NO_INTEGER}'\u0661'"),
    ("owid", "a day that does not exist", owid("1", "2022-02-30"), f"{NO_DATE}'2022-02-30'"),
    (
        "who",
        "bytes that are not UTF-8",
        WHO_HEADER.encode() + b"\xed\xa0\x80",
        "line 0 is not valid CSV (UnicodeDecodeError)",
    ),
    ("disease_sh", "a duplicate day", timeline('{"3/9/22": 1, "3/9/22": 2}'), NO_JSON),
    ("disease_sh", "nested brackets", b"[" * DEEP, NO_JSON),
    ("disease_sh", "nested braces", b'{"a":' * DEEP, NO_JSON),
    ("disease_sh", "more digits than Python reads", timeline(f'{{"3/9/22": {"9" * 5000}}}'), NO_JSON),
    ("disease_sh", "infinity", timeline('{"3/9/22": 1e400}'), "cases: expected int, got float"),
    ("disease_sh", "not a number", timeline('{"3/9/22": NaN}'), "cases: expected int, got float"),
    ("disease_sh", "more than a column holds", timeline(f'{{"3/9/22": {10**30}}}'), f"cases: {BITS}"),
    ("disease_sh", "as many deaths", timeline('{"3/9/22": 1}', f'{{"3/9/22": {-(10**30)}}}'), f"deaths: {BITS}"),
    (
        "disease_sh",
        "a surrogate as a day",
        timeline('{"\\ud800": 1}'),
        "expected a date such as 3/9/22, got '\\ud800'",
    ),
    ("covid19api", "more than a column holds", row(f"{10**30}"), f"Cases: {BITS}"),
    ("covid19api", "a number instead of a date", row("5", "20221206"), "Date: expected str, got int"),
    ("covid19api", "a surrogate in a date", row("5", '"2\\ud800"'), f"{NO_TIME}'2\\ud800'"),
    ("covid19api", "a date out of range", row("5", '"10000-01-01"'), f"{NO_TIME}'10000-01-01'"),
]
NOT_DECOMPRESSED, TOO_MANY = "the response cannot be decompressed", "HTTP 429 Too Many Requests"
INCOMPLETE, CLOSED = "the response is incomplete", "the connection was closed"
# Description, reply, expected error: violations of the protocol.
REPLIES: dict[str, tuple[Reply, str]] = {
    "retry after 5,000 digits of seconds": (retry_after("9" * 5000), TOO_MANY),
    "retry after a year beyond 9999": (retry_after("Fri, 31 Dec 99999 23:59:59 GMT"), TOO_MANY),
    "retry after an unknown word": (retry_after("soon"), "the request failed (InvalidHeader)"),
    "redirect to half an address": (redirect("http://[::1"), "the request failed (ValueError)"),
    "redirect to bytes that are not UTF-8": (redirect("http://\xff\xfe/"), "the request failed (UnicodeDecodeError)"),
    "redirect to a host without a name": (redirect("http://.x/"), "the request failed (LocationParseError)"),
    "redirect to a file": (redirect("file:///etc/hostname"), "the request failed (InvalidSchema)"),
    "not gzip": (Reply(b"x" * 100, headers={"Content-Encoding": "gzip, gzip"}), NOT_DECOMPRESSED),
    "a chunk without a size": (Reply(b"zz\r\n", headers=CHUNKED), INCOMPLETE),
    "a chunk size without an end": (Reply(b"1" * 70_000, headers=CHUNKED), CLOSED),
    "two lengths": (Reply(headers={"Content-Length": "1, 2"}), "the request failed (InvalidHeader)"),
    "an enormous length": (Reply(b"x", length=10**30), INCOMPLETE),
    "a reason with control characters": (
        Reply(status=404, reason="a\x1b[2J\rb" + "x" * 5000),
        f"HTTP 404 a\\x1b[2J\\rb{'x' * 93}",
    ),
    "no reason": (Reply(status=599, reason=""), "HTTP 599 "),
    "an invalid status": (Reply(status=1000), CLOSED),
    "a header without an end": (Reply(headers={"X": "y" * 70_000}), CLOSED),
    "too many headers": (Reply(headers={f"X-{number}": "y" for number in range(150)}), CLOSED),
}


def read(source: str, query: Query, bodies: Iterable[bytes]) -> list[Record | UnknownName]:
    """Return the records that a source reads from these responses, in order."""
    remaining = iter(bodies)

    @contextmanager
    def get(_: str) -> Iterator[BinaryIO]:
        yield io.BytesIO(next(remaining))

    return list(SOURCES[source].records(Endpoint(PATHS[source], get), query))


def query_of(source: str) -> Query:
    return SG if source in ("disease_sh", "covid19api") else EVERYTHING


def line_of(error: SourceError, source: str) -> str:
    """Return the error, which must be one short printable line."""
    line = str(error)
    assert line.startswith(f"{source}: ")
    assert line.isprintable()
    assert len(line) < 300
    return line.removeprefix(f"{source}: ")


def result(read_records: Callable[[], list[Record | UnknownName]], source: str) -> list[Record | UnknownName] | str:
    """Return the records or the error."""
    try:
        return read_records()
    except SourceError as error:
        return line_of(error, source)


def require_valid(query: Query, record: Record | UnknownName) -> None:
    """Check what the loader relies on."""
    if isinstance(record, UnknownName):
        assert record.days >= 0
        return
    assert re.fullmatch("[A-Z]{2}", record.country, re.ASCII)
    assert is_code(record.country)
    assert type(record.day) is date
    assert query.matches(record.country, record.day)
    for figure in record[2:]:
        assert figure is None or (type(figure) is int and -(2**63) <= figure < 2**63)


@pytest.mark.full("fuzzing")
@pytest.mark.parametrize("source", GOOD)
def test_fuzzed_response_gives_valid_records_or_one_error(
    source: str, budget: Callable[[int, int], int], record: Callable[[dict[str, str]], None]
) -> None:
    query = query_of(source)

    def draw(random: Random) -> list[bytes]:
        first, second = (mutated(random, [GOOD[source]], WORDS) for _ in range(2))
        return [first, random.choice((first, second))]

    def accepts(bodies: list[bytes]) -> bool:
        found = result(partial(read, source, query, bodies), source)
        if isinstance(found, str):
            return False
        for one in found:
            require_valid(query, one)
        return True

    record(verdicts(source, budget(1_000, 100_000), draw, accepts))


@pytest.mark.parametrize(("source", "description", "body", "expected"), CORPUS, ids=[f"{a}-{b}" for a, b, *_ in CORPUS])
def test_corpus_response_is_rejected(source: str, description: str, body: bytes, expected: str) -> None:
    assert result(partial(read, source, query_of(source), cycle([body])), source) == expected, description


def test_oversized_csv_field_is_rejected() -> None:
    before = csv.field_size_limit(131_072)  # Python's default, which other tests may have changed
    try:
        assert result(partial(read, "owid", EVERYTHING, [owid("x" * 200_000)]), "owid") == (
            "line 2 is not valid CSV (Error)"
        )
    finally:
        csv.field_size_limit(before)


def test_kelvin_sign_and_small_letters_are_not_a_code() -> None:
    rows = "2022-03-09,\u212aR,Nowhere,WPRO,3,10,1,2\n2022-03-09,kr,Nowhere,WPRO,3,10,1,2\n"
    assert read("who", EVERYTHING, [(WHO_HEADER + rows).encode()]) == [UnknownName("Nowhere")] * 2


def test_minus_zero_is_zero() -> None:
    [found] = read("owid", EVERYTHING, [(OWID_HEADER + "Singapore,2022-03-09,-0,-0.0,,,\n").encode()])
    assert found == Record("SG", date(2022, 3, 9), 0, 0, None, None)


@pytest.mark.integration
@pytest.mark.parametrize("description", REPLIES)
def test_protocol_violation_is_rejected(description: str, site: Site) -> None:
    reply, expected = REPLIES[description]
    site.answer("/owid.csv", reply)
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        assert result(partial(records, site, "owid", retries=int(reply.status == 429)), "owid") == expected
        gc.collect()  # requests leaves the connection of such a redirect open


@pytest.mark.integration
@pytest.mark.full("fuzzing")
@pytest.mark.parametrize("source", GOOD)
def test_response_over_http_gives_the_same_result(source: str, site: Site, budget: Callable[[int, int], int]) -> None:
    query = query_of(source)
    paths = [
        PATHS[source].partition("?")[0].format(series=series, country="singapore") for series in ("confirmed", "deaths")
    ]
    for number in range(budget(10, 1_000)):
        body = mutated(Random(f"{source} over a connection {number}"), [GOOD[source]], WORDS)
        for path in paths:
            site.answer(path, body)
        over_http = result(partial(records, site, source, query), source)
        assert over_http == result(partial(read, source, query, cycle([body])), source), number
