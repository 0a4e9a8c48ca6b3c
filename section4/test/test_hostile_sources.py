"""Whatever a source answers: records as agreed, or one line that says why it cannot be used; nothing else."""

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
from section4.operator.web import Web
from section4.sources.base import Endpoint
from section4.test.support import EVERYTHING, OWID_HEADER, PATHS, PATIENCE, WHO_HEADER, for_countries, records

SG = for_countries("SG")
DAYS = ("1/22/20", "1/23/20")
JHU = f"Province/State,Country/Region,Lat,Long,{','.join(DAYS)}\n"
OWID_ROWS = "Singapore,2022-03-09,3,10,1,2,x\nFrance,2022-03-10,-3,10.0,,2,\nWorld,2022-03-10,,,,,\n"
WHO_ROWS = '2022-03-09,NA,Namibia,AFRO,3,10,1,2\n2022-03-10,KR,"Korea, South",WPRO,-5,7,,0\n'
JHU_ROWS = ",Singapore,1.0,2.0,0,5\nHubei,China,1,2,3,4\nMacau,China,1,2,-3,4.0\n,Ship,,,3,4\n"
SERIES = dict(zip(DAYS, (0, 5), strict=True))
PLACES = [{"Province": name, "City": "", "Cases": 5, "Date": "2022-12-06T00:00:00Z"} for name in ("A", "B", "B")]
GOOD: dict[str, bytes] = {
    "owid": (OWID_HEADER + OWID_ROWS).encode(),
    "who": (WHO_HEADER + WHO_ROWS).encode(),
    "jhu": (JHU + JHU_ROWS).encode(),
    "disease_sh": json.dumps({"country": "Singapore", "timeline": {"cases": SERIES, "deaths": SERIES}}).encode(),
    "covid19api": json.dumps(PLACES).encode(),
}
# "By hand": found by reading or trying, not by mutated input.
MENDED = {
    "owid": "none; by hand, of all five: redirects and pauses that were bugs, escapes in names",
    "who": "none; by hand: the Kelvin sign was taken for the K of a code",
    "jhu": "signs within digits, 19 digits and more; by hand: sums that overflow",
    "disease_sh": "figures without bound; by hand: a day twice, of which the last was taken",
    "covid19api": "figures without bound; by hand: numbers taken for dates",
}
WORDS = (
    b'"1/23/20":', b'"2/30/20":', b'"cases":', b'"Cases":', b'"Date":', b"null", b"true", b"[", b"{", b'{"a":',
    b"[[[[", b'"\\ud800"', b'"\\u0000"', b"--5", b"5-3", b"3.0", b"Singapore", b"China", b"World", b"SG",
    b"\xe2\x84\xaaR", b"S\xc5\xbf", b"1/23/99", b"20220309",
)  # fmt: skip
NO_INT = "has something else where a whole number of at most 18 digits belongs"
NO_JSON = "its answer is no JSON, or has a key twice"
DEEP = 10_000
CHUNKED = {"Transfer-Encoding": "chunked"}


def waiting(time: str) -> Reply:
    """Return an answer that asks to be left alone."""
    return Reply(status=429, headers={"Retry-After": time})


def onward(address: str) -> Reply:
    """Return an answer that sends to another address."""
    return Reply(status=302, headers={"Location": address})


def timeline(cases: str, deaths: str = "{}") -> bytes:
    """Return disease.sh's answer."""
    return f'{{"timeline": {{"cases": {cases}, "deaths": {deaths}}}}}'.encode()


def row(cases: str, day: str = '"2022-12-06T00:00:00Z"') -> bytes:
    """Return covid19api.com's answer."""
    return f'[{{"Province": "\\ud800", "Cases": {cases}, "Date": {day}}}]'.encode()


def owid(figure: str, day: str = "2022-03-09") -> bytes:
    """Return Our World in Data's answer."""
    return f"{OWID_HEADER}Singapore,{day},{figure},1,1,1,\n".encode()


def jhu(*rows: str) -> bytes:
    """Return Johns Hopkins' answer."""
    return (JHU + "".join(f"{row}\n" for row in rows)).encode()


