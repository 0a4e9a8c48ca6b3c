"""What a run's end means, and what the command line says of itself."""

import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from common import cli
from common.schedule import commands, processes
from common.schedule.child import Ended
from common.schedule.commands import judge
from common.schedule.job import Settings
from common.test.schedule_support import night_in

SETTINGS = Settings(timedelta(minutes=5), timedelta(minutes=120), None)
TOO_LONG = "the run was ended because it took longer than 5 min"
STOPPED = "the run was stopped before its end"
REFUSED = "the run is done, but a file was refused"


def killed(code: int) -> tuple[int, str]:
    return code, f"the run was killed (exit code {code}), perhaps for lack of memory"


def failed(code: int) -> tuple[int, str]:
    return code, f"the run failed with exit code {code}"


@pytest.mark.parametrize(
    ("ended", "verdict"),
    [
        (Ended(0), (0, "the run is done")),
        (Ended(3), (3, REFUSED)),
        (Ended(75), (75, "another run is at work, so this one did nothing")),
        (Ended(1), failed(1)),
        (Ended(4), failed(4)),
        (Ended(76), failed(76)),
        (Ended(136), failed(136)),
        (Ended(137), killed(137)),
        (Ended(138), failed(138)),
        (Ended(-1), killed(129)),
        (Ended(-9), killed(137)),
        (Ended(-15), killed(143)),
        (Ended(1, over_time=True), (1, TOO_LONG)),
        (Ended(143, over_time=True), (1, TOO_LONG)),
        (Ended(-9, over_time=True), (1, TOO_LONG)),
        (Ended(0, over_time=True), (0, "the run is done")),
        (Ended(3, over_time=True), (3, REFUSED)),
        (Ended(143, stopped=True), (143, STOPPED)),
        (Ended(-15, stopped=True), (143, STOPPED)),
        (Ended(0, stopped=True), (0, "the run is done")),
        (Ended(3, stopped=True), (3, REFUSED)),
    ],
)
def test_the_end_of_a_run_means_this(ended: Ended, verdict: tuple[int, str]) -> None:
    assert judge(ended, SETTINGS) == verdict


def test_an_outcome_that_cannot_be_recorded_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    night = night_in(tmp_path, monkeypatch)
    place = night.job.records[0]
    place.mkdir(parents=True)
    assert night.run() == 0
    assert night.log.endswith(f"{place}: Is a directory; the outcome of this run is not recorded there\n")


def test_the_command_says_what_it_can_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    night = night_in(tmp_path, monkeypatch)
    monkeypatch.setattr(sys, "argv", ["x", "--help"])
    with pytest.raises(SystemExit) as caught:
        commands.main(night.job)
    said = capsys.readouterr().out
    assert caught.value.code == 0
    assert said.startswith(f"usage: python3 -m {night.module} [-h] {{run,catch-up,check,stop}}\n\n")
    assert "\nThe scheduled job of night, in its container.\n\ncommands:\n  run       runs the job once, " in said
    assert "{run,catch-up,check,stop}\n                        see above\n" in said
    assert f"\n  docker container exec night_python python3 -m {night.module} run\n" in said


@pytest.mark.parametrize("command", ["", "walk"])
def test_it_takes_no_other_command(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["x", *command.split()])
    with pytest.raises(SystemExit) as caught:
        commands.main(night_in(tmp_path, monkeypatch).job)
    assert (caught.value.code, capsys.readouterr().out) == (2, "")


@pytest.mark.parametrize(("ends", "code"), [(True, 0), (False, 1)])
def test_stop_is_0_when_all_has_ended_and_1_when_not(
    ends: bool, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["x", "stop"])
    monkeypatch.setattr(processes, "stop", lambda job, seconds: ends)
    monkeypatch.setattr(cli, "run", lambda job: sys.exit(job()))
    with pytest.raises(SystemExit) as caught:
        commands.main(night_in(tmp_path, monkeypatch).job)
    assert caught.value.code == code


def test_the_command_catches_up_with_nothing_that_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    night, now = night_in(tmp_path, monkeypatch), datetime.now().astimezone()
    for moment in (now, now + timedelta(hours=1)):  # the hour may be over before it is asked
        night.publish(now, batch=f"{moment:%Y-%m-%dT%H}")
    ran = night.command("catch-up")
    assert (ran.code, ran.out.endswith("nothing to catch up with\n"), night.outcome) == (0, True, None)
