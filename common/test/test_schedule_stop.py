"""A run that is at work is found and ended by whoever may: cleanly, once, and without being called a failure."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from common.schedule.processes import at_work, stop
from common.test.schedule_support import (
    FAILS,
    HOLDS,
    IS_STOPPED,
    PYTHON,
    WAITS,
    Night,
    night_in,
)
from common.test.waiting import is_gone, wait_until

IGNORES = """\
import os, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open('pid', 'w').write(str(os.getpid()))
"""
PATIENT = 100.0


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Night:
    return night_in(tmp_path, monkeypatch)


@contextmanager
def at_its_work(night: Night, command: str = "run", program: str = HOLDS) -> Iterator[subprocess.Popen[str]]:
    """Keep a wrapper whose job is in the middle of its work."""
    with night.does(program).start(command) as wrapper:
        try:
            wait_until(night.holds)
            yield wrapper
        finally:
            stop(night.job, PATIENT)


@contextmanager
def alone(night: Night, program: str) -> Iterator[subprocess.Popen[bytes]]:
    """Keep a job that somebody has started without the wrapper."""
    night.does(program)
    with subprocess.Popen([PYTHON, night.script], cwd=night.folder) as process:
        try:
            yield process
        finally:
            process.kill()


def cleaned(night: Night) -> str:
    return (night.folder / "cleaned").read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_wrapper_that_is_stopped_ends_its_job_which_cleans_up(night: Night, number: signal.Signals) -> None:
    with at_its_work(night) as wrapper:
        wrapper.send_signal(number)
        out, err = wrapper.communicate(timeout=PATIENT)
    assert (wrapper.returncode, err, cleaned(night)) == (143, "", "once\n")
    assert out.endswith(" night: the run was stopped before its end\n")


@pytest.mark.parametrize("before", ["", FAILS])
def test_a_run_that_was_stopped_is_not_recorded_and_the_next_one_completes(night: Night, before: str) -> None:
    night.does(before).run()
    outcome = night.outcome
    with at_its_work(night) as wrapper:
        wrapper.terminate()
    assert night.outcome == outcome
    assert night.does("").run() == 0
    assert night.outcome == (0, "the run is done")


def test_a_run_that_was_done_when_it_was_stopped_is_recorded_as_done(night: Night) -> None:
    with at_its_work(night, program=HOLDS.replace("143", "0")) as wrapper:
        wrapper.terminate()
        wrapper.communicate(timeout=PATIENT)
    assert (wrapper.returncode, night.outcome) == (0, (0, "the run is done"))


def test_a_job_that_ignores_being_stopped_is_killed(night: Night) -> None:
    assert night.does(IGNORES + IS_STOPPED).run(grace=0.1) == 137
    assert (night.outcome, is_gone(int((night.folder / "pid").read_text()))) == (None, True)
    assert night.log.endswith("night: the run was stopped before its end\n")


def test_nothing_is_at_work_before_and_after_a_run(night: Night) -> None:
    assert at_work(night.job) == []
    with at_its_work(night):
        assert at_work(night.job) != []
    assert at_work(night.job) == []


@pytest.mark.parametrize("command", ["run", "catch-up"])
def test_a_job_that_a_wrapper_has_started_is_found_through_the_wrapper_alone(night: Night, command: str) -> None:
    with at_its_work(night, command) as wrapper:
        assert at_work(night.job) == [wrapper.pid]


def test_a_job_that_somebody_else_has_started_is_found_by_itself(night: Night) -> None:
    with alone(night, HOLDS) as process:
        wait_until(night.holds)
        assert at_work(night.job) == [process.pid]


def test_a_job_that_has_lost_its_wrapper_is_found_by_itself_and_ended(night: Night) -> None:
    with at_its_work(night) as wrapper:
        wrapper.kill()
        wrapper.wait()
        [orphan] = at_work(night.job)
        assert orphan != wrapper.pid
        assert stop(night.job, PATIENT)
        assert (is_gone(orphan), cleaned(night)) == (True, "once\n")


def test_the_processes_of_another_job_are_none_of_this_one(night: Night) -> None:
    with at_its_work(night):
        assert at_work(replace(night.job, module="other", command=("other.py",))) == []


def test_looking_after_a_job_is_no_run_of_it(night: Night) -> None:
    night.publish(datetime.now(UTC))
    with night.start("stop") as stopping, night.start("check") as checking:
        assert at_work(night.job) == []
        for process in (stopping, checking):
            process.communicate(timeout=PATIENT)
            assert process.returncode == 0


def test_stop_ends_a_run_that_is_at_work_and_returns_when_it_has_ended(night: Night) -> None:
    with at_its_work(night) as wrapper:
        assert night.command("stop") == (0, "", "")
        assert (at_work(night.job), cleaned(night)) == ([], "once\n")
        assert wrapper.wait() == 143


def test_stop_ends_all_runs_that_are_at_work(night: Night) -> None:
    with at_its_work(night) as wrapper, subprocess.Popen([PYTHON, night.script], cwd=night.folder) as process:
        wait_until(lambda: len(at_work(night.job)) == 2)
        assert stop(night.job, PATIENT)
        assert wrapper.wait() == 143
        assert process.wait() in (143, -15)  # -15 when it had not begun to listen


def test_stop_with_nothing_at_work_is_done_at_once(night: Night) -> None:
    assert stop(night.job, 0.0)


def test_stop_says_when_a_run_does_not_end_in_time(night: Night) -> None:
    with alone(night, IGNORES + WAITS) as process:
        wait_until((night.folder / "pid").exists)
        assert not stop(night.job, 0.2)
        assert process.poll() is None


def test_a_run_that_is_stopped_before_its_job_has_begun_ends_too(night: Night) -> None:
    with night.does(HOLDS).start("run") as wrapper:
        wait_until(lambda: at_work(night.job))
        assert stop(night.job, PATIENT)
    assert wrapper.returncode in (143, -15)
    assert night.outcome is None
