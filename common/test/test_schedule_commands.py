"""Catch-up runs, the health check, the settings and the command line of a scheduled job."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.errors import JobError, UsageError
from common.schedule import commands
from common.schedule.job import Settings
from common.schedule.lock import stop
from common.test.schedule_support import (
    CLEANS_UP,
    FAILS,
    HOUR,
    IS_BUSY,
    NOW,
    PUBLISHES,
    TOKEN,
    SampleJob,
    use_own_scratch,
    with_few_rights,
)
from common.test.waiting import wait_until

pytestmark = pytest.mark.integration

SETTINGS = Settings(timedelta(minutes=5), timedelta(minutes=120), None)
AT = "2026-11-23T16:00:00+00:00"
DONE = f"; last run at {AT}: the run is done"
URL = f"https://hooks.example.com:8443/alerts/{TOKEN}?a=b#c"
BAD_ADDRESS = "ALERT_WEBHOOK_URL: expected a web address such as https://hooks.example.com/alerts."


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SampleJob:
    use_own_scratch(tmp_path, monkeypatch)
    return SampleJob(tmp_path).build()


def minutes(number: float) -> datetime:
    return NOW + timedelta(minutes=number)


def test_missed_run_is_caught_up_once(sample: SampleJob, capsys: pytest.CaptureFixture[str]) -> None:
    sample.write_script(PUBLISHES)
    assert [sample.catch_up(), sample.catch_up(), sample.catch_up()] == [0, 0, 0]
    assert (sample.folder / "dest" / HOUR).read_text() == "made once\n"
    nothing = f"{AT} sample: the current batch is published, nothing to catch up\n"
    assert capsys.readouterr().out.endswith(nothing * 2)


def test_catch_up_without_a_missing_batch_does_nothing(sample: SampleJob) -> None:
    sample.publish(NOW)
    assert sample.write_script(FAILS).catch_up() == 0
    assert (sample.outcome, sample.job.log.exists()) == (None, False)


def test_catch_up_repeats_a_failed_run(sample: SampleJob) -> None:
    sample.publish(NOW)
    assert [sample.write_script(FAILS).run(), sample.catch_up(), sample.write_script("").catch_up()] == [1, 1, 0]
    assert sample.outcome == (0, "the run is done")
    assert sample.write_script(FAILS).catch_up() == 0


def test_catch_up_does_not_repeat_a_run_that_refused_a_file(sample: SampleJob) -> None:
    sample.publish(NOW)
    assert (sample.write_script("raise SystemExit(3)").run(), sample.catch_up()) == (3, 0)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Record the pauses instead of making them."""
    recorded: list[float] = []
    monkeypatch.setattr("common.schedule.commands.time.sleep", recorded.append)
    return recorded


def catch_up_after(sample: SampleJob, failures: int, error: JobError) -> int:
    """Catch up where the batch that is due cannot be determined this many times."""
    left = iter(range(failures))

    def batch_due(now: datetime) -> str | None:
        for _ in left:
            raise error
        return sample.job.batch_due(now)

    return commands.catch_up(replace(sample.job, batch_due=batch_due), SETTINGS, lambda: NOW)


def test_catch_up_waits_for_the_database(sample: SampleJob, pauses: list[float]) -> None:
    sample.write_script(PUBLISHES)
    assert [catch_up_after(sample, 3, JobError("no server")) for _ in range(2)] == [0, 0]
    assert ((sample.folder / "dest" / HOUR).read_text(), pauses) == ("made once\n", [5.0] * 6)


def test_catch_up_runs_when_the_database_never_responds(sample: SampleJob, pauses: list[float]) -> None:
    assert catch_up_after(sample.write_script(FAILS), 1_000, JobError("no server")) == 1
    assert (sample.outcome, pauses) == ((1, "the run failed with exit code 1"), [5.0] * 24)


def test_catch_up_fails_at_once_with_a_broken_configuration(sample: SampleJob, pauses: list[float]) -> None:
    with pytest.raises(UsageError):
        catch_up_after(sample, 1, UsageError("process.yaml: broken"))
    assert (sample.outcome, pauses) == (None, [])


