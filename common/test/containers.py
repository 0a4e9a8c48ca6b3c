"""A section's containers for tests: a copy of the repository whose runner starts the real ones."""

import fcntl
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from common.paths import ROOT

OWNER = 1000  # a user ID that no image knows
RUNNER_SECONDS = 1200  # the first start builds the images
Ran = subprocess.CompletedProcess[str]
C = TypeVar("C", bound="Copy")


def docker(*arguments: str, seconds: float = 120) -> Ran:
    """Run a docker command. Raises: TimeoutExpired."""
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False, timeout=seconds)


def inspect(container: str, template: str) -> str:
    """Return a property of a container."""
    return docker("container", "inspect", "--format", template, container).stdout.strip()


def inside(container: str, *command: str) -> str:
    """Return the output of a command in a container, which must succeed."""
    ran = docker("container", "exec", container, *command)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def free_port() -> int:
    """Return a port on which no process listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Copy:
    """A copy of the repository's files, owned by OWNER if this process is root."""

    def __init__(self, root: Path, section: str, **settings: str) -> None:
        self.root, self.name, self._settings = root, section, settings
        self.uid = OWNER if os.geteuid() == 0 else os.geteuid()
        names = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=ROOT, capture_output=True, text=True, check=True,
        ).stdout.split("\0")  # fmt: skip
        for name in filter(None, names):
            if (ROOT / name).exists():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, root / name)
        self.set()

    def set(self, **settings: str) -> None:
        """Update .env with these settings; those that are already there, such as passwords, stay."""
        path = self.root / ".env"
        lines = path.read_text().splitlines() if path.exists() else []
        made = dict(line.split("=", 1) for line in lines if line[:1].isalpha())
        self._settings = {**made, **self._settings, **settings}
        path.write_text("".join(f"{key}={value}\n" for key, value in self._settings.items()))
        self.give_away()

    def give_away(self) -> None:
        """Change the owner of every file to OWNER."""
        for path in [self.root, *self.root.rglob("*")]:
            os.lchown(path, self.uid, self.uid if os.geteuid() == 0 else -1)

    def runner(self, *arguments: str, stdin: str = "", **environment: str) -> Ran:
        """Run the section's runner from another directory. Raises: TimeoutExpired."""
        return subprocess.run(
            ["sh", str(self.root / f"{self.name}_runner.sh"), *arguments],
            capture_output=True,
            text=True,
            cwd="/",
            env={key: value for key, value in os.environ.items() if key != "TZ"} | environment,
            input=stdin,
            check=False,
            timeout=RUNNER_SECONDS,
        )

    def start(self) -> None:
        """Start the containers, which must become healthy."""
        ran = self.runner("start")
        assert ran.returncode == 0, ran.stdout + ran.stderr


@contextmanager
def alone(copy: C) -> Iterator[C]:
    """Keep the section's containers for one test process, since their names are fixed; remove them at the end."""
    with (ROOT / "docker" / f"{copy.name}.compose.yaml").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield copy
        finally:
            copy.runner("stop")
