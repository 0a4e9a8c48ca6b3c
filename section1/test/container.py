"""Section 1's container for tests: a copy of the repository whose runner starts the real one."""

import fcntl
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).parent.parent.parent
NAME = "section1_python"
OWNER = 1000  # nobody that the image knows
NEVER = "0 0 31 2 *"
RUN = ("python3", "-m", "section1.scheduled", "run")
Ran = subprocess.CompletedProcess[str]
C = TypeVar("C", bound="Copy")


def docker(*arguments: str) -> Ran:
    """Run a docker command."""
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)


def inspect(template: str) -> str:
    """Return what the engine knows of the container."""
    return docker("container", "inspect", "--format", template, NAME).stdout.strip()


def inside(*command: str) -> str:
    """Return what a command in the container prints; it must succeed."""
    ran = docker("container", "exec", NAME, *command)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def wait_until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Return as soon as the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Copy:
    """A copy of the repository's files that belongs to OWNER (where this process may give files away)."""

    def __init__(self, root: Path) -> None:
        self.root, self.section = root, root / "section1"
        self.source = self.section / "resource" / "src" / "application"
        self.destination = self.section / "resource" / "dest"
        self.log = self.section / "log" / "data_pipeline.log"
        self.uid = OWNER if os.geteuid() == 0 else os.geteuid()
        self._settings = {"SECTION1_UI_PORT": str(free_port()), "SECTION1_SCHEDULE": NEVER}
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
        """Write .env with these settings over the former ones."""
        self._settings |= settings
        (self.root / ".env").write_text("".join(f"{key}={value}\n" for key, value in self._settings.items()))
        self.give_away()

    def give_away(self) -> None:
        """Let everything belong to OWNER."""
        for path in [self.root, *self.root.rglob("*")]:
            os.lchown(path, self.uid, self.uid if os.geteuid() == 0 else -1)

    def drop(self, name: str, content: bytes) -> None:
        """Put a file into the source folder."""
        (self.source / name).write_bytes(content)
        self.give_away()

    def configure(self, **values: str) -> None:
        """Let section1_process.yaml say this."""
        path = self.section / "conf" / "section1_process.yaml"
        text = path.read_text()
        for key, value in values.items():
            text = re.sub(rf"(?m)^{key}: \S+", f"{key}: {value}", text)
        path.write_text(text)

    def runner(self, *arguments: str, **environment: str) -> Ran:
        """Run section1_runner.sh from another folder."""
        command = ["sh", str(self.root / "section1_runner.sh"), *arguments]
        inherited = {key: value for key, value in os.environ.items() if key != "TZ"}
        return subprocess.run(
            command, capture_output=True, text=True, cwd="/", env=inherited | environment, check=False
        )

    def start(self) -> None:
        """Start the container, which must become healthy."""
        ran = self.runner("start")
        assert ran.returncode == 0, ran.stdout + ran.stderr

    def batches(self) -> dict[str, bytes]:
        """Return the batches that count, and their reports."""
        return {path.stem: path.read_bytes() for path in sorted((self.destination / "report").glob("*.json"))}

    def not_ours(self) -> Iterator[Path]:
        """Yield the files below section1 that belong to somebody else."""
        return (path for path in self.section.rglob("*") if path.lstat().st_uid != self.uid)


@contextmanager
def alone(copy: C) -> Iterator[C]:
    """Let no other test have the container meanwhile, since there is one of a name; remove it at the end."""
    with (ROOT / "docker" / "section1.compose.yaml").open() as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        try:
            yield copy
        finally:
            copy.runner("stop")