def test_job_that_never_ran_is_unhealthy(sample: SampleJob) -> None:
    assert sample.check() == (1, "unhealthy: nothing has been published yet")
    sample.run()
    assert sample.check() == (1, "unhealthy: nothing has been published yet")


def test_job_is_healthy_while_its_newest_batch_is_young(sample: SampleJob) -> None:
    sample.publish(minutes(-200), batch="2026-11-23T23")
    sample.publish(NOW, batch="2026-11-23T09")
    published = "batch 2026-11-23T09 was published"
    assert sample.check(minutes(120)) == (0, f"healthy: {published} 120 min ago")
    assert sample.check(minutes(121)) == (1, f"unhealthy: {published} 121 min ago, which is over 120 min")
    assert sample.check(minutes(121), SAMPLE_STALE_AFTER_MINUTES="121") == (0, f"healthy: {published} 121 min ago")
    assert sample.check(minutes(-60)) == (0, f"healthy: {published} 0 min ago")  # the clock was set back


def test_failed_run_is_unhealthy_until_the_next_good_one(sample: SampleJob) -> None:
    sample.publish(NOW)
    sample.write_script(FAILS).run()
    failed = (1, f"unhealthy: the run failed with exit code 1 at {AT}; see the log")
    assert sample.check() == failed
    assert (sample.write_script(IS_BUSY).run(), sample.check()) == (75, failed)
    sample.write_script("").run()
    assert sample.check(minutes(1)) == (0, f"healthy: batch {HOUR} was published 1 min ago{DONE}")


def test_run_that_refused_a_file_is_healthy(sample: SampleJob) -> None:
    sample.publish(NOW)
    sample.write_script("raise SystemExit(3)").run()
    refused = f"; last run at {AT}: the run is done, but a file was refused"
    assert sample.check() == (0, f"healthy: batch {HOUR} was published 0 min ago{refused}")


def test_problem_during_a_run_is_waiting(sample: SampleJob) -> None:
    with sample.write_script(CLEANS_UP).start("run"):
        wait_until(sample.is_waiting)
        waiting = sample.check()
        sample.publish(NOW)
        healthy = sample.check()
        assert stop(sample.job.lock, 100)
    assert waiting == (1, "waiting: nothing has been published yet; a run is in progress")
    assert healthy == (0, f"healthy: batch {HOUR} was published 0 min ago")


def test_unreadable_destination_is_unhealthy(sample: SampleJob) -> None:
    (sample.folder / "dest").chmod(0)
    ran = sample.command("check", *with_few_rights())
    (sample.folder / "dest").chmod(0o700)
    assert ran == (1, f"unhealthy: {sample.folder}/dest: Permission denied\n", "")


def test_job_error_is_unhealthy(sample: SampleJob) -> None:
    def newest() -> None:
        raise JobError("sample.yaml: broken.")

    job = replace(sample.job, newest=newest)
    assert commands.check(job, {}, NOW) == (1, "unhealthy: sample.yaml: broken.")


def test_commands_use_the_current_time(sample: SampleJob) -> None:
    sample.write_script("import time\nopen(time.strftime('dest/%Y-%m-%dT%H'), 'a').write('made\\n')")
    assert [sample.command("catch-up").code, sample.command("run").code] == [0, 0]
    assert sample.command("check").out.startswith("healthy: ")
    sample.publish(datetime.now(UTC) - timedelta(minutes=150), batch="old")
    for path in (sample.folder / "dest").glob("2*"):
        path.unlink()
    old = "unhealthy: batch old was published 150 min ago, which is over 120 min\n"
    assert sample.command("check") == (1, old, "")


@pytest.mark.parametrize(
    "environment", [{}, {"SAMPLE_TIME_LIMIT_MINUTES": "", "SAMPLE_STALE_AFTER_MINUTES": "", "ALERT_WEBHOOK_URL": ""}]
)
def test_unset_settings_have_defaults(environment: dict[str, str]) -> None:
    assert Settings.of("sample", environment) == SETTINGS_DEFAULT


