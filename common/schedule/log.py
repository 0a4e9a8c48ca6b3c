"""Logs a run to standard output and to a rotated file."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path

from common import cli

_BYTES, _OLD_FILES = 5_000_000, 5


@contextmanager
def run_log(path: Path) -> Iterator[Callable[[str], None]]:
    """Yield a function that logs one line. A destination that cannot be written does not fail the run."""
    logging.raiseExceptions = False  # else a full disk prints a traceback per line
    file: logging.Handler = logging.NullHandler()
    cli.escape_stdout()

    def log(line: str) -> None:
        file.handle(logging.makeLogRecord({"msg": line}))
        try:
            print(line, flush=True)
        except OSError:
            cli.discard_stdout()

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = RotatingFileHandler(path, maxBytes=_BYTES, backupCount=_OLD_FILES, encoding="utf-8")
    except OSError as error:
        log(f"{path}: {error.strerror}. This run is logged to standard output only.")
    try:
        yield log
    finally:
        with suppress(OSError):
            file.close()
