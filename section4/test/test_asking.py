"""What is asked for, and when silence about a country is an answer."""

from collections.abc import Iterator
from datetime import date

import pytest

from section4.core.record import NotThere, Record, Refused, SourceBroken
from section4.sources.asking import of_each
from section4.test.support import EVERYTHING, asking

DAY = date(2022, 3, 9)
CODES = ["AQ", "DE", "FR", "MY", "NA", "SG", "US", "XK", "ZA"]


def figures(code: str) -> Record:
    return Record(code, DAY, 1, None, 0, None)


@pytest.mark.parametrize(
    ("day", "wanted"), [("2022-03-08", False), ("2022-03-09", True), ("2022-03-10", True), ("2022-03-11", False)]
)
def test_days_from_the_first_to_the_last_are_wanted(day: str, wanted: bool) -> None:
    ask = asking("SG", first="2022-03-09", last="2022-03-10")
    assert ask.wants_day(date.fromisoformat(day)) is wanted
    assert ask.wants("SG", date.fromisoformat(day)) is wanted
    assert not ask.wants("FR", date.fromisoformat(day))


def test_without_a_last_day_and_countries_all_later_days_of_all_are_wanted() -> None:
    assert (EVERYTHING.wants_day(date(2019, 12, 31)), EVERYTHING.wants("FR", date(2999, 1, 1))) == (False, True)


def test_what_is_asked_for_is_named_the_same_way_each_time() -> None:
    assert str(asking(*CODES[::-1], last="2022-03-09")) == f"{','.join(CODES)} 2020-01-01 2022-03-09"
    assert str(EVERYTHING) == "all 2020-01-01 latest"


def test_a_source_that_tells_of_one_at_a_time_must_be_told_which() -> None:
    assert asking(*CODES[::-1]).named("jhu") == CODES
    with pytest.raises(SourceBroken) as caught:
        EVERYTHING.named("jhu")
    assert str(caught.value) == "jhu: cannot be asked for all countries; name them"


def test_a_refused_name_stands_for_one_day_unless_it_is_said() -> None:
    assert Refused("Diamond Princess").days == 1


def knowing(*codes: str) -> Iterator[Record | Refused]:
    def of_country(code: str) -> Iterator[Record | Refused]:
        if code not in codes:
            raise NotThere("disease_sh", f"has no {code}")
        yield figures(code)

    return of_each(["DE", "FR", "SG"], of_country)


def test_a_country_that_a_source_does_not_know_is_silence() -> None:
    assert list(knowing("DE", "SG")) == [figures("DE"), figures("SG")]
    assert list(knowing("SG")) == [figures("SG")]


def test_a_source_that_knows_none_of_the_countries_is_broken() -> None:
    with pytest.raises(NotThere, match="disease_sh: has no DE"):
        list(knowing())
