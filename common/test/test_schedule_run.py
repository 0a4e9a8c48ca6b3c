"""A scheduled run: time limit, termination, log, record."""

import fcntl
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from common.schedule import commands, record
from common.schedule.commands import judge
from common.schedule.job import Settings
from common.schedule.lock import run_in_progress, stop
from common.schedule.process import Ended
from common.schedule.record import Record
from common.test.schedule_support import (
    CLEANS_UP,
    FAILS,
    IGNORES_SIGTERM,
    IS_BUSY,
    IS_KILLED,
    NOW,
    WAITS,
    SampleJob,
    use_own_scratch,
)
from common.test.waiting import is_gone, wait_until

pytestmark = pytest.mark.integration

SETTINGS = Settings(timedelta(minutes=5), timedelta(minutes=120), None)
AT = NOW.isoformat(timespec="seconds")
SECOND = timedelta(seconds=1)
DONE, REFUSED = "the run is done", "the run is done, but a file was refused"
BUSY = "another run is in progress, so this one did nothing"
KILLED = "the run was killed (exit code 137), perhaps out of memory"
STOPPED = "the run was stopped before its end"
TOO_LONG = "the run was ended because it took longer than 5 min"
PRINTS = "import sys\nprint('one', flush=True)\nprint('two', file=sys.stderr)"
LEAVES_A_CHILD = """\
import subprocess, sys
child = subprocess.Popen(['sleep', '300'])
open('child', 'w').write(str(child.pid))
"""
ENDS_WITH = "import signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit({code}))\n"


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SampleJob:
    use_own_scratch(tmp_path, monkeypatch)
    return SampleJob(tmp_path).build()


def without_times(text: str) -> list[str]:
    return [line.partition(" ")[2] if " sample: " in line else line for line in text.splitlines()]


@pytest.mark.parametrize(
    ("ended", "code", "result"),
    [
        (Ended(0), 0, DONE),
        (Ended(3), 3, REFUSED),
        (Ended(75), 75, BUSY),
        (Ended(1), 1, "the run failed with exit code 1"),
        (Ended(143), 143, "the run failed with exit code 143"),
        (Ended(137), 137, KILLED),
        (Ended(-9), 137, KILLED),
        (Ended(-1), 129, "the run was killed (exit code 129), perhaps out of memory"),
        (Ended(143, over_time=True), 1, TOO_LONG),
        (Ended(-9, over_time=True), 1, TOO_LONG),
        (Ended(0, over_time=True), 0, DONE),
        (Ended(-15, stopped=True), 143, STOPPED),
        (Ended(3, stopped=True), 3, REFUSED),
    ],
)
def test_exit_code_has_this_meaning(ended: Ended, code: int, result: str) -> None:
    assert judge(ended, SETTINGS) == (code, result)


@pytest.mark.parametrize(
    ("program", "code", "result"),
    [("", 0, DONE), ("raise SystemExit(3)", 3, REFUSED), (FAILS, 1, "the run failed with exit code 1"),
     (IS_KILLED, 137, KILLED)],
)  # fmt: skip
def test_result_of_a_run_is_returned_logged_and_recorded(
    sample: SampleJob, program: str, code: int, result: str
) -> None:
    moments = iter([NOW, NOW + timedelta(minutes=49, seconds=1, microseconds=999_999)])
    sample.write_script(program)
    assert commands.run(sample.job, SETTINGS, lambda: next(moments)) == code
    assert record.read(sample.job.records) == Record(AT, "2026-11-23T16:49:01+00:00", code, result)
    assert sample.log.endswith(f"2026-11-23T16:49:01+00:00 sample: {result}\n")


def test_job_runs_in_its_directory_without_input(sample: SampleJob) -> None:
    sample.write_script("import os, sys\nprint(os.getcwd(), repr(sys.stdin.read()))")
    assert sample.command("run", "sh", "-c", 'echo words | "$@"', "sh").code == 0
    assert f"\n{sample.folder} ''\n" in sample.log


def test_busy_job_is_75_and_not_recorded(sample: SampleJob) -> None:
    sample.write_script(FAILS).run()
    before = record.read(sample.job.records)
    assert sample.write_script(IS_BUSY).run(at=NOW + timedelta(hours=1)) == 75
    assert record.read(sample.job.records) == before
    assert sample.log.endswith(f"sample: {BUSY}\n")


def test_second_run_is_75_and_starts_nothing(sample: SampleJob) -> None:
    with sample.write_script(CLEANS_UP).start("run") as first:
        wait_until(sample.is_waiting)
        assert sample.write_script("open('second', 'w')").run() == 75
        assert stop(sample.job.lock, 100)
    assert (first.returncode, (sample.folder / "second").exists(), sample.outcome) == (143, False, None)
    assert f"{AT} sample: {BUSY}\n" in sample.log


