"""Finds a job's processes in the container, and ends them; it has no ps."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from common.schedule.job import Job


@dataclass(frozen=True)
class _Process:
    pid: int
    parent: int
    arguments: tuple[str, ...]

    def wraps(self, job: Job) -> bool:
        """Whether this is `python -m MODULE run` or `catch-up`."""
        return self.arguments[1:4] in [("-m", job.module, "run"), ("-m", job.module, "catch-up")]

    def works_for(self, job: Job) -> bool:
        """Whether this is `python SCRIPT ...`."""
        return "python" in self.arguments[0] and Path(*self.arguments[1:2]).name == job.command[0]


def at_work(job: Job) -> list[int]:
    """Return the processes to ask when the job shall end: a wrapper alone, since it asks its job."""
    processes = list(_processes())
    wrappers = {process.pid for process in processes if process.wraps(job)}
    alone = {process.pid for process in processes if process.works_for(job) and process.parent not in wrappers}
    return sorted(wrappers | alone)


def stop(job: Job, seconds: float) -> bool:
    """Ask the job's processes to end, and wait for it so many seconds; return whether all have ended."""
    deadline, asked = time.monotonic() + seconds, set[int]()
    while pids := at_work(job):
        if time.monotonic() > deadline:
            return False
        for pid in set(pids) - asked:
            with suppress(ProcessLookupError, PermissionError):  # one that still is root becomes the owner in a moment
                os.kill(pid, signal.SIGTERM)
                asked.add(pid)
        time.sleep(0.1)
    return True


def _processes() -> Iterator[_Process]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
            parent = (folder / "stat").read_bytes().rpartition(b")")[2].split()[1]
        except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            continue
        if arguments:
            yield _Process(int(folder.name), int(parent), tuple(arguments))
