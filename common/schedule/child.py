"""Runs a command within a time limit; a signal to this process ends the command as well."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from types import FrameType

GRACE_SECONDS = 30.0
_LONGEST_LINE = 1 << 16
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, or minus the signal that killed it; and why it was asked to, if it was."""

    code: int
    stopped: bool = False
    over_time: bool = False


class _Guard:
    """Asks the command's process group to end, once, and kills what has not ended after the grace time."""

    def __init__(self, grace: float) -> None:
        self.grace = grace
        self.process: subprocess.Popen[bytes] | None = None
        self.stopped = self.over_time = False

    def on_signal(self, _number: int, _frame: FrameType | None) -> None:
        """End the command because somebody asks for it."""
        if not self.stopped and not self.over_time:
            self.stopped = True
            self.ask()

    def on_alarm(self, _number: int, _frame: FrameType | None) -> None:
        """End the command because its time is over; kill it when it was asked before."""
        if self.stopped or self.over_time:
            self.send(signal.SIGKILL)
        else:
            self.over_time = True
            self.ask()

    def ask(self) -> None:
        """Give the command the grace time to end."""
        signal.setitimer(signal.ITIMER_REAL, self.grace)
        self.send(signal.SIGTERM)

    def send(self, number: signal.Signals) -> None:
        """Signal every process of the command, unless it has ended."""
        if self.process is not None and self.process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    @contextmanager
    def watching(self, seconds: float) -> Iterator[None]:
        """Take signals and the alarm while the body runs."""
        before = {number: signal.signal(number, self.on_signal) for number in _SIGNALS}
        before[signal.SIGALRM] = signal.signal(signal.SIGALRM, self.on_alarm)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            for number, handler in before.items():
                signal.signal(number, handler)


def supervise(
    command: Sequence[str], folder: Path, seconds: float, tell: Callable[[str], None], grace: float = GRACE_SECONDS
) -> Ended:
    """Run the command in the folder and tell each line of its output; end it after so many seconds. Raises: OSError."""
    guard = _Guard(grace)
    with guard.watching(seconds):
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a signal is for this process to pass on, once
        )
        guard.process = process
        if guard.stopped or guard.over_time:  # in between
            guard.ask()
        reader = Thread(target=_pass_on, args=(process, tell), daemon=True)
        reader.start()
        code = process.wait()
    _finish(reader, process.pid)
    return Ended(code, guard.stopped, guard.over_time)


def _pass_on(process: subprocess.Popen[bytes], tell: Callable[[str], None]) -> None:
    assert process.stdout is not None
    with process.stdout as output:
        for line in iter(lambda: output.readline(_LONGEST_LINE), b""):
            tell(line.decode(errors="backslashreplace").rstrip("\n"))


def _finish(reader: Thread, group: int) -> None:
    """Wait for the last lines; what still holds the output open then was left behind by the command, and is killed."""
    reader.join(5)
    if reader.is_alive():
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
        reader.join(5)
