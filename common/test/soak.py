"""A soak: runs in a container, some of them killed, and what the container holds between them, which must not grow."""

import time
from dataclasses import dataclass
from random import Random

from common.test.containers import docker, inside

SHARE_KILLED = 0.25

_LOOK = """
import contextlib, os, pathlib, re
kilobytes = []
for path in pathlib.Path("/proc").glob("[0-9]*"):
    with contextlib.suppress(OSError):  # it has ended meanwhile
        found = re.search(r"VmRSS:\\s+(\\d+)", (path / "status").read_text())
        if found and path.name != str(os.getpid()):
            kilobytes.append(int(found[1]))
print(sum(kilobytes), len(kilobytes))
"""
_LOOKS = 8  # a health check may be at work for a moment


@dataclass
class Runs:
    """Runs of a job in a container as the user who may kill them, some killed while they work."""

    container: str
    user: int
    random: Random
    killed: int = 0
    _seconds: float = 0  # of the last that was left alone: a moment after it would strike nothing

    def run(self, *command: str) -> bool:
        """Run a command; return whether it ended by itself, which must be well. The first one is left alone."""
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
    """Return how many processes there are while none is at work, and their resident memory in MB."""
    looks = (inside(container, "python3", "-c", _LOOK).split() for _ in range(_LOOKS))
    memory, processes = min((int(kilobytes), int(count)) for kilobytes, count in looks)
    return processes, memory / 1000


def entries_in(container: str, *folders: str) -> int:
    """Return how many files and folders lie below these."""
    return len(inside(container, "find", *folders, "-mindepth", "1").splitlines())