# The source, what it showed, its answer, and all that is said of it.
CORPUS: list[tuple[str, str, bytes, str]] = [
    ("jhu", "a sign within digits", jhu(",Singapore,1,2,5-3,4"), NO_INT),
    ("jhu", "signs alone", jhu(",Singapore,1,2,--,-"), NO_INT),
    ("jhu", "more than a column holds", jhu(f",Singapore,1,2,{10**30},4"), NO_INT),
    ("jhu", "more digits than Python counts", jhu(f",Singapore,1,2,{'9' * 5000},4"), NO_INT),
    ("jhu", "a sum that overflows", jhu(f"A,China,1,2,{2**62},4", f"B,China,1,2,{2**62},4"), NO_INT),
    ("jhu", "a country that breaks the line", jhu(',"US\n",1,2,,4'), "has a blank among the figures of US\\n"),
    ("jhu", "a day that does not exist", jhu().replace(b"1/23", b"2/30"), "has something else where a date belongs"),
    ("owid", "an infinite figure", owid("1e400"), "has '1e400' where a whole number belongs"),
    ("owid", "not a number", owid("NaN"), "has 'NaN' where a whole number belongs"),
    ("owid", "a thousands separator", owid('"1,000"'), "has '1,000' where a whole number belongs"),
    ("owid", "more than a column holds", owid(f"{10**16}"), "has '10000000000000000' where a whole number belongs"),
    ("owid", "the other digits", owid("\u0661"), "has '\u0661' where a whole number belongs"),
    ("owid", "a day that does not exist", owid("1", "2022-02-30"), "has '2022-02-30' where a date belongs"),
    ("who", "bytes that are no text", WHO_HEADER.encode() + b"\xed\xa0\x80", "line 0 is no CSV (UnicodeDecodeError)"),
    ("disease_sh", "a day twice", timeline('{"3/9/22": 1, "3/9/22": 2}'), NO_JSON),
    ("disease_sh", "brackets", b"[" * DEEP, NO_JSON),
    ("disease_sh", "braces", b'{"a":' * DEEP, NO_JSON),
    ("disease_sh", "more digits than Python counts", timeline(f'{{"3/9/22": {"9" * 5000}}}'), NO_JSON),
    ("disease_sh", "an infinite figure", timeline('{"3/9/22": 1e400}'), "cases is float, not int"),
    ("disease_sh", "not a number", timeline('{"3/9/22": NaN}'), "cases is float, not int"),
    ("disease_sh", "more than a column holds", timeline(f'{{"3/9/22": {10**30}}}'), "cases has 100 bits"),
    ("disease_sh", "as many deaths", timeline('{"3/9/22": 1}', f'{{"3/9/22": {-(10**30)}}}'), "deaths has 100 bits"),
    ("disease_sh", "half a letter as a day", timeline('{"\\ud800": 1}'), "has '\\ud800' where a date belongs"),
    ("covid19api", "more than a column holds", row(f"{10**30}"), "Cases has 100 bits"),
    ("covid19api", "a number for a date", row("5", "20221206"), "Date is int, not str"),
    ("covid19api", "half a letter in a date", row("5", '"2\\ud800"'), "has '2\\ud800' where a date belongs"),
    ("covid19api", "a date out of range", row("5", '"10000-01-01"'), "has '10000-01-01' where a date belongs"),
]
UNPACKED, NO_MATTER = "sends what cannot be unpacked", "answered 429 Too Many Requests"
BROKEN, OFF = "broke off in the middle", "broke the connection off"
# What an answer says beside its body, and what is said of it.
REPLIES: dict[str, tuple[Reply, str]] = {
    "asks to wait for 5,000 digits of seconds": (waiting("9" * 5000), NO_MATTER),
    "asks to wait until a year that no calendar has": (waiting("Fri, 31 Dec 99999 23:59:59 GMT"), NO_MATTER),
    "asks to wait for nobody knows what": (waiting("soon"), "cannot be asked (InvalidHeader)"),
    "sends on to half an address": (onward("http://[::1"), "cannot be asked (ValueError)"),
    "sends on to bytes that are no text": (onward("http://\xff\xfe/"), "cannot be asked (UnicodeDecodeError)"),
    "sends on to a host that has no name": (onward("http://.x/"), "cannot be asked (LocationParseError)"),
    "sends on to a file": (onward("file:///etc/hostname"), "cannot be asked (InvalidSchema)"),
    "is no gzip": (Reply(b"x" * 100, headers={"Content-Encoding": "gzip, gzip"}), UNPACKED),
    "has a chunk of no size": (Reply(b"zz\r\n", headers=CHUNKED), BROKEN),
    "has a chunk of a size without end": (Reply(b"1" * 70_000, headers=CHUNKED), OFF),
    "has two lengths": (Reply(headers={"Content-Length": "1, 2"}), "cannot be asked (InvalidHeader)"),
    "is longer than any": (Reply(b"x", length=10**30), BROKEN),
    "gives a reason without end": (
        Reply(status=404, reason="a\x1b[2J\rb" + "x" * 5000),
        f"answered 404 a\\x1b[2J\\rb{'x' * 93}",
    ),
    "gives no reason": (Reply(status=599, reason=""), "answered 599 "),
    "has a status that is none": (Reply(status=1000), OFF),
    "has a header without end": (Reply(headers={"X": "y" * 70_000}), OFF),
    "has too many headers": (Reply(headers={f"X-{number}": "y" for number in range(150)}), OFF),
}


def given(source: str, ask: Query, bodies: Iterable[bytes]) -> list[Record | UnknownName]:
    """Return what a source makes of these answers, one after the other."""
    remaining = iter(bodies)

    @contextmanager
    def get(_: str) -> Iterator[BinaryIO]:
        yield io.BytesIO(next(remaining))

    return list(SOURCES[source].records(Endpoint(PATHS[source], get), ask))


