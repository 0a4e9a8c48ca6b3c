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

OWNER = 1000  # nobody that an image knows
Ran = subprocess.CompletedProcess[str]
C = TypeVar("C", bound="Copy")


def docker(*arguments: str) -> Ran:
    """Run a docker command."""
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)


def inspect(container: str, template: str) -> str:
    """Return what the engine knows of a container."""
    return docker("container", "inspect", "--format", template, container).stdout.strip()


def inside(container: str, *command: str) -> str:
    """Return what a command in a container prints; it must succeed."""
    ran = docker("container", "exec", container, *command)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Copy:
    """A copy of the repository's files that belongs to OWNER (where this process may give files away)."""

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
        """Write .env with these settings over the former ones, those that the runner has made among them."""
        path = self.root / ".env"
        lines = path.read_text().splitlines() if path.exists() else []
        made = dict(line.split("=", 1) for line in lines if line[:1].isalpha())
        self._settings = {**made, **self._settings, **settings}
        path.write_text("".join(f"{key}={value}\n" for key, value in self._settings.items()))
        self.give_away()

    def give_away(self) -> None:
        """Let everything belong to OWNER."""
        for path in [self.root, *self.root.rglob("*")]:
            os.lchown(path, self.uid, self.uid if os.geteuid() == 0 else -1)

    def runner(self, *arguments: str, stdin: str = "", **environment: str) -> Ran:
        """Run the section's runner from another folder."""
        command = ["sh", str(self.root / f"{self.name}_runner.sh"), *arguments]
        inherited = {key: value for key, value in os.environ.items() if key != "TZ"}
        return subprocess.run(
            command, capture_output=True, text=True, cwd="/", env=inherited | environment, input=stdin, check=False
        )

    def start(self) -> None:
        """Start the containers, which must become healthy."""
        ran = self.runner("start")
        assert ran.returncode == 0, ran.stdout + ran.stderr


@contextmanager
def alone(copy: C) -> Iterator[C]:
    """Let no other test have the containers meanwhile, since there is one of a name; remove them at the end."""
    with (ROOT / "docker" / f"{copy.name}.compose.yaml").open() as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        try:
            yield copy
        finally:
            copy.runner("stop")
