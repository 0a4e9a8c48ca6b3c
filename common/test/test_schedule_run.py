"""One run: its exit code, what it is called, how long it may take, and what is recorded of it."""

import signal
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from common.errors import JobError, UsageError
from common.schedule import commands, record
from common.schedule.child import supervise
from common.schedule.job import Settings
from common.schedule.record import Record
from common.test.schedule_support import (
    FAILS,
    IS_BUSY,
    NOW,
    PUBLISHES,
    WAITS,
    Night,
    night_in,
)
from common.test.waiting import is_gone, wait_until

SETTINGS = Settings(timedelta(minutes=5), timedelta(minutes=120), None)
RING = "import os, signal\nos.kill(os.getppid(), signal.SIGALRM)  # as if its time were over\n"
DEAF = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
POLITE = "import signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit({code}))\n"
CHILD = """\
import subprocess, sys
child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'], stdout={to}, stderr={to})
open('child', 'w').write(str(child.pid))
"""


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Night:
    return night_in(tmp_path, monkeypatch)


def child_of(night: Night) -> int:
    return int((night.folder / "child").read_text())


@pytest.mark.parametrize(
    ("program", "code", "words"),
    [
        ("", 0, "the run is done"),
        ("raise SystemExit(3)", 3, "the run is done, but a file was refused"),
        (FAILS, 1, "the run failed with exit code 1"),
        ("raise SystemExit(2)", 2, "the run failed with exit code 2"),
        ("raise SystemExit(143)", 143, "the run failed with exit code 143"),
        ("raise SystemExit(137)", 137, "the run was killed (exit code 137), perhaps for lack of memory"),
        (
            "import os\nos.kill(os.getpid(), 9)",
            137,
            "the run was killed (exit code 137), perhaps for lack of memory",
        ),
    ],
)
def test_a_run_ends_with_the_code_of_its_job_which_is_recorded(
    night: Night, program: str, code: int, words: str
) -> None:
    assert night.does(program).run() == code
    assert night.outcome == (code, words)
    assert night.log.endswith(f"+00:00 night: {words}\n")


def test_the_record_tells_when_the_run_began_and_when_it_ended(night: Night) -> None:
    moments = iter([NOW, NOW + timedelta(minutes=49, seconds=1, microseconds=999_999)])
    assert commands.run(night.job, SETTINGS, lambda: next(moments)) == 0
    assert record.read(night.job.records) == Record(
        "2026-11-23T16:00:00+00:00", "2026-11-23T16:49:01+00:00", 0, "the run is done", told=False
    )


def test_the_job_runs_in_its_root_and_is_given_no_input(night: Night) -> None:
    night.does("import os, sys\nprint(os.getcwd(), repr(sys.stdin.read()))")
    assert night.command("run", "sh", "-c", 'echo words | "$@"', "sh").code == 0
    assert f"\n{night.folder} ''\n" in night.log


def test_that_another_run_is_at_work_is_75_and_says_nothing_of_the_last_run(night: Night) -> None:
    night.does(FAILS).run()
    before = record.read(night.job.records)
    assert night.does(IS_BUSY).run(at=NOW + timedelta(hours=1)) == 75
    assert record.read(night.job.records) == before
    assert night.log.endswith("night: another run is at work, so this one did nothing\n")


def test_a_job_that_cannot_be_started_is_a_failed_run_like_any_other(night: Night) -> None:
    absent = night.folder / "absent"
    assert commands.run(replace(night.job, root=absent), SETTINGS, lambda: NOW) == 1
    assert night.outcome == (1, "the run failed with exit code 1")
    assert f"\n{absent}: No such file or directory; the job was not started\n" in night.log


def test_a_job_over_its_time_is_ended_and_fails(night: Night) -> None:
    assert night.does(WAITS).run(limit=timedelta(seconds=0.3)) == 1
    assert night.outcome == (1, "the run was ended because it took longer than 0.005 min")


def test_a_job_over_its_time_is_asked_first_and_may_clean_up(night: Night) -> None:
    cleans = "try:\n    " + (RING + WAITS).replace("\n", "\n    ") + "\nfinally:\n    print('cleaned up')"
    assert night.does(POLITE.format(code=143) + cleans).run() == 1
    assert night.outcome == (1, "the run was ended because it took longer than 5 min")
    assert "\ncleaned up\n" in night.log


@pytest.mark.parametrize(("code", "words"), [(0, "the run is done"), (3, "the run is done, but a file was refused")])
def test_a_job_that_is_done_when_its_time_is_over_is_done(night: Night, code: int, words: str) -> None:
    night.does(POLITE.format(code=code) + RING + WAITS)
    assert night.run() == code
    assert night.outcome == (code, words)


