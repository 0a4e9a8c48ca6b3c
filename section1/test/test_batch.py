"""Names of batches and their order."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from common.batches import NAME, sort_key
from common.errors import UsageError
from section1.core.batch import free_name, hour_of, parse

HOUR = "2026-11-23T16"


def test_batch_is_named_by_its_hour() -> None:
    assert hour_of(datetime(2026, 1, 2, 3, 59, 59, tzinfo=ZoneInfo("Asia/Singapore"))) == "2026-01-02T03"


@pytest.mark.parametrize("name", [HOUR, f"{HOUR}-2", f"{HOUR}-9", f"{HOUR}-10", f"{HOUR}-19", f"{HOUR}-100"])
def test_name_of_a_batch_can_be_replaced(name: str) -> None:
    assert NAME.fullmatch(name)
    assert parse(name, replacing=True) == name


@pytest.mark.parametrize(
    "name",
    [
        *("", "x", "2026-11-23", "2026-11-23T1", "2026-11-23 16", f"../{HOUR}", f"{HOUR}:00", f"{HOUR}\n"),
        *(f"{HOUR}-1", f"{HOUR}-0", f"{HOUR}-02", f"{HOUR}-", f"{HOUR}-2-2"),
        *("2026-11-31T16", "2026-11-23T24", "2026-13-01T00", "2026-02-29T00", "0000-01-01T00"),
        *("٢٠٢٦-11-23T16", "２０２６-11-23T16"),
    ],
)
@pytest.mark.parametrize("replacing", [False, True])
def test_other_name_is_refused(name: str, replacing: bool) -> None:
    with pytest.raises(UsageError) as caught:
        parse(name, replacing=replacing)
    assert str(caught.value) == f"--batch: expected an hour such as 2026-11-23T16, got {name!r}."


def test_numbered_batch_cannot_be_requested() -> None:
    assert parse(HOUR, replacing=False) == HOUR
    with pytest.raises(UsageError):
        parse(f"{HOUR}-2", replacing=False)


def test_batches_are_sorted_by_hour_and_number() -> None:
    names = ["2026-11-23T15-3", HOUR, f"{HOUR}-2", f"{HOUR}-10", f"{HOUR}-11", "2026-11-23T17", "2026-11-24T00"]
    mixed = [names[place] for place in (3, 6, 5, 0, 4, 2, 1)]
    assert sorted(mixed, key=sort_key) == names
    assert [sort_key(name) for name in names[1:4]] == [(HOUR, 1), (HOUR, 2), (HOUR, 10)]


def test_free_name_is_the_first_unused_one() -> None:
    assert free_name(HOUR, []) == HOUR
    assert free_name(HOUR, ["2026-11-23T17", HOUR]) == f"{HOUR}-2"
    assert free_name(HOUR, [HOUR, f"{HOUR}-2", f"{HOUR}-4"]) == f"{HOUR}-3"