def test_job_that_cannot_be_started_is_a_failed_run(sample: SampleJob) -> None:
    absent = sample.folder / "absent"
    assert commands.run(replace(sample.job, root=absent), SETTINGS, lambda: NOW) == 1
    assert sample.outcome == (1, "the run failed with exit code 1")
    assert f"\n{absent}: No such file or directory. The job was not started.\n" in sample.log


def test_job_over_its_time_limit_cleans_up_and_fails(sample: SampleJob) -> None:
    assert sample.write_script(CLEANS_UP).run(limit=3 * SECOND) == 1
    assert sample.outcome == (1, "the run was ended because it took longer than 0.05 min")
    assert (sample.folder / "cleaned").read_text() == "once\n"


def test_job_that_finishes_at_its_time_limit_succeeds(sample: SampleJob) -> None:
    assert sample.write_script(ENDS_WITH.format(code=3) + WAITS).run(limit=3 * SECOND) == 3
    assert sample.outcome == (3, REFUSED)


def test_job_that_ignores_termination_is_killed_with_its_children(sample: SampleJob) -> None:
    assert sample.write_script(LEAVES_A_CHILD + IGNORES_SIGTERM).run(limit=3 * SECOND, grace=0.1) == 1
    assert sample.outcome == (1, "the run was ended because it took longer than 0.05 min")
    wait_until(lambda: is_gone(int((sample.folder / "child").read_text())))


