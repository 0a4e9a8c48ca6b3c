"""Faults in the container: runs held in the middle, full and read-only disks; and the state afterwards."""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import NamedTuple, Self

from common.test.containers import alone, docker
from common.test.schedule_support import Listener
from common.test.waiting import wait_until
from section1.test.container import NAME, RUN, Copy, inspect, started_process
from section1.test.support import application, config_for, csv_of, publish, write_files

OLD_BATCH = "2020-01-01T00"
OLD, NEW = ["old.csv"], ["new.csv"]
SECTION = "/app/section1"
DESTINATION, LOG = f"{SECTION}/resource/dest", f"{SECTION}/log"
BEGINS, DONE = "a run begins", "the run is done"
# Python imports a module of this name first.
_SITECUSTOMIZE = """\
import sys
import time
from pathlib import Path

held = Path(__file__).with_name("held")


def hook(event, arguments):
    if event == "os.rename" and "/unsuccessful_application/" in str(arguments[1]):  # the other output is moved already
        held.touch()
        while held.exists():
            time.sleep(0.01)


sys.addaudithook(hook)
"""


class State(NamedTuple):
    """The files of each batch, the last run, directories with leftovers, and the health check."""

    published: list[list[str]]
    last_run: tuple[int, str] | None
    leftovers: list[str]
    healthy: bool


COMPLETED = State([OLD, NEW], (0, DONE), leftovers=[], healthy=True)


class Site(Copy):
    """A copy whose container uses DuckDB, in an hour that does not end during a test."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.configure(engine="duckdb")
        self._hold = self.section / "resource" / "hold"
        self._hold.mkdir()
        (self._hold / "sitecustomize.py").write_text(_SITECUSTOMIZE)
        self.reset()

    def reset(self) -> None:
        """Leave a batch of three hours ago, new.csv that is in no batch, and no log or record of former runs."""
        self.configure(time_zone="Asia/Singapore" if datetime.now(UTC).minute < 45 else "Asia/Kolkata")
        shutil.rmtree(self.destination, ignore_errors=True)
        self.log.parent.mkdir(exist_ok=True)
        for path in self.log.parent.iterdir():
            path.unlink()
        write_files(self.source, {"old.csv": csv_of(application("Ada Old"))})
        publish(config_for(self.root, source=self.source, destination=self.destination), OLD_BATCH)
        three_hours_ago = time.time() - 3 * 60 * 60
        os.utime(self.destination / "report" / f"{OLD_BATCH}.json", (three_hours_ago, three_hours_ago))
        self.drop("new.csv", csv_of(application("Ada New")))

    def start(self) -> None:
        """Start the container, which must become healthy, and wait for the end of its catch-up run."""
        super().start()
        wait_until(lambda: "section1.scheduled catch-up" not in docker("container", "top", NAME).stdout)

    def ready(self) -> Self:
        """Reset and start, whatever the test before has left."""
        self.reset()
        if inspect("{{.State.Status}}") != "running":
            self.start()
            self.reset()
        return self

    @contextmanager
    def held_run(self) -> Iterator[subprocess.Popen[str]]:
        """Hold a run that has moved one of its two outputs while the body runs; then let it continue."""
        held = self._hold / "held"
        command = ["docker", "container", "exec", "--env", f"PYTHONPATH={SECTION}/resource/hold", NAME, *RUN]
        with started_process(command) as run:
            wait_until(lambda: held.exists() or run.poll() is not None)
            assert run.poll() is None, self.logged()
            try:
                yield run
            finally:
                held.unlink(missing_ok=True)

    def committed_files(self) -> dict[str, bytes]:
        """Return the files of the committed batches."""
        batches = self.batches()
        return {
            str(path.relative_to(self.destination)): path.read_bytes()
            for path in self.destination.rglob("*")
            if path.is_file() and {path.stem, path.parent.name} & batches.keys()
        }

    def logged(self) -> list[str]:
        """Return the lines of the log without their times."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [line.rpartition(" section1: ")[2] for line in lines]

    def last_run(self) -> tuple[int, str] | None:
        """Return exit code and result of the recorded last run."""
        record = self.log.parent / "last_run.json"
        if not record.exists():
            return None
        last = json.loads(record.read_bytes())
        return last["exit_code"], last["result"]

    def state(self) -> State:
        """Return the present state."""
        published = [[file["name"] for file in json.loads(report)["files"]] for report in self.batches().values()]
        leftovers = [path.partition("/")[0] for path in self.leftovers()]
        return State(published, self.last_run(), leftovers, health()[0] == 0)


@contextmanager
def started(site: Site, **settings: str) -> Iterator[Site]:
    """Start the site's container for the body."""
    with alone(site):
        site.set(**settings)
        site.start()
        yield site


def without_times(text: str) -> str:
    """Replace each time by TIME."""
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:]{8}\+\d\d:\d\d", "TIME", text)


def unhealthy(result: str) -> tuple[int, str]:
    """Return the health check's exit code and line after a last run with this result."""
    return 1, f"unhealthy: {result} at TIME; see the log"


def health() -> tuple[int, str]:
    """Return the health check's exit code and line."""
    ran = docker("container", "exec", NAME, "python3", "-m", "section1.scheduled", "check")
    return ran.returncode, without_times(ran.stdout.strip())


def privileged(*command: str) -> None:
    """Run a command on the container's file systems with more rights than the container has."""
    rights = [f"--cap-add={name}" for name in ("SYS_ADMIN", "SYS_PTRACE", "SYS_CHROOT")]
    unconfined = [f"--security-opt={name}=unconfined" for name in ("seccomp", "apparmor")]
    enter = ["--pid", f"container:{NAME}", "--entrypoint", "nsenter", "section1_python", "--target", "1", "--mount"]
    ran = docker("run", "--rm", *rights, *unconfined, *enter, "--", *command)
    assert ran.returncode == 0, ran.stderr


@contextmanager
def read_only_disk() -> Iterator[None]:
    """Mount the destination read-only during the body."""
    privileged("mount", "--bind", "--options", "ro", DESTINATION, DESTINATION)
    try:
        yield
    finally:
        privileged("umount", "--lazy", DESTINATION)


@contextmanager
def full_disk() -> Iterator[Callable[[], None]]:
    """Put outputs and log on a small full disk during the body; the yielded function frees space."""
    mounted = "; ".join(f"mount --bind /mnt/{Path(path).name} {path}" for path in (DESTINATION, LOG))
    privileged("sh", "-ec", f"mount -t tmpfs -o size=1m tmpfs /mnt; cp -a {DESTINATION} {LOG} /mnt; {mounted}")
    privileged("sh", "-c", "! dd if=/dev/zero of=/mnt/ballast bs=4k")
    try:
        yield lambda: privileged("rm", "/mnt/ballast")
    finally:
        privileged("umount", "--lazy", DESTINATION, LOG, "/mnt")  # lazy, because the health check may use them


class _OutsideListener(Listener):
    """A web server at an address that containers can reach."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        super().__init__()

    def server_bind(self) -> None:
        self.server_address = self._address
        super().server_bind()


@contextmanager
def listening_at(host: str, port: int) -> Iterator[Listener]:
    """Serve at this address during the body."""
    with _OutsideListener(host, port) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
