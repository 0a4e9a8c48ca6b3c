"""The webhook receives an alert when runs begin to fail and when they succeed again, and nothing else."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from common.schedule import record
from common.schedule.webhook import post
from common.test.schedule_support import (
    FAILS,
    IS_BUSY,
    IS_KILLED,
    NOW,
    TOKEN,
    WAITS,
    Listener,
    SampleJob,
    listening,
    use_own_scratch,
)

pytestmark = pytest.mark.integration

FAILED = {
    "job": "sample",
    "event": "failed",
    "at": "2026-11-23T16:00:00+00:00",
    "exit_code": 1,
    "text": "sample: the run failed with exit code 1",
}
RECOVERED = {
    "job": "sample",
    "event": "recovered",
    "at": "2026-11-23T17:00:00+00:00",
    "exit_code": 0,
    "text": "sample: runs succeed again",
}
LATER = NOW + timedelta(hours=1)
CLOSED = f"http://127.0.0.1:1/hook?token={TOKEN}"


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SampleJob:
    use_own_scratch(tmp_path, monkeypatch)
    return SampleJob(tmp_path).build()


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as server:
        yield server


def test_first_failed_run_is_reported_once(sample: SampleJob, listener: Listener) -> None:
    sample.write_script(FAILS)
    assert [sample.run(webhook=listener.url), sample.run(LATER, webhook=listener.url)] == [1, 1]
    assert listener.heard == [FAILED]
    assert listener.visits == [f"POST /hook?token={TOKEN} application/json"]


@pytest.mark.parametrize("code", [0, 3])
def test_recovery_is_reported_once(sample: SampleJob, listener: Listener, code: int) -> None:
    sample.write_script(FAILS).run(webhook=listener.url)
    sample.write_script(f"raise SystemExit({code})")
    assert [sample.run(LATER, webhook=listener.url), sample.run(webhook=listener.url)] == [code, code]
    assert listener.heard == [FAILED, RECOVERED | {"exit_code": code}]


def test_failure_that_returns_is_reported_again(sample: SampleJob, listener: Listener) -> None:
    for program, moment in (("", NOW), (FAILS, NOW), ("", LATER), (FAILS, NOW), (FAILS, NOW), ("", LATER)):
        sample.write_script(program).run(moment, webhook=listener.url)
    assert listener.heard == [FAILED, RECOVERED, FAILED, RECOVERED]


def test_alert_has_the_result_but_no_output(sample: SampleJob, listener: Listener) -> None:
    sample.write_script(f"print('Ada Lim,ada@lim.com', flush=True)\n{IS_KILLED}").run(webhook=listener.url)
    text = "sample: the run was killed (exit code 137), perhaps out of memory"
    assert listener.heard == [FAILED | {"exit_code": 137, "text": text}]
    assert "Ada" in sample.log


def test_run_over_its_time_limit_is_reported(sample: SampleJob, listener: Listener) -> None:
    sample.write_script(WAITS).run(webhook=listener.url, limit=timedelta(seconds=0.3))
    text = "sample: the run was ended because it took longer than 0.005 min"
    assert listener.heard == [FAILED | {"text": text}]


def test_busy_run_is_not_reported(sample: SampleJob, listener: Listener) -> None:
    for program in (IS_BUSY, FAILS, IS_BUSY):
        sample.write_script(program).run(webhook=listener.url)
    assert listener.heard == [FAILED]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [(500, "HTTP status 500"), (302, "a redirection, which urllib follows without the message"),
     (307, "HTTP status 307")],
)  # fmt: skip
@pytest.mark.parametrize(("program", "code"), [(FAILS, 1), ("", 0)])
def test_undelivered_alert_is_sent_again_by_the_next_run(
    sample: SampleJob, listener: Listener, program: str, code: int, answer: int, problem: str
) -> None:
    if not code:
        sample.write_script(FAILS).run(webhook=listener.url)
        listener.heard.clear()
    listener.answer = answer
    event, message = ("failed", FAILED) if code else ("recovered", RECOVERED)
    moment = NOW if code else LATER
    assert [sample.write_script(program).run(moment, webhook=listener.url) for _ in range(2)] == [code, code]
    assert f"\nthe alert '{event}' was not delivered ({problem}). The next run tries again.\n" in sample.log
    listener.answer = 200
    assert [sample.run(moment, webhook=listener.url) for _ in range(2)] == [code, code]
    assert listener.heard == [message] * 3


def test_alert_without_an_answer_times_out(listener: Listener) -> None:
    listener.answer = None
    assert post(listener.url, {}, seconds=0.5) == "TimeoutError"


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        (CLOSED, "[Errno 111] Connection refused"),
        (f"http://nobody.invalid/{TOKEN}", "[Errno "),
        (f"http://hooks..example.com/{TOKEN}", "UnicodeError"),
    ],
)
def test_unreachable_webhook_does_not_change_the_run(sample: SampleJob, url: str, problem: str) -> None:
    assert sample.write_script(FAILS).run(webhook=url) == 1
    assert f"the alert 'failed' was not delivered ({problem}" in sample.log
    last = record.read(sample.job.records)
    assert last is not None
    assert not last.alerted


def test_recovery_of_an_unreported_failure_is_not_reported(sample: SampleJob, listener: Listener) -> None:
    sample.write_script(FAILS).run(webhook=CLOSED)
    sample.write_script("").run(webhook=listener.url)
    assert listener.visits == []


def test_failure_is_reported_once_a_webhook_is_configured(sample: SampleJob, listener: Listener) -> None:
    sample.write_script(FAILS).run()
    sample.run(webhook=listener.url)
    assert listener.heard == [FAILED]


def test_removed_webhook_forgets_its_alert(sample: SampleJob, listener: Listener) -> None:
    sample.write_script(FAILS).run(webhook=listener.url)
    sample.write_script("").run()
    sample.run(webhook=listener.url)
    assert listener.heard == [FAILED]


def test_alert_is_remembered_in_the_second_record(sample: SampleJob, listener: Listener) -> None:
    sample.job.logs.touch()
    sample.write_script(FAILS)
    assert [sample.run(webhook=listener.url), sample.run(LATER, webhook=listener.url)] == [1, 1]
    assert listener.heard == [FAILED]


@pytest.mark.parametrize("answer", [200, 500, 302])
def test_address_is_never_printed_or_written(sample: SampleJob, listener: Listener, answer: int) -> None:
    listener.answer = answer
    ran = sample.write_script(FAILS).command("run", ALERT_WEBHOOK_URL=listener.url)
    assert (ran.code, len(listener.heard)) == (1, 1)
    written = "".join(path.read_text() for path in sample.folder.rglob("*") if path.is_file())
    assert TOKEN not in ran.out + ran.err + written + str(listener.heard)
