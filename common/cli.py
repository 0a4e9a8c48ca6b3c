"""What every entry point shares: arguments, log, exit codes; the one place that turns errors into words."""

import argparse
import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from common.errors import JobError, one_line
from common.owner import become_owner

logger = logging.getLogger(__name__)


class Command(argparse.ArgumentParser):
    """A parser that takes no abbreviations and tells a mistake in one line."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, allow_abbrev=False)

    def parse_known_args(  # type: ignore[override] # its overloads for other kinds of namespaces
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse; refuse --option=-- first, of which argparse makes an empty list instead of a value."""
        arguments = sys.argv[1:] if args is None else args
        for argument in arguments:
            if argument.startswith("--") and argument.endswith("=--"):
                self.error(f"{argument}: -- is no value")
        return super().parse_known_args(arguments, namespace)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line and leave with 2."""
        self.exit(2, f"{self.prog}: {one_line(message)} (see --help)\n")


class Parser(Command):
    """Arguments of an entry point; help that ends with an example and the exit codes."""

    def __init__(self, *, description: str, example: str, exit_codes: str, prog: str | None = None) -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=f"example:\n  {example}\n\n{exit_codes}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )


def run(job: Callable[[], int], unharmed: str = "") -> NoReturn:
    """Run the job and leave with its exit code; an error becomes one line and the exit code of its type.

    `unharmed` says what is true whenever input or output fails, such as: nothing was published.
    """
    _log_to_stderr()
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)
    try:
        become_owner()
        code = job()
    except (Exception, KeyboardInterrupt) as error:
        code = _tell(_cause(error), unharmed)
    sys.exit(code)


def _cause(error: BaseException) -> BaseException:
    """Return the termination or the interrupt in whose wake the error arose, or else the error itself."""
    arose: BaseException | None = error
    while arose and not isinstance(arose, SystemExit | KeyboardInterrupt):
        arose = arose.__context__
    return arose or error


def _tell(error: BaseException, unharmed: str) -> int:
    """Say in one line what ended the job, and return its exit code."""
    match error:
        case SystemExit(code=int(code)):
            return code
        case KeyboardInterrupt():
            print("interrupted", file=sys.stderr)
            return 130
        case JobError():
            print(f"error: {error}", file=sys.stderr)
            return error.exit_code
        case OSError():
            what = f"{error.filename or 'input or output'}: {error.strerror or type(error).__name__}"
            print("; ".join(filter(None, [f"error: {one_line(what)}", unharmed])), file=sys.stderr)
        case ModuleNotFoundError():
            print(f"error: {error.name} is not installed here; use the runner, which makes .venv", file=sys.stderr)
        case _:
            _report_bug(error)
    return 1


def _log_to_stderr() -> None:
    """Show what our own loggers say; libraries that use the root one, as py4j does, would add their tracebacks."""
    handler = logging.StreamHandler()
    handler.addFilter(lambda record: record.name != "root")
    logging.basicConfig(handlers=[handler], format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    logging.getLogger("py4j").propagate = False  # it tells of each connection, and what it could not do with Java


def conclude(tell: Callable[[], None]) -> None:
    """Print what a job says once all is done; that nobody can hear it does not undo the job."""
    try:
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")  # a file may have a name that the terminal cannot show
        tell()
        print(end="", flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python tries again as it leaves
        logger.warning("all is done, but the closing table could not be printed: %s", error.strerror)


def _stop(number: int, _frame: FrameType | None) -> None:
    """Let a termination unwind like an exit, so that what is half done is cleaned."""
    sys.exit(128 + number)


def _report_bug(error: BaseException) -> None:
    """Say where an unforeseen error arose but not its text, which may quote a row of the input."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(frame.filename).name}:{frame.lineno} ({frame.name})"
    print(f"error: {type(error).__name__} at {where}; this is a bug, please report this line", file=sys.stderr)
