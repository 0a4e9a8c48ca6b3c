"""Section 1's container for tests."""

import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from common.test import containers
from common.test.containers import free_port

NAME = "section1_python"
NEVER = "0 0 31 2 *"
RUN = ("python3", "-m", "section1.scheduled", "run")
SECONDS = 600  # after which a process that a test started is killed
inspect, inside = partial(containers.inspect, NAME), partial(containers.inside, NAME)


class Copy(containers.Copy):
    """A copy of the repository whose section1_runner.sh starts the container."""

    def __init__(self, root: Path) -> None:
        self.section = root / "section1"
        self.source = self.section / "resource" / "src" / "application"
        self.destination = self.section / "resource" / "dest"
        self.log = self.section / "log" / "data_pipeline.log"
        super().__init__(root, "section1", SECTION1_UI_PORT=str(free_port()), SECTION1_SCHEDULE=NEVER)

    def drop(self, name: str, content: bytes) -> None:
        """Put a file into the source directory."""
        (self.source / name).write_bytes(content)
        self.give_away()

    def configure(self, **values: str) -> None:
        """Set these values in section1_process.yaml."""
        path = self.section / "conf" / "section1_process.yaml"
        text = path.read_text()
        for key, value in values.items():
            text = re.sub(rf"(?m)^{key}: \S+", f"{key}: {value}", text)
        path.write_text(text)

    def batches(self) -> dict[str, bytes]:
        """Return the committed batches and their reports."""
        return {path.stem: path.read_bytes() for path in sorted((self.destination / "report").glob("*.json"))}

    def leftovers(self) -> list[str]:
        """Return the entries of the destination that belong to no committed batch."""
        batches = self.batches()
        entries = sorted(self.destination.glob("*/*"))
        names = [entry for entry in entries if entry.name.partition(".")[0] not in batches]
        return [str(entry.relative_to(self.destination)) for entry in names]

    def not_ours(self) -> list[Path]:
        """Return the files below section1 that belong to another user."""
        return [path for path in self.section.rglob("*") if path.lstat().st_uid != self.uid]


@contextmanager
def started_process(
    command: Sequence[str], output: int = subprocess.DEVNULL, seconds: float = SECONDS
) -> Iterator[subprocess.Popen[str]]:
    """Start a process for the body and wait until it ends; kill it when the body fails or the time is up."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, text=True)
    try:
        yield process
        process.communicate(timeout=seconds)
    finally:
        process.kill()
        process.wait()