SETTINGS_DEFAULT = Settings(timedelta(minutes=50), timedelta(minutes=120), None)


def test_settings_have_the_name_of_the_job() -> None:
    environment = {
        "SAMPLE_TIME_LIMIT_MINUTES": "1",
        "SAMPLE_STALE_AFTER_MINUTES": "99999",
        "OTHER_TIME_LIMIT_MINUTES": "2",
        "ALERT_WEBHOOK_URL": URL,
    }
    assert Settings.of("sample", environment) == Settings(timedelta(minutes=1), timedelta(minutes=99999), URL)
    assert Settings.of("other", environment) == Settings(timedelta(minutes=2), timedelta(minutes=120), URL)


@pytest.mark.parametrize(("key", "default"), [("TIME_LIMIT", 50), ("STALE_AFTER", 120)])
@pytest.mark.parametrize("text", ["0", "-1", "1.5", " 5", "1_0", "five", "٥", "100000", "0999999"])
def test_bad_minutes_are_rejected(key: str, default: int, text: str) -> None:
    problem = f"SAMPLE_{key}_MINUTES: expected minutes from 1 to 99999 such as {default}, got {text!r}."
    with pytest.raises(UsageError) as caught:
        Settings.of("sample", {f"SAMPLE_{key}_MINUTES": text})
    assert str(caught.value) == problem


@pytest.mark.parametrize("text", ["http://a", "HTTPS://hooks.example.com/x", "http://[::1]:8080/", "http://10.0.0.1?a"])
def test_web_address_is_accepted(text: str) -> None:
    assert Settings.of("sample", {"ALERT_WEBHOOK_URL": text}).webhook == text


@pytest.mark.parametrize(
    "text",
    [TOKEN, f"hooks.example.com/{TOKEN}", f"ftp://hooks.example.com/{TOKEN}", f"http:///{TOKEN}", f"http://:80/{TOKEN}",
     f"http://hooks.example.com:port/{TOKEN}", f"http://[::1/{TOKEN}", f"http://hooks.example.com/ {TOKEN}",
     f"http://hooks.example.com/{TOKEN}\n", f"http://hooks.example.com/ü{TOKEN}", f"http://{TOKEN}@hooks.example.com/"],
)  # fmt: skip
def test_bad_web_address_is_rejected_without_repeating_it(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        Settings.of("sample", {"ALERT_WEBHOOK_URL": text})
    assert str(caught.value) == BAD_ADDRESS


@pytest.mark.parametrize("command", ["run", "catch-up"])
def test_command_with_a_bad_setting_starts_nothing(sample: SampleJob, command: str) -> None:
    sample.write_script("open('ran', 'w').close()")
    ran = sample.command(command, ALERT_WEBHOOK_URL=f"ftp://{TOKEN}")
    assert ran == (2, "", f"python -m scheduled: {BAD_ADDRESS}\n")
    assert not (sample.folder / "ran").exists()


def test_check_with_a_bad_setting_is_unhealthy(sample: SampleJob) -> None:
    problem = "SAMPLE_STALE_AFTER_MINUTES: expected minutes from 1 to 99999 such as 120, got 'soon'."
    assert sample.command("check", SAMPLE_STALE_AFTER_MINUTES="soon") == (1, f"unhealthy: {problem}\n", "")


def test_unknown_command_is_a_usage_error(sample: SampleJob) -> None:
    code, out, err = sample.command("restart")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("python -m scheduled: argument command: invalid choice: 'restart'")


def test_help_shows_commands_example_and_exit_codes(sample: SampleJob) -> None:
    code, out, err = sample.command("--help")
    assert (code, err) == (0, "")
    for line in ("  run  ", "  catch-up  ", "  check  ", "  stop  ", "exit codes:"):
        assert f"\n{line}" in out
    assert "example:\n  docker container exec sample_python python3 -m scheduled run\n" in out
