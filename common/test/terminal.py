"""A process on a pseudo-terminal for tests."""

import os
import pty
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress


class Terminal:
    """The keyboard and the screen of a pseudo-terminal."""

    def __init__(self) -> None:
        self._keyboard, self.device = pty.openpty()
        self.output = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        os.write(self._keyboard, b"\x03")

    def close(self) -> None:
        """Close both ends."""
        os.close(self.device)
        self._reader.join(timeout=5)
        os.close(self._keyboard)

    def _read(self) -> None:
        """Read all output: a process blocks when the buffer of its terminal is full."""
        with suppress(OSError):
            while chunk := os.read(self._keyboard, 65536):
                self.output += chunk


@contextmanager
def on_terminal(command: Sequence[str], seconds: float) -> Iterator[Terminal]:
    """Run a command on a terminal while the body runs, then wait until it ends; kill its group after `seconds`."""
    terminal = Terminal()
    on_it = ["setsid", "--ctty", *command]
    process = subprocess.Popen(on_it, stdin=terminal.device, stdout=terminal.device, stderr=terminal.device)
    try:
        yield terminal
        process.wait(seconds)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        terminal.close()
