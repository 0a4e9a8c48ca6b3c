"""A web address hears of the first failed run and of the first good one after it, and of nothing else."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from common.schedule import commands, record
from common.schedule.notice import Webhook
from common.test.schedule_support import (
    FAILS,
    IS_BUSY,
    IS_STOPPED,
    NOW,
    TOKEN,
    WAITS,
    Listener,
    Night,
    listening,
    night_in,
)

FAILED = {
    "job": "night",
    "event": "failed",
    "at": "2026-11-23T16:00:00+00:00",
    "exit_code": 1,
    "text": "night: the run failed with exit code 1",
}
RECOVERED = {
    "job": "night",
    "event": "recovered",
    "at": "2026-11-23T17:00:00+00:00",
    "exit_code": 0,
    "text": "night: runs succeed again",
}
LATER = NOW + timedelta(hours=1)
NOBODY = "http://127.0.0.1:1/hook?token=" + TOKEN  # a port that nobody listens on
IGNORED = "; the next run tries again"


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Night:
    return night_in(tmp_path, monkeypatch)


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as server:
        yield server


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait ten seconds for an answer that never comes, but long enough for one that does."""
    monkeypatch.setattr(commands, "Webhook", partial(Webhook, seconds=2))


def told(night: Night) -> bool:
    last = record.read(night.job.records)
    assert last is not None
    return last.told


def test_a_good_run_is_told_to_nobody(night: Night, listener: Listener) -> None:
    night.run(webhook=listener.url)
    night.does("raise SystemExit(3)").run(webhook=listener.url)
    assert listener.visits == []


def test_the_first_failed_run_is_told_and_the_second_is_not(night: Night, listener: Listener) -> None:
    night.does(FAILS)
    assert [night.run(webhook=listener.url), night.run(LATER, webhook=listener.url)] == [1, 1]
    assert listener.heard == [FAILED]
    assert listener.visits == [f"POST /hook?token={TOKEN} application/json"]


@pytest.mark.parametrize("code", [0, 3])
def test_the_first_good_run_after_it_is_told_and_the_second_is_not(night: Night, listener: Listener, code: int) -> None:
    night.does(FAILS).run(webhook=listener.url)
    night.does(f"raise SystemExit({code})")
    assert [night.run(LATER, webhook=listener.url), night.run(webhook=listener.url)] == [code, code]
    assert listener.heard == [FAILED, RECOVERED | {"exit_code": code}]


def test_trouble_that_comes_back_is_told_again(night: Night, listener: Listener) -> None:
    for program, moment in ((FAILS, NOW), ("", LATER), (FAILS, NOW), (FAILS, NOW), ("", LATER)):
        night.does(program).run(moment, webhook=listener.url)
    assert listener.heard == [FAILED, RECOVERED, FAILED, RECOVERED]


@pytest.mark.parametrize(
    ("program", "code", "words"),
    [
        ("raise SystemExit(2)", 2, "the run failed with exit code 2"),
        (
            "import os\nos.kill(os.getpid(), 9)",
            137,
            "the run was killed (exit code 137), perhaps for lack of memory",
        ),
    ],
)
def test_the_message_says_how_the_run_failed(
    night: Night, listener: Listener, program: str, code: int, words: str
) -> None:
    night.does(program).run(webhook=listener.url)
    assert listener.heard == [FAILED | {"exit_code": code, "text": f"night: {words}"}]


def test_a_run_over_its_time_is_told(night: Night, listener: Listener) -> None:
    night.does(WAITS)
    night.run(webhook=listener.url, limit=timedelta(seconds=0.3))
    words = "night: the run was ended because it took longer than 0.005 min"
    assert listener.heard == [FAILED | {"text": words}]


def test_that_another_run_is_at_work_is_told_to_nobody(night: Night, listener: Listener) -> None:
    night.does(IS_BUSY).run(webhook=listener.url)
    night.does(FAILS).run(webhook=listener.url)
    night.does(IS_BUSY).run(webhook=listener.url)
    assert listener.heard == [FAILED]


