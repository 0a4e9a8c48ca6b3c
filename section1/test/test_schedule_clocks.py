"""Section 1's job when clocks change: repeated and skipped hours, other time zones, a clock that jumps back."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from common.test.schedule_support import use_own_scratch
from section1 import scheduled
from section1.test.schedule_support import Site
from section1.test.support import BATCH, application, csv_of

pytestmark = pytest.mark.integration

A, B, C = (csv_of(application(name=name)) for name in ("Ada Lim", "Bob Tan", "Cy Ng"))
HOUR = timedelta(hours=1)
moment = datetime.fromisoformat
NOW = moment("2026-11-23T16:30+08:00")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    use_own_scratch(tmp_path, monkeypatch)
    return Site(tmp_path).build()


@pytest.fixture
def berlin(site: Site) -> Site:
    site.configure("time_zone: Europe/Berlin")
    return site


def test_repeated_hour_has_two_batches_when_a_file_is_new(berlin: Site) -> None:
    for offset, files in (("+02:00", {"a.csv": A}), ("+01:00", {"a.csv": A, "b.csv": B})):
        berlin.drop(files)
        assert berlin.make(moment(f"2026-10-25T02:00{offset}")) == 0
    assert berlin.batches() == {"2026-10-25T02": ["a.csv"], "2026-10-25T02-2": ["b.csv"]}
    assert berlin.check(moment("2026-10-25T02:30+01:00"))[1].startswith("healthy: batch 2026-10-25T02-2 was ")


def test_repeated_hour_has_one_batch_when_no_file_is_new(berlin: Site) -> None:
    berlin.drop({"a.csv": A})
    berlin.publish(moment("2026-10-25T02:00+02:00"), "2026-10-25T02")
    assert berlin.make(moment("2026-10-25T02:00+01:00")) == 0
    assert berlin.batches() == {"2026-10-25T02": ["a.csv"]}
    assert berlin.check(moment("2026-10-25T03:00+01:00"))[0] == 0


def test_file_of_a_missed_repeated_hour_is_in_the_next_batch(berlin: Site) -> None:
    berlin.publish(moment("2026-10-25T02:00+02:00"), "2026-10-25T02")
    berlin.drop({"a.csv": A})
    assert berlin.make(moment("2026-10-25T02:30+01:00"), berlin.catch_up) == 0
    assert berlin.make(moment("2026-10-25T03:00+01:00"), berlin.catch_up) == 0
    assert berlin.batches() == {"2026-10-25T02": [], "2026-10-25T03": ["a.csv"]}


def test_skipped_hour_is_not_due(berlin: Site) -> None:
    moments = [moment("2026-03-29T00:00+01:00") + timedelta(minutes=10 * number) for number in range(24)]
    hours = dict.fromkeys(scheduled.batch_due(berlin.config, at) for at in moments)
    assert list(hours) == [f"2026-03-29T{hour}" for hour in ("00", "01", "03", "04")]
    berlin.publish(moment("2026-03-29T01:00+01:00"), "2026-03-29T01")
    assert berlin.make(moment("2026-03-29T01:59+01:00"), berlin.catch_up) == 0
    assert berlin.make(moment("2026-03-29T03:00+02:00"), berlin.catch_up) == 0
    assert list(berlin.batches()) == ["2026-03-29T01", "2026-03-29T03"]


@pytest.mark.parametrize(
    ("zone", "second"), [("Europe/Berlin", "2026-11-23T10"), ("Pacific/Auckland", "2026-11-23T22")]
)
def test_changed_time_zone_publishes_no_file_twice(site: Site, zone: str, second: str) -> None:
    site.drop({"a.csv": A})
    site.publish(NOW)
    site.configure(f"time_zone: {zone}")
    site.drop({"a.csv": A, "b.csv": B})
    assert scheduled.batch_due(site.config, NOW + HOUR) == second
    assert site.make(NOW + HOUR) == 0
    assert site.batches() == {BATCH: ["a.csv"], second: ["b.csv"]}
    assert site.check(NOW + 2 * HOUR)[1].startswith(f"healthy: batch {second} was published 60 min ago; ")


@pytest.mark.full("faults")
def test_clock_that_jumps_back_publishes_every_file_once(
    site: Site, fault: Callable[[str, str, str, str], None]
) -> None:
    site.drop({"a.csv": A})
    site.publish(NOW)
    for at, files in ((NOW - HOUR, {"a.csv": A, "b.csv": B}), (NOW, {"a.csv": A, "c.csv": C})):
        site.drop(files)
        assert (site.make(at), site.check(at)[0]) == (0, 0)
    assert site.batches() == {"2026-11-23T15": ["b.csv"], BATCH: ["a.csv"], f"{BATCH}-2": ["c.csv"]}
    fault("the clock jumps back an hour", "section 1", "batches under the hours it shows", "none needed")
