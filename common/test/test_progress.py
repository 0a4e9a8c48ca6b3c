"""A run tells what it does: live on a terminal, in plain lines elsewhere."""

import os
import pty
import re
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from common import progress
from common.paths import ROOT
from common.progress import Progress

TWO_STEPS = """
from common.progress import Progress
progress = Progress()
with progress.step("reading"):
    progress.update("reading file 2 of 3")
with progress.step("labelling"):
    pass
print(*progress.seconds)
"""


def told(capfd: pytest.CaptureFixture[str]) -> str:
    """Wait until a line stands on the error stream."""
    text = ""
    for _ in range(2000):
        text += capfd.readouterr().err
        if "\n" in text:
            break
        time.sleep(0.005)
    return text


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.01)


@pytest.mark.usefixtures("impatient")
def test_elsewhere_a_long_step_is_told_in_plain_lines(capfd: pytest.CaptureFixture[str]) -> None:
    with Progress().step("reading"):
        assert re.fullmatch(r"(reading \.\.\. \d+ s\n)+", told(capfd))


@pytest.mark.usefixtures("impatient")
def test_what_was_told_last_stands_in_the_next_line(capfd: pytest.CaptureFixture[str]) -> None:
    here = Progress()
    with here.step("reading"):
        here.update("reading file 2 of 3")
        told(capfd)  # a line may have been under way
        assert re.fullmatch(r"(reading file 2 of 3 \.\.\. \d+ s\n)+", told(capfd))


@pytest.mark.usefixtures("impatient")
def test_the_lines_end_with_the_step(capfd: pytest.CaptureFixture[str]) -> None:
    with Progress().step("reading"):
        told(capfd)
    capfd.readouterr()
    time.sleep(0.05)
    assert capfd.readouterr() == ("", "")


def test_a_short_step_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with Progress().step("reading"):
        pass
    assert (progress.SECONDS_BETWEEN_LINES, capfd.readouterr()) == (10.0, ("", ""))


def test_the_seconds_of_each_step_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([5.0, 7.5, 7.5, 7.50049])
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    here = Progress()
    with here.step("reading"):
        pass
    with here.step("labelling"):
        pass
    assert here.seconds == {"reading": 2.5, "labelling": 0.0}


def test_a_step_that_fails_keeps_its_seconds_too(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([1.0, 4.0])
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    here = Progress()
    with pytest.raises(ZeroDivisionError), here.step("reading"):
        1 / 0  # noqa: B018
    assert here.seconds == {"reading": 3.0}


def test_without_a_terminal_there_are_no_control_codes() -> None:
    ran = subprocess.run([sys.executable, "-c", TWO_STEPS], cwd=ROOT, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "reading labelling\n", "")


def test_a_terminal_shows_each_step_live_and_is_left_clean() -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        environment = os.environ | {"TERM": "xterm"}
        ran = subprocess.run(
            [sys.executable, "-c", TWO_STEPS], cwd=ROOT, stdout=subprocess.PIPE, stderr=theirs, env=environment
        )
        os.close(theirs)
        shown = everything(terminal.fileno())
    assert (ran.returncode, ran.stdout) == (0, b"reading labelling\n")
    assert "reading file 2 of 3 ..." in shown
    assert "labelling ..." in shown
    assert shown.rindex("\x1b[?25h") > shown.rindex("labelling ...")  # the cursor is back


def everything(terminal: int) -> str:
    """Read a pseudo-terminal until its other side is closed, which Linux tells by an error."""
    chunks = []
    try:
        while chunk := os.read(terminal, 4096):
            chunks.append(chunk)
    except OSError:
        pass
    return b"".join(chunks).decode()
