"""Soak tests: many runs in a container, some of them killed. Its processes, memory and files must not grow."""

import time
from dataclasses import dataclass
from random import Random

from common.test.containers import docker, inside

SHARE_KILLED = 0.25

_LOOK = """
import contextlib, os, pathlib, re
kilobytes = []
for path in pathlib.Path("/proc").glob("[0-9]*"):
    with contextlib.suppress(OSError):  # it has ended
        found = re.search(r"VmRSS:\\s+(\\d+)", (path / "status").read_text())
        if found and path.name != str(os.getpid()):
            kilobytes.append(int(found[1]))
print(sum(kilobytes), len(kilobytes))
"""
_LOOKS = 8  # a health check may be running


@dataclass
class Runs:
    """Runs of a job in a container, some of them killed."""

    container: str
    user: int
    random: Random
    killed: int = 0
    _seconds: float = 0  # of the last run that was not killed

    def run(self, *command: str) -> bool:
        """Run a command, which must succeed unless it is killed; return whether it was not. The first one is not."""
        kills = self._seconds > 0 and self.random.random() < SHARE_KILLED
        moment = self.random.uniform(0.1, 1) * self._seconds
        killer = ["timeout", "-s", "KILL", f"{moment:.2f}"] if kills else []
        started = time.monotonic()
        ran = docker("container", "exec", "--user", str(self.user), self.container, *killer, *command)
        assert ran.returncode in (0, 137 if kills else 0), ran.stdout + ran.stderr
        if not kills:
            self._seconds = time.monotonic() - started
        self.killed += ran.returncode == 137
        return ran.returncode == 0


def at_rest(container: str) -> tuple[int, float]:
    """Return the number of processes between runs, and their resident memory in MB."""
    looks = (inside(container, "python3", "-c", _LOOK).split() for _ in range(_LOOKS))
    memory, processes = min((int(kilobytes), int(count)) for kilobytes, count in looks)
    return processes, memory / 1000


def entries_in(container: str, *directories: str) -> int:
    """Return the number of files and directories below these directories."""
    return len(inside(container, "find", *directories, "-mindepth", "1").splitlines())
