"""Fuzzed responses: a source yields valid records, or fails with one readable line."""

import json
import re
from collections.abc import Callable
from datetime import date
from functools import partial
from random import Random

import pytest

from common.test.fuzzing import mutated, verdicts
from common.test.web_server import Site
from section4.core.country import is_code
from section4.core.record import Query, Record, SourceError, UnknownName
from section4.test.support import (
    JHU_HEADER,
    OWID_HEADER,
    PATHS,
    WHO_HEADER,
    query_of,
    read_all,
    records,
    require_one_line,
)

OWID_ROWS = "Singapore,2022-03-09,3,10,1,2,x\nFrance,2022-03-10,-3,10.0,,2,\nWorld,2022-03-10,,,,,\n"
WHO_ROWS = '2022-03-09,NA,Namibia,AFRO,3,10,1,2\n2022-03-10,KR,"Korea, South",WPRO,-5,7,,0\n'
JHU_ROWS = ",Singapore,1.0,2.0,0,5\nHubei,China,1,2,3,4\nMacau,China,1,2,-3,4.0\n,Ship,,,3,4\n"
SERIES = {"1/22/20": 0, "1/23/20": 5}
PROVINCES = [{"Province": name, "City": "", "Cases": 5, "Date": "2022-12-06T00:00:00Z"} for name in ("A", "B", "B")]
GOOD: dict[str, bytes] = {
    "owid": (OWID_HEADER + OWID_ROWS).encode(),
    "who": (WHO_HEADER + WHO_ROWS).encode(),
    "jhu": (JHU_HEADER + JHU_ROWS).encode(),
    "disease_sh": json.dumps({"country": "Singapore", "timeline": {"cases": SERIES, "deaths": SERIES}}).encode(),
    "covid19api": json.dumps(PROVINCES).encode(),
}
WORDS = (
    b'"1/23/20":', b'"2/30/20":', b'"cases":', b'"Cases":', b'"Date":', b"null", b"true", b"[", b"{", b'{"a":',
    b"[[[[", b'"\\ud800"', b'"\\u0000"', b"--5", b"5-3", b"3.0", b"Singapore", b"China", b"World", b"SG",
    b"\xe2\x84\xaaR", b"S\xc5\xbf", b"1/23/99", b"20220309",
)  # fmt: skip


def result(read_records: Callable[[], list[Record | UnknownName]], source: str) -> list[Record | UnknownName] | str:
    """Return the records or the error."""
    try:
        return read_records()
    except SourceError as error:
        return require_one_line(error, source)


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
        found = result(partial(read_all, source, query, *bodies), source)
        if isinstance(found, str):
            return False
        for one in found:
            require_valid(query, one)
        return True

    record(verdicts(source, budget(1_000, 100_000), draw, accepts))


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
        assert over_http == result(partial(read_all, source, query, body), source), number
