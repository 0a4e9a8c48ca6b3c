"""Exit codes and error lines of a job, and the command-line parser."""

import logging
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from common import cli
from common.errors import Busy, JobError, UsageError
from common.paths import ROOT

CODES = "exit codes: 0 baked, 1 burnt\n"
PERSONAL = "Ada Lim,ada@lim.com,1990-12-10,91234567"
NOT_FOUND = "No such file or directory"


class Unexpected(Exception):
    """An error that no code raises on purpose."""


@pytest.fixture(autouse=True)
def restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set PROGRAM, and restore what a run sets for the whole process."""
    monkeypatch.setenv("PROGRAM", "PROGRAM")
    before = signal.getsignal(signal.SIGTERM), logging.getLogger("py4j").propagate
    yield
    signal.signal(signal.SIGTERM, before[0])
    logging.getLogger("py4j").propagate = before[1]


def exit_code(job: Callable[[], int], consequence: str = "") -> int | str | None:
    with pytest.raises(SystemExit) as caught:
        cli.run(job, consequence)
    return caught.value.code


def raising(error: BaseException) -> Callable[[], NoReturn]:
    def job() -> NoReturn:
        raise error

    return job


def start(job: str) -> subprocess.Popen[str]:
    """Start a process whose job is this Python expression."""
    program = f"import os, signal, sys, time\nfrom common import cli\ncli.run(lambda: {job})"
    command = [sys.executable, "-c", program]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("code", [0, 3])
def test_returned_code_is_the_exit_code(code: int, capfd: pytest.CaptureFixture[str]) -> None:
    assert (exit_code(lambda: code), capfd.readouterr()) == (code, ("", ""))


@pytest.mark.parametrize(
    ("error", "code", "lines"),
    [
        (JobError("the disk is full."), 1, "PROGRAM: the disk is full.\n"),
        (UsageError("--batch: missing."), 2, "PROGRAM: --batch: missing.\n"),
        (Busy(Path("/dest")), 75, "PROGRAM: /dest: another run is in progress. Wait until it ends.\n"),
        (UsageError("a: missing.", "b: missing."), 2, "PROGRAM: a: missing.\nPROGRAM: b: missing.\n"),
        (JobError("my\nfile\x1b[2J\udcff"), 1, "PROGRAM: my\\nfile\\x1b[2J\\udcff\n"),
        (KeyboardInterrupt(), 130, "PROGRAM: interrupted\n"),
        (FileNotFoundError(2, NOT_FOUND, "/a\rb"), 1, f"PROGRAM: /a\\rb: {NOT_FOUND}. Nothing changed.\n"),
        (OSError(28, "Disk full"), 1, "PROGRAM: input or output: Disk full. Nothing changed.\n"),
        (OSError(PERSONAL), 1, "PROGRAM: input or output: OSError. Nothing changed.\n"),
    ],
)
def test_error_has_its_exit_code_and_line(
    error: BaseException, code: int, lines: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert (exit_code(raising(error), "Nothing changed."), capfd.readouterr()) == (code, ("", lines))


def test_missing_package_is_named_with_the_fix(capfd: pytest.CaptureFixture[str]) -> None:
    assert exit_code(raising(ModuleNotFoundError("x", name="pyspark"))) == 1
    assert capfd.readouterr().err.startswith("PROGRAM: pyspark is not installed. Use the section's runner")


@pytest.mark.parametrize(
    ("end", "code", "line"), [(SystemExit(143), 143, ""), (KeyboardInterrupt(), 130, "PROGRAM: interrupted\n")]
)
@pytest.mark.parametrize("later", [ValueError(PERSONAL), JobError("connection lost"), OSError(32, "Broken pipe")])
def test_error_during_termination_does_not_hide_it(
    end: BaseException, code: int, line: str, later: Exception, capfd: pytest.CaptureFixture[str]
) -> None:
    def job() -> int:
        try:
            raise end
        finally:
            try:
                raise later
            except ValueError:
                raise Unexpected from None

    assert (exit_code(job), capfd.readouterr()) == (code, ("", line))


@pytest.mark.parametrize("error", [ValueError(PERSONAL), Unexpected(PERSONAL), MemoryError(PERSONAL)])
def test_unexpected_error_prints_its_place_without_its_text(
    error: Exception, capfd: pytest.CaptureFixture[str]
) -> None:
    code, (out, line) = exit_code(raising(error)), capfd.readouterr()
    place = f"{type(error).__name__} at test_cli.py:{raising.__code__.co_firstlineno + 2} (job)"
    assert (code, out, line) == (1, "", f"PROGRAM: {place}. This is a bug: please report this line.\n")


def test_unexpected_error_does_not_print_its_cause(capfd: pytest.CaptureFixture[str]) -> None:
    def job() -> int:
        try:
            raise ValueError(PERSONAL)
        except ValueError as error:
            raise Unexpected from error

    assert exit_code(job) == 1
    assert "Ada" not in capfd.readouterr().err


@pytest.mark.parametrize("code", [0, 3])
def test_closed_stdout_does_not_fail_a_finished_job(code: int) -> None:
    with start(f"cli.print_summary('line' * 999_999) or {code}") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.wait() == code
        assert process.stderr.read().endswith("cannot print the summary: Broken pipe. The work itself is done.\n")


def test_termination_runs_finally_blocks() -> None:
    program = (
        "import os, signal\nfrom common import cli\n"
        "def job():\n    try:\n        os.kill(os.getpid(), signal.SIGTERM)\n        signal.pause()\n"
        "    finally:\n        print('cleaned up')\n"
        "cli.run(job)"
    )
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (143, "cleaned up\n", "")


def test_interrupt_of_a_process_is_130() -> None:
    # A process that is started in the background ignores interrupts.
    as_in_the_foreground = "signal.signal(signal.SIGINT, signal.default_int_handler)"
    with start(f"{as_in_the_foreground} and os.kill(os.getpid(), signal.SIGINT) or time.sleep(60)") as process:
        assert process.communicate() == ("", "PROGRAM: interrupted\n")
    assert process.returncode == 130


def test_log_goes_to_stderr_without_the_root_logger() -> None:
    with start("__import__('logging').getLogger('x').info('hello') or __import__('logging').error('py4j')") as process:
        out, err = process.communicate()
    assert (out, err.count("\n"), err.endswith(" INFO hello\n")) == ("", 1, True)


@pytest.mark.parametrize(
    ("command", "name"),
    [(["-m", "section2"], "python -m section2"), (["section1_manage.py"], "section1_manage.py")],
)
def test_help_shows_how_the_program_was_started(command: list[str], name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for program, shown in (("", name), ("section9_runner.sh run", "section9_runner.sh run")):
        monkeypatch.setenv("PROGRAM", program)
        ran = subprocess.run([sys.executable, *command, "--help"], cwd=ROOT, capture_output=True, text=True)
        assert ran.stdout.startswith(f"usage: {shown} [-h] ")


@pytest.mark.parametrize("argument", ["--rie", "--rie\n\x1b[2J\u2028"])
def test_unknown_argument_is_one_line(argument: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.Parser(description="Bakes.").parse_args([argument])
    line = f"PROGRAM: unrecognized arguments: {repr(argument)[1:-1]}. See --help.\n"
    assert (caught.value.code, capfd.readouterr()) == (2, ("", line))


def test_help_ends_with_example_and_exit_codes(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.Parser(description="Bakes.", example="bake --rye", exit_codes=CODES).parse_args(["--help"])
    assert caught.value.code == 0
    assert capfd.readouterr().out.endswith(f"example:\n  bake --rye\n\n{CODES}")


def test_option_cannot_be_abbreviated() -> None:
    parser = cli.Parser(description="Bakes.")
    parser.add_argument("--reprocess", action="store_true")
    with pytest.raises(SystemExit):
        parser.parse_args(["--re"])
