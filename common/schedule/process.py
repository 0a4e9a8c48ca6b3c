"""Runs a command within a time limit, with coreutils' `timeout`."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

GRACE_SECONDS = 30.0  # from SIGTERM to SIGKILL
_OUTPUT_SECONDS = 5  # for output of processes that the command left behind


@dataclass(frozen=True)
class Ended:
    """The exit code of a command (negative: the signal that killed it), and why it was terminated."""

    code: int
    stopped: bool = False
    over_time: bool = False


def supervise(
    command: Sequence[str], directory: Path, seconds: float, log: Callable[[str], None], grace: float
) -> Ended:
    """Run a command and log its output. Its process group ends after `seconds`, or when this process is terminated.

    `grace` is the time from SIGTERM to SIGKILL, in seconds.
    """
    started, stopped = time.monotonic(), False
    process = subprocess.Popen(
        ["timeout", "--preserve-status", f"--kill-after={grace}", str(seconds), *command],
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="backslashreplace",
        start_new_session=True,
    )
    reader = Thread(target=_log_output, args=(process, log))
    reader.start()
    try:
        code = process.wait()
    except (SystemExit, KeyboardInterrupt):  # raised on a signal by the handlers of common.cli
        stopped = True
        process.terminate()  # `timeout` passes SIGTERM on
        code = process.wait()
    over_time = not stopped and time.monotonic() - started >= seconds
    reader.join(_OUTPUT_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    reader.join()
    return Ended(code, stopped, over_time)


def _log_output(process: subprocess.Popen[str], log: Callable[[str], None]) -> None:
    assert process.stdout is not None
    with process.stdout as output:
        for line in output:
            log(line.rstrip("\n"))