def test_a_stopped_run_is_told_to_nobody(night: Night, listener: Listener) -> None:
    assert night.does(IS_STOPPED).run(webhook=listener.url) == 143
    assert listener.visits == []


def test_what_a_job_prints_stays_in_the_log(night: Night, listener: Listener) -> None:
    night.does("print('Ada Lim,ada@lim.com,1990-12-10,91234567')\nraise SystemExit(1)").run(webhook=listener.url)
    assert listener.heard == [FAILED]
    assert "Ada" in night.log


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("answer", "problem"),
    [(500, "it answered 500"), (404, "it answered 404"), (302, "it answered 302"), (307, "it answered 307"),
     (308, "it answered 308"), (None, "TimeoutError")],
)  # fmt: skip
@pytest.mark.parametrize(("program", "code"), [(FAILS, 1), ("", 0)])
def test_a_message_that_is_not_taken_changes_no_exit_code_and_is_sent_again_by_the_next_run(
    night: Night, listener: Listener, program: str, code: int, answer: int | None, problem: str
) -> None:
    if not code:  # then it is the recovery that is not taken
        night.does(FAILS).run(webhook=listener.url)
        listener.heard.clear()
    listener.answer = answer
    event, message = ("failed", FAILED) if code else ("recovered", RECOVERED)
    moment = NOW if code else LATER
    assert [night.does(program).run(moment, webhook=listener.url) for _ in range(2)] == [code, code]
    assert f"\nthe notice '{event}' was not delivered ({problem}){IGNORED}\n" in night.log
    listener.answer = 200
    assert [night.run(moment, webhook=listener.url) for _ in range(2)] == [code, code]
    assert listener.heard == [message] * 3
    assert not any(visit.startswith("GET") for visit in listener.visits)


@pytest.mark.parametrize("program", [FAILS, "import os\nos.kill(os.getpid(), 9)"])
def test_an_address_where_nobody_listens_changes_no_exit_code(night: Night, listener: Listener, program: str) -> None:
    code = night.does(program).run()
    assert night.run(webhook=NOBODY) == code
    assert f"the notice 'failed' was not delivered ([Errno 111] Connection refused){IGNORED}\n" in night.log
    assert not told(night)
    night.run(webhook=listener.url)
    assert [message["event"] for message in listener.heard] == ["failed"]


def test_an_address_without_a_server_behind_its_name_changes_no_exit_code(night: Night) -> None:
    assert night.does(FAILS).run(webhook=f"http://nobody.invalid/{TOKEN}") == 1
    assert "the notice 'failed' was not delivered ([Errno " in night.log


def test_trouble_that_nobody_was_told_of_is_over_without_a_word(night: Night, listener: Listener) -> None:
    night.does(FAILS).run(webhook=NOBODY)
    night.does("").run(webhook=listener.url)
    assert listener.visits == []


def test_trouble_that_began_without_an_address_is_told_once_there_is_one(night: Night, listener: Listener) -> None:
    night.does(FAILS).run()
    night.run(webhook=listener.url)
    assert listener.heard == [FAILED]


def test_an_address_that_is_taken_away_forgets_what_it_was_told(night: Night, listener: Listener) -> None:
    night.does(FAILS).run(webhook=listener.url)
    night.does("").run()
    night.run(webhook=listener.url)
    assert listener.heard == [FAILED]


def test_what_was_told_is_known_where_only_the_second_record_can_be_written(night: Night, listener: Listener) -> None:
    night.job.logs.touch()
    night.does(FAILS)
    assert [night.run(webhook=listener.url), night.run(LATER, webhook=listener.url)] == [1, 1]
    assert listener.heard == [FAILED]


@pytest.mark.parametrize("answer", [200, 500, 302])
def test_the_address_is_nowhere_in_what_a_run_prints_writes_and_sends(
    night: Night, listener: Listener, answer: int
) -> None:
    listener.answer = answer
    ran = night.does(FAILS).command("run", ALERT_WEBHOOK_URL=listener.url)
    assert (ran.code, len(listener.heard)) == (1, 1)
    written = "".join(path.read_text() for path in night.folder.rglob("*") if path.is_file())
    assert TOKEN not in ran.out + ran.err + written + str(listener.heard)
