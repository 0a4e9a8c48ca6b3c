"""Section 1's real job on a schedule for tests: at a moment of the test's own, and struck where the test wants it."""

import contextlib
import json
import os
import re
import resource
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, NoReturn, Self

import section1_manage
from common import cli
from common.paths import ROOT
from common.schedule.job import Job
from common.test.schedule_support import Night
from section1 import scheduled
from section1.config import CONF, ProcessConfig, load_process
from section1.test.support import publish, write_files

SCRIPT = f"""\
import sys
sys.path.insert(0, {str(ROOT)!r})
from section1.test.scheduled_support import be_the_job
be_the_job()
"""
CONFIG = "process.yaml"
BATCH = "2026-11-23T16"
# Where a run can be struck: the call of the file system, and how the path ends that it is about.
STAGED, LABELLED = ("os.symlink", "/source/0000000"), ("open", "/report.json")
HALF_PUBLISHED, COMMITTING = ("os.rename", f"/unsuccessful_application/{BATCH}"), ("os.rename", f"/report/{BATCH}.json")


class Site(Night):
    """Section 1's job in a folder of its own: src, dest, and the shipped configuration on DuckDB."""

    def build(self) -> Self:
        """Make an empty source and the configuration."""
        super().build().does(SCRIPT)
        self.drop({})
        self.use("engine: duckdb", f"source: {self.folder}/src", f"destination: {self.folder}/dest")
        return self

    def use(self, *lines: str) -> None:
        """Configure what these lines say."""
        path = self.folder / CONFIG
        text = path.read_text() if path.exists() else (CONF / scheduled.CONFIG).read_text()
        for line in lines:
            text = re.sub(rf"(?m)^{line.partition(':')[0]}:.*$", line, text)
        path.write_text(text)

    @property
    def config(self) -> ProcessConfig:
        """The configuration as it is now."""
        return load_process(str(self.folder / CONFIG))

    @property
    def job(self) -> Job:
        """The section's job, but for its folders and its script."""
        return replace(
            super().job,
            command=(self.script, "--task-config", CONFIG),
            batch_due=lambda now: scheduled.batch_due(self.config, now),
            newest=lambda: scheduled.newest(self.config),
        )

    def drop(self, files: dict[str, bytes]) -> None:
        """Let the source hold these files, and no others."""
        write_files(self.folder / "src", files)

    def publish(self, at: datetime, batch: str = BATCH) -> None:
        """Publish what is new, in this process, since that is quicker."""
        publish(self.config, batch)
        self._date(batch, at)

    def make(self, at: datetime, run: Callable[[datetime], int] | None = None) -> int:
        """Run the job at this moment, which becomes the moment of what it publishes."""
        (self.folder / "now").write_text(at.isoformat())
        before = self.batches()
        code = (run or self.run)(at)
        for batch in set(self.batches()) - set(before):
            self._date(batch, at)
        return code

    def _date(self, batch: str, at: datetime) -> None:
        os.utime(self.folder / "dest" / "report" / f"{batch}.json", (at.timestamp(), at.timestamp()))

    def batches(self) -> dict[str, list[str]]:
        """Return the batches that count, and the files that each holds."""
        reports = sorted((self.folder / "dest").glob("report/*.json"))
        return {path.stem: [file["name"] for file in json.loads(path.read_bytes())["files"]] for path in reports}

    def stages(self) -> list[str]:
        """Return what is staged."""
        return [path.name for path in (self.folder / "dest" / ".staging").iterdir()]

    def strike(self, where: tuple[str, str], way: str) -> None:
        """Let something happen to the next run."""
        (self.folder / "strike").write_text(json.dumps([*where, way]))


def _take_time() -> None:
    Path("struck").touch()
    for _ in range(6000):
        time.sleep(0.01)


def _end_its_time() -> None:
    os.kill(os.getppid(), signal.SIGALRM)
    _take_time()


def _stop_its_wrapper() -> None:
    os.kill(os.getppid(), signal.SIGTERM)
    _take_time()


def _kill_it() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _kill_its_wrapper() -> None:
    os.kill(os.getppid(), signal.SIGKILL)


def _kill_both() -> None:
    _kill_its_wrapper()
    _kill_it()


def _fill_the_disk() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))


WAYS: dict[str, Callable[[], None]] = {
    "it takes its time": _take_time,
    "its time is over": _end_its_time,
    "its wrapper is stopped": _stop_its_wrapper,
    "it is killed": _kill_it,
    "its wrapper is killed": _kill_its_wrapper,
    "both are killed": _kill_both,
    "the disk is full": _fill_the_disk,
}


class _Moment(datetime):
    """A clock that stands still."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Any:
        return datetime.fromisoformat(Path("now").read_text()).astimezone(tz)


def _be_struck() -> None:
    event, end, way = json.loads(Path("strike").read_text())
    Path("strike").unlink()

    def hear(name: str, arguments: tuple[object, ...]) -> None:
        nonlocal event
        if name == event and any(str(argument).endswith(end) for argument in arguments):
            event = None  # once
            WAYS[way]()

    sys.addaudithook(hear)


def be_the_job() -> NoReturn:
    """Do what section1_manage.py does, in the folder of a site."""
    vars(section1_manage)["datetime"] = _Moment
    with contextlib.suppress(FileNotFoundError):
        _be_struck()
    cli.run(lambda: section1_manage.job(section1_manage.parser().parse_args()), "Nothing was published.")
