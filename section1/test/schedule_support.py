"""Section 1's real job on its schedule for tests: at a given moment, and with a fault at a given call."""

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

from common import cli
from common.paths import ROOT
from common.schedule.job import Job
from common.test.schedule_support import SampleJob
from section1 import cli as section1_cli
from section1 import commands, scheduled
from section1.config import CONF, ProcessConfig, load_process
from section1.test.support import BATCH, publish, write_files

SCRIPT = f"""\
import sys
sys.path.insert(0, {str(ROOT)!r})
from section1.test.schedule_support import become_the_job
become_the_job()
"""
CONFIG = "process.yaml"
# Calls at which a run can fail: the audit event, and the end of its path.
STAGED, LABELLED = ("os.symlink", "/source/0000000"), ("open", "/report.json")
HALF_PUBLISHED, COMMITTING = ("os.rename", f"/unsuccessful_application/{BATCH}"), ("os.rename", f"/report/{BATCH}.json")


class Site(SampleJob):
    """Section 1's job in a separate directory: src, dest, and the shipped configuration on DuckDB."""

    def build(self) -> Self:
        """Create an empty source and the configuration."""
        super().build().write_script(SCRIPT)
        self.drop({})
        self.configure("engine: duckdb", f"source: {self.folder}/src", f"destination: {self.folder}/dest")
        return self

    def configure(self, *lines: str) -> None:
        """Replace these lines of the configuration."""
        path = self.folder / CONFIG
        text = path.read_text() if path.exists() else (CONF / scheduled.CONFIG).read_text()
        for line in lines:
            text = re.sub(rf"(?m)^{line.partition(':')[0]}:.*$", line, text)
        path.write_text(text)

    @property
    def config(self) -> ProcessConfig:
        """The present configuration."""
        return load_process(str(self.folder / CONFIG))

    @property
    def job(self) -> Job:
        """The section's job with this directory and script."""
        return replace(
            super().job,
            command=(self.script, "--task-config", CONFIG),
            batch_due=lambda now: scheduled.batch_due(self.config, now),
            newest=lambda: scheduled.newest(self.config),
        )

    def drop(self, files: dict[str, bytes]) -> None:
        """Make the source contain exactly these files."""
        write_files(self.folder / "src", files)

    def publish(self, at: datetime, batch: str = BATCH) -> None:
        """Publish new files in this process, which is quicker."""
        publish(self.config, batch)
        self._date(batch, at)

    def make(self, at: datetime, run: Callable[[datetime], int] | None = None) -> int:
        """Run the job at this moment, which becomes the date of what it publishes."""
        (self.folder / "now").write_text(at.isoformat())
        before = self.batches()
        code = (run or self.run)(at)
        for batch in set(self.batches()) - set(before):
            self._date(batch, at)
        return code

    def _date(self, batch: str, at: datetime) -> None:
        os.utime(self.folder / "dest" / "report" / f"{batch}.json", (at.timestamp(), at.timestamp()))

    def batches(self) -> dict[str, list[str]]:
        """Return the committed batches with their files."""
        reports = sorted((self.folder / "dest").glob("report/*.json"))
        return {path.stem: [file["name"] for file in json.loads(path.read_bytes())["files"]] for path in reports}

    def stages(self) -> list[str]:
        """Return the names in the staging directory."""
        return [path.name for path in (self.folder / "dest" / ".staging").iterdir()]

    def inject(self, where: tuple[str, str], fault: str) -> None:
        """Make the next run fail at this call."""
        (self.folder / "fault").write_text(json.dumps([*where, fault]))


def _wait() -> None:
    Path("waiting").touch()
    for _ in range(6000):
        time.sleep(0.01)


def _wrapper() -> int:
    return int(Path(os.environ["TMPDIR"], "sample.pid").read_text())


def _signal_wrapper(number: signal.Signals) -> Callable[[], None]:
    def send() -> None:
        os.kill(_wrapper(), number)
        if number != signal.SIGKILL:
            _wait()

    return send


def _kill_job() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _kill_both() -> None:
    os.kill(_wrapper(), signal.SIGKILL)
    _kill_job()


def _fill_disk() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))


FAULTS: dict[str, Callable[[], None]] = {
    "job waits": _wait,
    "wrapper terminated": _signal_wrapper(signal.SIGTERM),
    "wrapper killed": _signal_wrapper(signal.SIGKILL),
    "job killed": _kill_job,
    "both killed": _kill_both,
    "disk full": _fill_disk,
}


class _FixedTime(datetime):
    """A clock that always shows the test's moment."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Any:
        return datetime.fromisoformat(Path("now").read_text()).astimezone(tz)


def _prepare_fault() -> None:
    event, end, fault = json.loads(Path("fault").read_text())
    Path("fault").unlink()

    def hook(name: str, arguments: tuple[object, ...]) -> None:
        nonlocal event
        if name == event and any(str(argument).endswith(end) for argument in arguments):
            event = None  # only once
            FAULTS[fault]()

    sys.addaudithook(hook)


def become_the_job() -> NoReturn:
    """Do what section1_manage.py does, in the directory of a site."""
    vars(commands)["datetime"] = _FixedTime
    with contextlib.suppress(FileNotFoundError):
        _prepare_fault()
    cli.run(lambda: commands.run(section1_cli.parser().parse_args()), "Nothing was published.")
