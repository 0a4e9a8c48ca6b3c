"""Progress: live on a terminal, plain lines elsewhere, timings always."""

import re
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from common import progress
from common.paths import ROOT
from common.progress import Progress
from common.test.terminal import on_terminal

TWO_STEPS = """
from common.progress import Progress
progress = Progress()
with progress.step("reading"):
    progress.update("reading file 2 of 3")
with progress.step("loading [orders]"):
    progress.bar("orders")(1_000, 2_000)
print(*progress.seconds)
"""


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.01)


def next_lines(capfd: pytest.CaptureFixture[str]) -> str:
    """Wait until at least one line is printed on stderr."""
    text = ""
    for _ in range(2000):
        text += capfd.readouterr().err
        if "\n" in text:
            break
        time.sleep(0.005)
    return text


@pytest.mark.usefixtures("impatient")
def test_long_step_prints_plain_lines_until_it_ends(capfd: pytest.CaptureFixture[str]) -> None:
    with Progress().step("reading"):
        assert re.fullmatch(r"(reading \.\.\. \d+ s\n)+", next_lines(capfd))
    capfd.readouterr()
    time.sleep(0.05)
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("impatient")
def test_updated_text_and_bar_are_in_the_next_line(capfd: pytest.CaptureFixture[str]) -> None:
    here = Progress()
    with here.step("loading"):
        here.update("reading file 2 of 3")
        next_lines(capfd)  # it may have been printed before the update
        assert re.fullmatch(r"(reading file 2 of 3 \.\.\. \d+ s\n)+", next_lines(capfd))
        here.bar("orders")(1_000, 2_000)
        next_lines(capfd)
        assert re.fullmatch(r"(reading file 2 of 3: 1,000 of 2,000 orders \.\.\. \d+ s\n)+", next_lines(capfd))


def test_short_step_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with Progress().step("reading"):
        pass
    assert (progress.SECONDS_BETWEEN_LINES, capfd.readouterr()) == (10.0, ("", ""))


def test_timings_of_all_steps_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([5.0, 7.5, 7.5, 7.50049, 8.0, 11.0])
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    here = Progress()
    for name in ("reading", "labelling"):
        with here.step(name):
            pass
    with pytest.raises(ZeroDivisionError), here.step("failing"):
        1 / 0  # noqa: B018
    assert here.seconds == {"reading": 2.5, "labelling": 0.0, "failing": 3.0}


def test_output_without_a_terminal_has_no_control_codes() -> None:
    ran = subprocess.run([sys.executable, "-c", TWO_STEPS], cwd=ROOT, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "reading loading [orders]\n", "")


def test_terminal_shows_each_step_live_and_is_left_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("TERM", "xterm")
    with on_terminal([sys.executable, "-c", TWO_STEPS], 30) as terminal:
        pass
    shown = terminal.output.decode()
    assert "reading file 2 of 3" in shown
    assert "loading [orders]: 1,000 of 2,000 orders" in shown
    assert shown.rindex("\x1b[?25h") > shown.rindex("1,000 of 2,000")  # the cursor is visible again
    assert shown.endswith("reading loading [orders]\r\n")
