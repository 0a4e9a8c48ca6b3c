"""The health check: healthy, waiting while a run is at work, unhealthy; by the last run and the newest batch."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.errors import JobError
from common.schedule import commands
from common.schedule.processes import stop
from common.test.schedule_support import (
    FAILS,
    HOLDS,
    HOUR,
    IS_BUSY,
    IS_STOPPED,
    NOW,
    Night,
    night_in,
    with_few_rights,
)
from common.test.waiting import wait_until

AT = "2026-11-23T16:00:00+00:00"
MOMENT = timedelta(microseconds=1)
DONE = f"; last run at {AT}: the run is done"


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Night:
    return night_in(tmp_path, monkeypatch)


def minutes(number: float) -> datetime:
    return NOW + timedelta(minutes=number)


def test_a_job_that_has_never_run_is_unhealthy(night: Night) -> None:
    assert night.check() == (1, "unhealthy: nothing has been published yet")


def test_a_job_whose_batch_was_published_by_hand_is_healthy(night: Night) -> None:
    night.publish(NOW)
    assert night.check(minutes(5)) == (0, f"healthy: batch {HOUR} was published 5 min ago")


def test_after_a_good_run_a_job_is_healthy(night: Night) -> None:
    night.publish(NOW)
    night.run()
    assert night.check(minutes(1)) == (0, f"healthy: batch {HOUR} was published 1 min ago{DONE}")


def test_a_run_that_refused_a_file_is_healthy(night: Night) -> None:
    night.publish(NOW)
    night.does("raise SystemExit(3)").run()
    refused = f"; last run at {AT}: the run is done, but a file was refused"
    assert night.check() == (0, f"healthy: batch {HOUR} was published 0 min ago{refused}")


def test_a_good_run_that_published_nothing_does_not_make_a_job_healthy(night: Night) -> None:
    night.run()
    assert night.check() == (1, "unhealthy: nothing has been published yet")


@pytest.mark.parametrize("stale", [1, 120, 99999])
def test_a_batch_is_too_old_once_it_is_older_than_the_minutes_that_are_set(night: Night, stale: int) -> None:
    night.publish(NOW)
    setting = {"NIGHT_STALE_AFTER_MINUTES": str(stale)}
    assert night.check(minutes(stale), **setting) == (0, f"healthy: batch {HOUR} was published {stale} min ago")
    old = f"unhealthy: batch {HOUR} was published {stale} min ago, which is over {stale} min"
    assert night.check(minutes(stale) + MOMENT, **setting) == (1, old)


def test_without_a_setting_a_batch_is_too_old_after_two_hours(night: Night) -> None:
    night.publish(NOW)
    assert [night.check(minutes(120) + more)[0] for more in (-MOMENT, timedelta(), MOMENT)] == [0, 0, 1]


def test_the_newest_batch_is_the_one_that_was_published_last_whatever_its_name(night: Night) -> None:
    night.publish(minutes(-200), batch="2026-11-23T23")
    night.publish(NOW, batch="2026-11-23T09")
    assert night.check() == (0, "healthy: batch 2026-11-23T09 was published 0 min ago")


def test_a_failed_run_is_unhealthy_though_the_newest_batch_is_young(night: Night) -> None:
    night.publish(NOW)
    night.does(FAILS).run()
    assert night.check() == (1, f"unhealthy: the run failed with exit code 1 at {AT}; its log says more")


def test_after_a_failed_run_the_next_good_one_makes_a_job_healthy(night: Night) -> None:
    night.publish(NOW)
    night.does(FAILS).run()
    night.does("").run()
    assert night.check() == (0, f"healthy: batch {HOUR} was published 0 min ago{DONE}")


@pytest.mark.parametrize(("program", "code"), [(IS_BUSY, 75), (IS_STOPPED, 143)])
def test_a_run_that_did_nothing_leaves_the_health_as_it_was(night: Night, program: str, code: int) -> None:
    night.publish(NOW)
    night.does(FAILS).run()
    before = night.check()
    assert night.does(program).run() == code
    assert night.check() == before


def test_while_a_run_is_at_work_trouble_is_waited_for(night: Night) -> None:
    with night.does(HOLDS).start("run"):
        wait_until(night.holds)
        waiting = night.check()
        night.publish(NOW)
        healthy = night.check()
        assert stop(night.job, 100)
    assert waiting == (1, "waiting: nothing has been published yet; a run is at work")
    assert healthy == (0, f"healthy: batch {HOUR} was published 0 min ago")


def test_a_damaged_record_says_nothing_about_health(night: Night) -> None:
    night.publish(NOW)
    night.does(FAILS).run()
    night.job.records[0].write_bytes(b"{")
    assert night.check() == (0, f"healthy: batch {HOUR} was published 0 min ago")


def test_a_clock_that_was_set_back_makes_a_young_batch_no_older_than_now(night: Night) -> None:
    night.publish(minutes(60))
    assert night.check() == (0, f"healthy: batch {HOUR} was published 0 min ago")


def test_a_destination_that_cannot_be_read_is_unhealthy_and_named(night: Night) -> None:
    (night.folder / "dest").rmdir()
    (night.folder / "dest").touch()
    assert night.check() == (1, f"unhealthy: {night.folder}/dest: Not a directory")


def test_a_destination_that_is_closed_is_unhealthy_and_named(night: Night) -> None:
    (night.folder / "dest").chmod(0)
    ran = night.command("check", *with_few_rights())
    (night.folder / "dest").chmod(0o700)
    assert ran == (1, f"unhealthy: {night.folder}/dest: Permission denied\n", "")


def test_a_job_that_cannot_tell_of_its_batches_is_unhealthy_and_says_why(night: Night) -> None:
    def newest() -> None:
        raise JobError("night.yaml: destination: is no folder")

    job = replace(night.job, newest=newest)
    assert commands.check(job, {}, NOW) == (1, "unhealthy: night.yaml: destination: is no folder")


def test_the_command_checks_by_the_time_of_the_machine(night: Night) -> None:
    night.publish(datetime.now(UTC), batch="now")
    assert night.command("check") == (0, "healthy: batch now was published 0 min ago\n", "")
    night.publish(datetime.now(UTC) - timedelta(minutes=150), batch="now")
    old = "unhealthy: batch now was published 150 min ago, which is over 120 min\n"
    assert night.command("check") == (1, old, "")
    assert night.command("check", NIGHT_STALE_AFTER_MINUTES="200").code == 0