def refusal(error: SourceError, source: str) -> str:
    """Return why a source cannot be used: one line that somebody can read."""
    line = str(error)
    assert line.startswith(f"{source}: ")
    assert line.isprintable()
    assert len(line) < 300
    return line


def require_agreed(ask: Query, one: Record | UnknownName) -> None:
    """Require what the loader counts on."""
    if isinstance(one, UnknownName):
        assert one.days >= 0
        return
    assert re.fullmatch("[A-Z]{2}", one.country, re.ASCII)
    assert is_code(one.country)
    assert type(one.day) is date
    assert ask.matches(one.country, one.day)
    for figure in one[2:]:
        assert figure is None or (type(figure) is int and -(2**63) <= figure < 2**63)


@pytest.mark.parametrize("source", GOOD)
def test_a_hostile_answer_gives_records_as_agreed_or_is_refused(
    source: str, budget: Callable[[int, int], int], record: Callable[[dict[str, str]], None]
) -> None:
    ask = SG if source in ("disease_sh", "covid19api") else EVERYTHING

    def draw(random: Random) -> list[bytes]:
        first, second = (mutated(random, [GOOD[source]], WORDS) for _ in range(2))
        return [first, random.choice((first, second))]

    def accepts(bodies: list[bytes]) -> bool:
        try:
            found = given(source, ask, bodies)
        except SourceError as error:
            refusal(error, source)
            return False
        for one in found:
            require_agreed(ask, one)
        return True

    row = verdicts(source, budget(2_000, 100_000), draw, accepts)
    record(row | {"found and mended": MENDED[source]})


@pytest.mark.parametrize(
    ("source", "showed", "body", "line"), CORPUS, ids=lambda part: part if isinstance(part, str) else ""
)
def test_an_answer_of_the_corpus_is_refused_in_this_line(source: str, showed: str, body: bytes, line: str) -> None:
    ask = SG if source in ("disease_sh", "covid19api") else EVERYTHING
    with pytest.raises(SourceError) as broken:
        given(source, ask, cycle([body]))
    assert refusal(broken.value, source) == f"{source}: {line}", showed


def test_a_field_without_end_is_refused() -> None:
    of_the_process = csv.field_size_limit(131_072)  # as Python has it, whatever other tests have set
    try:
        with pytest.raises(SourceError, match=r"^owid: line 2 is no CSV \(Error\)$"):
            given("owid", EVERYTHING, [owid("x" * 200_000)])
    finally:
        csv.field_size_limit(of_the_process)


def test_a_letter_that_looks_like_a_k_makes_no_code() -> None:
    rows = "2022-03-09,\u212aR,Nowhere,WPRO,3,10,1,2\n2022-03-09,kr,Nowhere,WPRO,3,10,1,2\n"
    assert given("who", EVERYTHING, [(WHO_HEADER + rows).encode()]) == [UnknownName("Nowhere"), UnknownName("Nowhere")]


def test_minus_nothing_is_nothing() -> None:
    [found] = given("owid", EVERYTHING, [(OWID_HEADER + "Singapore,2022-03-09,-0,-0.0,,,\n").encode()])
    assert found == Record("SG", date(2022, 3, 9), 0, 0, None, None)


@pytest.mark.parametrize("showed", REPLIES)
def test_an_answer_that_breaks_the_protocol_is_refused_in_this_line(showed: str, site: Site) -> None:
    reply, line = REPLIES[showed]
    site.answer("/owid.csv", reply)
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        assert outcome(partial(records, site, "owid", retries=int(reply.status == 429)), "owid") == f"owid: {line}"
        gc.collect()  # requests forgets the connection of an answer that it cannot follow


@pytest.mark.parametrize("source", GOOD)
def test_over_a_real_connection_it_is_the_same(source: str, site: Site, budget: Callable[[int, int], int]) -> None:
    ask = SG if source in ("disease_sh", "covid19api") else EVERYTHING
    paths = [
        PATHS[source].partition("?")[0].format(series=series, country="singapore") for series in ("confirmed", "deaths")
    ]
    for number in range(budget(10, 1_000)):
        body = mutated(Random(f"{source} over a connection {number}"), [GOOD[source]], WORDS)
        for path in paths:
            site.answer(path, body)
        over_a_connection = outcome(partial(records, site, source, ask), source)
        assert over_a_connection == outcome(partial(given, source, ask, cycle([body])), source), number


def outcome(ask: Callable[[], list[Record | UnknownName]], source: str) -> list[Record | UnknownName] | str:
    """Return what is given, or why nothing is."""
    try:
        return ask()
    except SourceError as error:
        return refusal(error, source)


@pytest.mark.parametrize("etag", ["a\0b", '"\xff"', "a\x1b[2J"])
def test_what_an_answer_is_known_by_can_be_written_down_and_sent_back(etag: str, site: Site) -> None:
    web = Web("owid", PATIENCE)
    with web.get(site.answer("/owid.csv", Reply(b"x", headers={"ETag": etag}))) as body:
        assert body.read() == b"x"
    assert web.validators() == {}
