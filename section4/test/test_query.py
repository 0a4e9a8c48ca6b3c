"""Queries, and countries that a source does not know."""

from collections.abc import Iterator
from datetime import date

import pytest

from section4.core.record import NotFound, Record, SourceError, UnknownName
from section4.sources.base import records_of_each
from section4.test.support import EVERYTHING, for_countries

DAY = date(2022, 3, 9)
CODES = ["AQ", "DE", "FR", "MY", "NA", "SG", "US", "XK", "ZA"]


@pytest.mark.parametrize(
    ("day", "expected"), [("2022-03-08", False), ("2022-03-09", True), ("2022-03-10", True), ("2022-03-11", False)]
)
def test_query_includes_the_first_and_the_last_day(day: str, expected: bool) -> None:
    query = for_countries("SG", first="2022-03-09", last="2022-03-10")
    assert query.includes(date.fromisoformat(day)) is expected
    assert query.matches("SG", date.fromisoformat(day)) is expected
    assert not query.matches("FR", date.fromisoformat(day))


def test_query_without_last_day_and_countries_matches_all() -> None:
    assert (EVERYTHING.includes(date(2019, 12, 31)), EVERYTHING.matches("FR", date(2999, 1, 1))) == (False, True)


def test_query_text_is_the_same_for_equal_queries() -> None:
    assert str(for_countries(*CODES[::-1], last="2022-03-09")) == f"{','.join(CODES)} 2020-01-01 2022-03-09"
    assert str(EVERYTHING) == "all 2020-01-01 latest"


def test_country_codes_of_all_countries_is_an_error() -> None:
    assert for_countries(*CODES[::-1]).country_codes("jhu") == CODES
    with pytest.raises(SourceError) as caught:
        EVERYTHING.country_codes("jhu")
    assert str(caught.value) == "jhu: cannot return all countries at once, list them with --country"


def test_unknown_name_counts_one_day_by_default() -> None:
    assert UnknownName("Diamond Princess").days == 1


def record(code: str) -> Record:
    return Record(code, DAY, 1, None, 0, None)


def records_when_known(*codes: str) -> list[Record | UnknownName]:
    def records_of(code: str) -> Iterator[Record | UnknownName]:
        if code not in codes:
            raise NotFound("disease_sh", f"HTTP 404 {code}")
        yield record(code)

    return list(records_of_each(["DE", "FR", "SG"], records_of))


def test_unknown_country_is_skipped() -> None:
    assert records_when_known("DE", "SG") == [record("DE"), record("SG")]
    assert records_when_known("SG") == [record("SG")]


def test_source_that_knows_no_country_fails() -> None:
    with pytest.raises(NotFound, match="disease_sh: HTTP 404 DE"):
        records_when_known()