def test_a_job_that_does_not_end_when_asked_is_killed_with_all_its_processes(night: Night) -> None:
    assert night.does(DEAF + CHILD.format(to="subprocess.DEVNULL") + RING + WAITS).run(grace=0.1) == 1
    assert night.outcome == (1, "the run was ended because it took longer than 5 min")
    wait_until(lambda: is_gone(child_of(night)))


def test_what_a_job_leaves_behind_is_ended_with_it(night: Night) -> None:
    assert night.does(CHILD.format(to=None)).run() == 0
    wait_until(lambda: is_gone(child_of(night)))


def test_after_a_run_signals_are_taken_as_before(night: Night) -> None:
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM)
    before = [signal.getsignal(number) for number in numbers]
    night.does(RING + WAITS).run(grace=0.1)
    assert [signal.getsignal(number) for number in numbers] == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_missed_run_is_made_up_exactly_once(night: Night, capsys: pytest.CaptureFixture[str]) -> None:
    night.does(PUBLISHES)
    assert [night.catch_up(), night.catch_up(), night.catch_up()] == [0, 0, 0]
    assert (night.folder / "dest" / "2026-11-23T16").read_text() == "made once\n"
    nothing = "2026-11-23T16:00:00+00:00 night: this moment's batch is published, nothing to catch up with\n"
    assert capsys.readouterr().out.endswith(nothing * 2)


def test_when_nothing_is_due_catching_up_does_nothing_and_leaves_no_trace(night: Night) -> None:
    night.publish(NOW)
    assert night.does(FAILS).catch_up() == 0
    assert night.outcome is None
    assert not night.job.log.exists()


def test_catching_up_runs_again_after_a_run_that_failed(night: Night) -> None:
    night.publish(NOW)
    assert night.does(FAILS).run() == 1
    assert night.catch_up() == 1
    assert night.does("").catch_up() == 0
    assert night.outcome == (0, "the run is done")
    assert night.does(FAILS).catch_up() == 0


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that are asked for, none of which is made."""
    asked: list[float] = []
    monkeypatch.setattr("common.schedule.commands.time.sleep", asked.append)
    return asked


def caught_up(night: Night, refusals: int, error: JobError) -> int:
    """Catch up where what knows the batch that is due refuses to tell so many times."""
    left = iter(range(refusals))

    def batch_due(now: datetime) -> str | None:
        for _ in left:
            raise error
        return night.job.batch_due(now)

    return commands.catch_up(replace(night.job, batch_due=batch_due), SETTINGS, lambda: NOW)


def test_catching_up_waits_for_what_knows_which_batch_is_due(night: Night, pauses: list[float]) -> None:
    night.does(PUBLISHES)
    assert [caught_up(night, 3, JobError("no server answers")) for _ in range(2)] == [0, 0]
    assert ((night.folder / "dest" / "2026-11-23T16").read_text(), pauses) == ("made once\n", [5.0] * 6)


def test_when_that_is_never_known_the_run_says_what_is_wrong(night: Night, pauses: list[float]) -> None:
    assert caught_up(night.does(FAILS), 1_000, JobError("no server answers")) == 1
    assert (night.outcome, pauses) == ((1, "the run failed with exit code 1"), [5.0] * 24)


def test_a_broken_configuration_is_not_waited_for(night: Night, pauses: list[float]) -> None:
    with pytest.raises(UsageError):
        caught_up(night, 1, UsageError("process.yaml: is none"))
    assert (night.outcome, pauses) == (None, [])


def test_a_run_that_refused_a_file_is_not_made_again(night: Night) -> None:
    night.publish(NOW)
    assert night.does("raise SystemExit(3)").run() == 3
    assert night.catch_up() == 0


def test_the_commands_run_and_catch_up_by_the_time_of_the_machine(night: Night) -> None:
    night.does("import time\nopen(time.strftime('dest/%Y-%m-%dT%H'), 'a').write('made\\n')")
    assert night.command("catch-up").code == 0
    assert night.command("run").code == 0
    assert night.log.count("night: a run begins\n") == 2


def test_a_command_is_supervised_in_its_folder_line_by_line(tmp_path: Path) -> None:
    said: list[str] = []
    ended = supervise(["sh", "-c", "pwd; echo no end >&2; kill $$"], tmp_path, 100, said.append)
    assert (ended.code, ended.stopped, ended.over_time, said) == (-15, False, False, [str(tmp_path), "no end"])


def test_a_command_whose_time_is_over_before_it_begins_is_asked_to_end_too(tmp_path: Path) -> None:
    ended = supervise(["sleep", "60"], tmp_path, 1e-6, print, grace=20)
    assert (ended.code, ended.over_time) == (-15, True)
