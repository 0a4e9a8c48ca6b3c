"""What is asked for, and when silence about a country is an answer."""

from collections.abc import Iterator
from datetime import date

import pytest

from section4.core.record import NotFound, Record, SourceError, UnknownName
from section4.sources.base import records_of_each
from section4.test.support import EVERYTHING, for_countries

DAY = date(2022, 3, 9)
CODES = ["AQ", "DE", "FR", "MY", "NA", "SG", "US", "XK", "ZA"]


def figures(code: str) -> Record:
    return Record(code, DAY, 1, None, 0, None)


@pytest.mark.parametrize(
    ("day", "wanted"), [("2022-03-08", False), ("2022-03-09", True), ("2022-03-10", True), ("2022-03-11", False)]
)
def test_days_from_the_first_to_the_last_are_wanted(day: str, wanted: bool) -> None:
    ask = for_countries("SG", first="2022-03-09", last="2022-03-10")
    assert ask.includes(date.fromisoformat(day)) is wanted
    assert ask.matches("SG", date.fromisoformat(day)) is wanted
    assert not ask.matches("FR", date.fromisoformat(day))


def test_without_a_last_day_and_countries_all_later_days_of_all_are_wanted() -> None:
    assert (EVERYTHING.includes(date(2019, 12, 31)), EVERYTHING.matches("FR", date(2999, 1, 1))) == (False, True)


def test_what_is_asked_for_is_named_the_same_way_each_time() -> None:
    assert str(for_countries(*CODES[::-1], last="2022-03-09")) == f"{','.join(CODES)} 2020-01-01 2022-03-09"
    assert str(EVERYTHING) == "all 2020-01-01 latest"


def test_a_source_that_tells_of_one_at_a_time_must_be_told_which() -> None:
    assert for_countries(*CODES[::-1]).country_codes("jhu") == CODES
    with pytest.raises(SourceError) as caught:
        EVERYTHING.country_codes("jhu")
    assert str(caught.value) == "jhu: cannot be asked for all countries; name them"


def test_a_refused_name_stands_for_one_day_unless_it_is_said() -> None:
    assert UnknownName("Diamond Princess").days == 1


def knowing(*codes: str) -> Iterator[Record | UnknownName]:
    def of_country(code: str) -> Iterator[Record | UnknownName]:
        if code not in codes:
            raise NotFound("disease_sh", f"has no {code}")
        yield figures(code)

    return records_of_each(["DE", "FR", "SG"], of_country)


def test_a_country_that_a_source_does_not_know_is_silence() -> None:
    assert list(knowing("DE", "SG")) == [figures("DE"), figures("SG")]
    assert list(knowing("SG")) == [figures("SG")]


def test_a_source_that_knows_none_of_the_countries_is_broken() -> None:
    with pytest.raises(NotFound, match="disease_sh: has no DE"):
        list(knowing())
