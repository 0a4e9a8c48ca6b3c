"""However a job ends, its exit code says how, and one line says why without quoting a row."""

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


class Lost(Exception):
    """Whose text nobody foresaw."""


@pytest.fixture(autouse=True)
def program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROGRAM", "PROGRAM")


@pytest.fixture(autouse=True)
def handlers_as_before() -> Iterator[None]:
    """Put back what a run sets for the whole process."""
    before = signal.getsignal(signal.SIGTERM), logging.getLogger("py4j").propagate
    yield
    signal.signal(signal.SIGTERM, before[0])
    logging.getLogger("py4j").propagate = before[1]


def ended(job: Callable[[], int], consequence: str = "") -> int | str | None:
    with pytest.raises(SystemExit) as caught:
        cli.run(job, consequence)
    return caught.value.code


def raising(error: BaseException) -> Callable[[], NoReturn]:
    def job() -> NoReturn:
        raise error

    return job


def child(job: str, *command: str) -> subprocess.Popen[str]:
    """Start a process whose job is this Python expression."""
    program = f"import os, signal, sys, time\nfrom common import cli\ncli.run(lambda: {job})"
    return subprocess.Popen(
        [*command, sys.executable, "-c", program],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("code", [0, 3])
def test_the_code_that_a_job_returns_is_the_exit_code(code: int, capfd: pytest.CaptureFixture[str]) -> None:
    assert (ended(lambda: code), capfd.readouterr()) == (code, ("", ""))


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (JobError("the disk is full"), 1, "PROGRAM: the disk is full\n"),
        (UsageError("--batch: name one"), 2, "PROGRAM: --batch: name one\n"),
        (Busy(Path("/dest")), 75, "PROGRAM: /dest: another run is in progress. Wait until it ends.\n"),
        (UsageError("a: is missing", "b: is none"), 2, "PROGRAM: a: is missing\nPROGRAM: b: is none\n"),
        (JobError("my\nfile\x1b[2J\udcff: is no file"), 1, "PROGRAM: my\\nfile\\x1b[2J\\udcff: is no file\n"),
        (KeyboardInterrupt(), 130, "PROGRAM: interrupted\n"),
        (
            FileNotFoundError(2, "No such file or directory", "/dest"),
            1,
            "PROGRAM: /dest: No such file or directory. Nothing changed.\n",
        ),
        (
            FileNotFoundError(2, "No such file or directory", "/a\rb"),
            1,
            "PROGRAM: /a\\rb: No such file or directory. Nothing changed.\n",
        ),
        (
            OSError(28, "No space left on device"),
            1,
            "PROGRAM: input or output: No space left on device. Nothing changed.\n",
        ),
    ],
)
def test_an_error_has_its_exit_code_and_one_line(
    error: BaseException, code: int, line: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert (ended(raising(error), "Nothing changed."), capfd.readouterr()) == (code, ("", line))


def test_a_job_that_promises_nothing_is_not_said_to_have_kept_it(capfd: pytest.CaptureFixture[str]) -> None:
    assert ended(raising(PermissionError(13, "Permission denied", "/picture.png"))) == 1
    assert capfd.readouterr().err == "PROGRAM: /picture.png: Permission denied.\n"


@pytest.mark.parametrize(
    ("end", "code", "line"), [(SystemExit(143), 143, ""), (KeyboardInterrupt(), 130, "PROGRAM: interrupted\n")]
)
@pytest.mark.parametrize("then", [ValueError(PERSONAL), JobError("the connection is lost"), OSError(32, "Broken pipe")])
def test_what_fails_while_a_stopped_job_unwinds_does_not_hide_that_it_was_stopped(
    end: BaseException, code: int, line: str, then: Exception, capfd: pytest.CaptureFixture[str]
) -> None:
    def job() -> int:
        try:
            raise end
        finally:
            try:
                raise then
            except ValueError:
                raise Lost from None

    assert (ended(job), capfd.readouterr()) == (code, ("", line))


@pytest.mark.parametrize("error", [ValueError(PERSONAL), KeyError(PERSONAL), Lost(PERSONAL), MemoryError(PERSONAL)])
def test_an_unforeseen_error_tells_its_place_but_not_its_text(
    error: Exception, capfd: pytest.CaptureFixture[str]
) -> None:
    code, (out, line) = ended(raising(error)), capfd.readouterr()
    number = raising.__code__.co_firstlineno + 2
    where = f"{type(error).__name__} at test_cli.py:{number} (job)"
    assert (code, out, line) == (1, "", f"PROGRAM: {where}. This is a bug: please report this line.\n")


def test_an_unforeseen_error_does_not_tell_what_caused_it(capfd: pytest.CaptureFixture[str]) -> None:
    def job() -> int:
        try:
            raise ValueError(PERSONAL)
        except ValueError as error:
            raise Lost from error

    assert ended(job) == 1
    assert "Ada" not in capfd.readouterr().err


def test_an_input_or_output_error_without_a_number_is_one_line_with_nothing_personal(
    capfd: pytest.CaptureFixture[str],
) -> None:
    code, (_, line) = ended(raising(OSError(PERSONAL))), capfd.readouterr()
    assert (code, line.count("\n")) == (1, 1)
    assert "Ada" not in line
    assert "None" not in line


@pytest.mark.parametrize("code", [0, 3])
def test_that_nobody_hears_the_conclusion_does_not_undo_the_job(code: int) -> None:
    job = f"cli.print_summary('line' * 999_999) or {code}"
    with child(job) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.wait() == code
        assert process.stderr.read().endswith("cannot print the summary: Broken pipe. The work itself is done.\n")


def test_a_termination_unwinds_the_job(tmp_path: Path) -> None:
    left = tmp_path / "left"
    program = (
        "import os, signal\nfrom common import cli\n"
        "def job():\n    try:\n        os.kill(os.getpid(), signal.SIGTERM)\n        signal.pause()\n"
        f"    finally:\n        open({str(left)!r}, 'w').close()\n"
        "cli.run(job)"
    )
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (143, "", "")
    assert left.exists()


def test_an_interrupt_is_130_in_a_real_process() -> None:
    # Who is started in the background inherits that interrupts are ignored.
    as_in_the_foreground = "signal.signal(signal.SIGINT, signal.default_int_handler)"
    with child(f"{as_in_the_foreground} and os.kill(os.getpid(), signal.SIGINT) or time.sleep(60)") as process:
        assert process.communicate() == ("", "PROGRAM: interrupted\n")
    assert process.returncode == 130


def test_what_is_logged_goes_to_the_error_stream_with_its_time() -> None:
    with child("__import__('logging').getLogger('x').info('hello') or print('out') or 0") as process:
        out, err = process.communicate()
    assert (out, process.returncode) == ("out\n", 0)
    assert err.endswith(" INFO hello\n")


def test_what_a_library_logs_without_a_name_is_not_shown() -> None:
    failing = "__import__('logging').error('py4j says', exc_info=ValueError('a row')) or 0"
    with child(failing) as process:
        assert process.communicate() == ("", "")
    assert process.returncode == 0


def test_a_mistaken_argument_takes_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    parser = cli.Parser(description="Bakes.", example="bake --rye", exit_codes=CODES)
    with pytest.raises(SystemExit) as caught:
        parser.parse_args(["--rie"])
    assert (caught.value.code, capfd.readouterr()) == (
        2,
        ("", "PROGRAM: unrecognized arguments: --rie. See --help.\n"),
    )


def test_a_mistaken_argument_takes_one_line_whatever_it_holds(capfd: pytest.CaptureFixture[str]) -> None:
    parser = cli.Parser(description="Bakes.", example="bake --rye", exit_codes=CODES)
    with pytest.raises(SystemExit):
        parser.parse_args(["--rie\n\x1b[2J\u2028"])
    assert capfd.readouterr().err == "PROGRAM: unrecognized arguments: --rie\\n\\x1b[2J\\u2028. See --help.\n"


def test_help_ends_with_the_example_and_the_exit_codes(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.Parser(description="Bakes.", example="bake --rye", exit_codes=CODES).parse_args(["--help"])
    assert caught.value.code == 0
    assert capfd.readouterr().out.endswith(f"example:\n  bake --rye\n\n{CODES}")


def test_an_option_cannot_be_shortened() -> None:
    parser = cli.Parser(description="Bakes.", example="bake --rye", exit_codes=CODES)
    parser.add_argument("--reprocess", action="store_true")
    with pytest.raises(SystemExit):
        parser.parse_args(["--re"])
