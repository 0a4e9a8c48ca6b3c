"""What a batch may be called, and in which order batches stand."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from common.errors import UsageError
from section1.core.batch import NAME, free_name, hour_of, in_time, parse

HOUR = "2026-11-23T16"


def test_a_batch_is_named_by_its_hour() -> None:
    assert hour_of(datetime(2026, 1, 2, 3, 59, 59, tzinfo=ZoneInfo("Asia/Singapore"))) == "2026-01-02T03"


@pytest.mark.parametrize("name", [HOUR, f"{HOUR}-2", f"{HOUR}-9", f"{HOUR}-10", f"{HOUR}-19", f"{HOUR}-100"])
def test_these_are_names_of_batches(name: str) -> None:
    assert NAME.fullmatch(name)
    assert parse(name, replacing=True) == name


@pytest.mark.parametrize(
    "name",
    ["", "2026-11-23", f"{HOUR}:00", f"{HOUR}-1", f"{HOUR}-0", f"{HOUR}-02", f"{HOUR}-", f"{HOUR}-2-2", f"{HOUR}\n"],
)
@pytest.mark.parametrize("replacing", [False, True])
def test_these_are_none(name: str, replacing: bool) -> None:
    with pytest.raises(UsageError) as caught:
        parse(name, replacing=replacing)
    assert str(caught.value) == f"--batch: {name!r} is no hour (e.g. 2026-11-23T16)"


@pytest.mark.parametrize("hour", ["2026-11-31T16", "2026-11-23T24", "2026-13-01T00", "٢٠٢٦-11-23T16"])
def test_an_hour_that_no_clock_shows_is_no_batch(hour: str) -> None:
    with pytest.raises(UsageError):
        parse(hour, replacing=True)


def test_only_an_hour_can_be_made_but_any_batch_be_replaced() -> None:
    assert parse(HOUR, replacing=False) == HOUR
    with pytest.raises(UsageError):
        parse(f"{HOUR}-2", replacing=False)


def test_batches_stand_in_the_order_of_their_publishing() -> None:
    names = ["2026-11-23T15-3", HOUR, f"{HOUR}-2", f"{HOUR}-10", f"{HOUR}-11", "2026-11-23T17"]
    mixed = [names[place] for place in (3, 5, 0, 4, 2, 1)]
    assert sorted(mixed, key=in_time) == names
    assert [in_time(name) for name in names[1:4]] == [(HOUR, 1), (HOUR, 2), (HOUR, 10)]


def test_the_first_name_that_is_free_is_taken() -> None:
    assert free_name(HOUR, []) == HOUR
    assert free_name(HOUR, ["2026-11-23T17", HOUR]) == f"{HOUR}-2"
    assert free_name(HOUR, [HOUR, f"{HOUR}-2", f"{HOUR}-4"]) == f"{HOUR}-3"
