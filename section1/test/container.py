"""Section 1's container for tests."""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from common.paths import ROOT
from common.test import containers
from common.test.containers import OWNER, Ran, alone, docker, free_port
from common.test.waiting import wait_until

__all__ = [
    "NAME",
    "NEVER",
    "OWNER",
    "ROOT",
    "RUN",
    "Copy",
    "Ran",
    "alone",
    "docker",
    "free_port",
    "inside",
    "inspect",
    "wait_until",
]

NAME = "section1_python"
NEVER = "0 0 31 2 *"
RUN = ("python3", "-m", "section1.scheduled", "run")
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

    def batches(self) -> dict[str, bytes]:
        """Return the batches that count, and their reports."""
        return {path.stem: path.read_bytes() for path in sorted((self.destination / "report").glob("*.json"))}

    def not_ours(self) -> Iterator[Path]:
        """Yield the files below section1 that belong to somebody else."""
        return (path for path in self.section.rglob("*") if path.lstat().st_uid != self.uid)
