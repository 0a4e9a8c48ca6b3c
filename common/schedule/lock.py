"""The lock of a job: a file with the process ID of the run, locked while the run is in progress."""

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from common.errors import Busy

_TRIES, _SECONDS_BETWEEN = 20, 0.05


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock while the body runs. Raises: Busy."""
    with path.open("a+") as file:
        for _ in range(_TRIES):  # a health check holds the lock for a moment
            with suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            time.sleep(_SECONDS_BETWEEN)
        else:
            raise Busy(path)
        with suppress(OSError):  # on a full disk, the run continues, but `stop` cannot find it
            file.truncate(0)
            os.write(file.fileno(), str(os.getpid()).encode())
        yield


def run_in_progress(path: Path) -> int | None:
    """Return the process ID of the run in progress, None without one."""
    with suppress(FileNotFoundError), path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(file.read() or 0)  # 0: the run has not written its ID yet
    return None


def stop(path: Path, seconds: float) -> bool:
    """Terminate the run in progress and wait for its end; return whether it has ended."""
    deadline, terminated = time.monotonic() + seconds, 0
    while (process := run_in_progress(path)) is not None:
        if time.monotonic() > deadline:
            return False
        if process != terminated:
            os.kill(process, signal.SIGTERM)
            terminated = process
        time.sleep(_SECONDS_BETWEEN)
    return True
