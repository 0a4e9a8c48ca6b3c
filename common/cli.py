"""Command-line parsing, logging and exit codes of all entry points."""

import argparse
import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from common.errors import JobError, one_line
from common.owner import become_owner

logger = logging.getLogger(__name__)


def program() -> str:
    """Return the command that the user typed: PROGRAM, which the runners set, else the module or script."""
    typed = os.environ.get("PROGRAM")
    if typed:
        return typed
    module = sys.modules["__main__"].__spec__
    return f"python -m {module.name.removesuffix('.__main__')}" if module else Path(sys.argv[0]).name


class Parser(argparse.ArgumentParser):
    """A parser that accepts no abbreviations. Its help ends with an example and the exit codes."""

    def __init__(self, *, prog: str | None = None, example: str = "", exit_codes: str = "", **settings: Any) -> None:
        super().__init__(
            prog=prog or program(),
            epilog="\n\n".join(filter(None, [f"example:\n  {example}" if example else "", exit_codes])),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
            **settings,
        )

    def error(self, message: str) -> NoReturn:
        """Print the problem in one line and exit with 2."""
        self.exit(2, f"{self.prog}: {one_line(message.rstrip('.'))}. See --help.\n")


def run(job: Callable[[], int], consequence: str = "") -> NoReturn:
    """Run the job and exit with its exit code. An error becomes one line and the exit code of its type.

    `consequence` is appended to input and output errors, for example "Nothing was published."
    """
    _log_to_stderr()
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _exit_on_signal)
    try:
        become_owner()
        code = job()
    except (Exception, KeyboardInterrupt) as error:
        code = _report(_root_cause(error), consequence)
    sys.exit(code)


def print_summary(text: str) -> None:
    """Print the summary of finished work. A standard output that is closed or full only logs a warning."""
    escape_stdout()
    try:
        print(text, flush=True)
    except OSError as error:
        discard_stdout()
        logger.warning("cannot print the summary: %s. The work itself is done.", error.strerror)


def escape_stdout() -> None:
    """Print characters outside the terminal's encoding as escapes; file names may contain such characters."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def discard_stdout() -> None:
    """Redirect stdout to /dev/null: at exit, Python would try to write the buffered rest again, and fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _root_cause(error: BaseException) -> BaseException:
    """Return the termination or interrupt during which the error was raised, else the error itself."""
    cause: BaseException | None = error
    while cause and not isinstance(cause, SystemExit | KeyboardInterrupt):
        cause = cause.__context__
    return cause or error


def _report(error: BaseException, consequence: str) -> int:
    """Print why the job ended and return its exit code."""
    match error:
        case SystemExit(code=int(code)):
            return code
        case KeyboardInterrupt():
            _print_error("interrupted")
            return 130
        case JobError():
            _print_error(str(error))
            return error.exit_code
        case OSError():
            what = f"{error.filename or 'input or output'}: {error.strerror or type(error).__name__}"
            _print_error(f"{one_line(what)}. {consequence}".rstrip())
        case ModuleNotFoundError():
            _print_error(f"{error.name} is not installed. Use the section's runner, which installs it into .venv.")
        case _:
            _print_error(_bug(error))
    return 1


def _print_error(text: str) -> None:
    print("".join(f"{program()}: {line}\n" for line in text.split("\n")), end="", file=sys.stderr)


def _bug(error: BaseException) -> str:
    """Return the type and place of an unexpected error. Its message is left out: it may quote a row of the input."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno} ({frame.name})"
    return f"{type(error).__name__} at {place}. This is a bug: please report this line."


def _log_to_stderr() -> None:
    """Log to stderr, except records of the root logger: py4j writes tracebacks to that logger."""
    handler = logging.StreamHandler()
    handler.addFilter(lambda record: record.name != "root")
    logging.basicConfig(handlers=[handler], format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    logging.getLogger("py4j").propagate = False  # py4j logs each connection and failed calls to Java
    logging.getLogger("yoyo").setLevel(logging.WARNING)  # yoyo logs each statement of a migration
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # its retry warnings contain the address, perhaps a key


def _exit_on_signal(number: int, _frame: FrameType | None) -> None:
    """Turn a termination into an exit, so that context managers clean up."""
    sys.exit(128 + number)