def test_children_that_a_job_leaves_are_killed(sample: SampleJob, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.schedule.process._OUTPUT_SECONDS", 0.2)
    assert sample.write_script(LEAVES_A_CHILD).run() == 0
    wait_until(lambda: is_gone(int((sample.folder / "child").read_text())))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_terminated_run_ends_its_job_which_cleans_up(sample: SampleJob, number: signal.Signals) -> None:
    sample.write_script(FAILS).run()
    outcome = sample.outcome
    with sample.write_script(CLEANS_UP).start("run") as process:
        wait_until(sample.is_waiting)
        process.send_signal(number)
        out, err = process.communicate(timeout=100)
    assert (process.returncode, err, (sample.folder / "cleaned").read_text()) == (143, "", "once\n")
    assert (out.endswith(f" sample: {STOPPED}\n"), sample.outcome) == (True, outcome)
    assert sample.write_script("").run() == 0


def test_run_that_finishes_when_terminated_is_recorded(sample: SampleJob) -> None:
    with sample.write_script(ENDS_WITH.format(code=0) + WAITS).start("run") as process:
        wait_until(sample.is_waiting)
        process.terminate()
    assert (process.returncode, sample.outcome) == (0, (0, DONE))


def test_stop_terminates_the_run_and_waits_for_it(sample: SampleJob) -> None:
    with sample.write_script(CLEANS_UP).start("run") as process:
        wait_until(sample.is_waiting)
        assert run_in_progress(sample.job.lock) == process.pid
        assert sample.command("stop") == (0, "", "")
        assert (run_in_progress(sample.job.lock), (sample.folder / "cleaned").read_text()) == (None, "once\n")
        assert process.wait() == 143


def test_stop_without_a_run_returns_at_once(sample: SampleJob) -> None:
    assert stop(sample.job.lock, 0.0)
    sample.run()
    assert stop(sample.job.lock, 0.0)


def test_stop_fails_when_the_run_does_not_end(sample: SampleJob, monkeypatch: pytest.MonkeyPatch) -> None:
    with sample.write_script(IGNORES_SIGTERM).start("run") as process:
        wait_until(sample.is_waiting)
        monkeypatch.setattr(commands, "_SECONDS_TO_STOP", 0.2)
        monkeypatch.setattr(sys, "argv", ["x", "stop"])
        with pytest.raises(SystemExit) as caught:
            commands.main(sample.job)
        assert (caught.value.code, process.poll()) == (1, None)
        process.kill()
        os.kill(int((sample.folder / "waiting").read_text()), signal.SIGKILL)


def test_run_waits_for_a_health_check_that_holds_the_lock(sample: SampleJob, monkeypatch: pytest.MonkeyPatch) -> None:
    sample.run()
    with sample.job.lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        monkeypatch.setattr("common.schedule.lock.time.sleep", lambda _: fcntl.flock(file, fcntl.LOCK_UN))
        assert sample.run() == 0


def test_output_is_logged_to_both_places(sample: SampleJob, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [f"{AT} sample: a run begins", "one", "two", f"{AT} sample: {DONE}"]
    sample.write_script(PRINTS)
    assert [sample.run(), sample.run()] == [0, 0]
    assert capsys.readouterr() == ("".join(f"{line}\n" for line in lines * 2), "")
    assert sample.log.splitlines() == lines * 2


def test_log_is_rotated_by_size(sample: SampleJob) -> None:
    sample.job.logs.mkdir()
    sample.job.log.write_text("." * 5_000_000)
    sample.run()
    assert len((sample.job.logs / "data_pipeline.log.1").read_text()) == 5_000_000
    assert sample.log.startswith(f"{AT} sample: a run begins\n")


def _directory_is_a_file(log: Path) -> None:
    log.parent.touch()


def _is_a_directory(log: Path) -> None:
    log.mkdir(parents=True)


@pytest.mark.parametrize(
    ("spoil", "problem"), [(_directory_is_a_file, "File exists"), (_is_a_directory, "Is a directory")]
)
@pytest.mark.parametrize("code", [0, 1])
def test_log_that_cannot_be_written_does_not_change_the_run(
    sample: SampleJob, capsys: pytest.CaptureFixture[str], spoil: Callable[[Path], None], problem: str, code: int
) -> None:
    spoil(sample.job.log)
    assert sample.write_script(f"print('one')\nraise SystemExit({code})").run() == code
    lines = capsys.readouterr().out.splitlines()
    unwritable = f"{sample.job.log}: {problem}. This run is logged to standard output only."
    assert lines[:3] == [unwritable, f"{AT} sample: a run begins", "one"]


def test_full_log_does_not_change_the_run(sample: SampleJob, capsys: pytest.CaptureFixture[str]) -> None:
    sample.job.logs.mkdir()
    sample.job.log.symlink_to("/dev/full")
    assert sample.write_script(PRINTS).run() == 0
    out, err = capsys.readouterr()
    assert (out.splitlines()[1:3], err) == (["one", "two"], "")


@pytest.mark.parametrize("code", [0, 1])
@pytest.mark.parametrize("output", ["full", "closed"])
def test_stdout_that_cannot_be_written_does_not_change_the_run(sample: SampleJob, output: str, code: int) -> None:
    sample.write_script(f"print('one')\nraise SystemExit({code})")
    if output == "full":
        with Path("/dev/full").open("w") as full, sample.start("run", stdout=full) as process:
            err = process.communicate(timeout=100)[1]
    else:
        with sample.start("run") as process:
            assert process.stdout is not None
            process.stdout.close()
            process.stdout = None
            err = process.communicate(timeout=100)[1]
    assert (process.returncode, err, sample.log.splitlines()[1]) == (code, "", "one")


def test_full_disk_does_not_change_the_run(sample: SampleJob) -> None:
    # coverage could not write its data either
    ran = sample.command("run", "prlimit", "--fsize=0:0", COVERAGE_PROCESS_CONFIG="")
    assert (ran.code, ran.err) == (0, "")
    paths = [sample.folder / "log" / "last_run.json", sample.folder / "tmp" / "sample_last_run.json"]
    unwritten = [f"{path}: File too large. The result of this run is not recorded there." for path in paths]
    assert without_times(ran.out)[-3:] == [f"sample: {DONE}", *unwritten]


def test_bytes_that_are_not_text_are_logged_as_escapes(sample: SampleJob) -> None:
    sample.write_script(r"import os; os.write(1, b'caf\xc3\xa9 \xff\xfe\n\x00')")
    ran = sample.command("run", PYTHONIOENCODING="ascii", PYTHONUTF8="1")
    assert (ran.code, ran.err, ran.out.splitlines()[1:3]) == (0, "", ["caf\\xe9 \\xff\\xfe", "\0"])
    assert sample.log.splitlines()[1:3] == ["café \\xff\\xfe", "\0"]


OLD = Record("2026-11-23T16:00:00+08:00", "2026-11-23T16:00:09+08:00", 0, DONE)
NEW = Record("2026-11-23T17:00:00+08:00", "2026-11-23T17:00:09+08:00", 1, "the run failed", alerted=True)
CONTENT = '{"started_at": "", "ended_at": "", "exit_code": 0, "result": "", "alerted": false}'


@pytest.fixture
def paths(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "log" / "last_run.json", tmp_path / "tmp" / "sample_last_run.json"


def test_record_is_a_small_json_file(paths: tuple[Path, Path]) -> None:
    assert record.read(paths) is None
    assert record.write(NEW, paths) == []
    assert record.read(paths) == NEW
    assert json.loads(paths[0].read_text()) == vars(NEW)
    assert (list(paths[0].parent.iterdir()), paths[1].exists()) == ([paths[0]], False)


@pytest.mark.parametrize("content", ["", "\0" * 200, CONTENT[:-9], "null", "[]", "{}", CONTENT.replace("result", "x")])
def test_damaged_record_counts_as_none(paths: tuple[Path, Path], content: str) -> None:
    record.write(OLD, paths)
    paths[0].write_text(content)
    assert record.read(paths) is None
    assert record.write(NEW, paths) == []
    assert record.read(paths) == NEW


def test_record_goes_to_second_path_while_first_is_unwritable(paths: tuple[Path, Path]) -> None:
    record.write(OLD, paths)
    temporary = paths[0].with_name(f".{paths[0].name}.tmp")
    temporary.mkdir()
    problem = f"{paths[0]}: Is a directory. The result of this run is not recorded there."
    assert record.write(NEW, paths) == [problem]
    assert record.read(paths) == NEW
    temporary.rmdir()
    assert (record.write(OLD, paths), record.read(paths), paths[1].exists()) == ([], OLD, False)
