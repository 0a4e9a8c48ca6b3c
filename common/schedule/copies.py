"""Writes what a run says to two places: its standard output, and a log that is rotated by its size."""

import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

_BYTES, _OLD_FILES = 5_000_000, 5


class _Log(RotatingFileHandler):
    """A log file that raises what goes wrong instead of printing it."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Raise the error at hand."""
        raise


class Copies:
    """Passes lines on; a place that cannot be written is left out from then on, and the other one told so."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._handler: _Log | None = None
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        self._places: dict[str, Callable[[str], None]] = {"standard output": _print, str(log): self._append}

    def tell(self, line: str) -> None:
        """Write one line to each place."""
        for name, write in list(self._places.items()):
            try:
                write(line)
            except OSError as error:
                del self._places[name]
                self.tell(f"{name}: {error.strerror}; the rest of this run is not written there")

    def close(self) -> None:
        """Close the log."""
        if self._handler is not None:
            with suppress(OSError):  # what could not be written was told of
                self._handler.close()

    def _append(self, line: str) -> None:
        if self._handler is None:
            self._log.parent.mkdir(parents=True, exist_ok=True)
            self._handler = _Log(self._log, maxBytes=_BYTES, backupCount=_OLD_FILES, encoding="utf-8")
        self._handler.handle(logging.makeLogRecord({"msg": line}))


def _print(line: str) -> None:
    print(line, flush=True)
