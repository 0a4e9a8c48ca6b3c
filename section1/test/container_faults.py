"""What befalls the container in tests: runs held in the middle, disks that are full or closed; and what stays."""

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

from common.test.schedule_support import Listener
from section1.test.container import NAME, RUN, Copy, alone, docker, inspect, wait_until
from section1.test.support import application, config_for, csv_of, publish, write_files

OLD_BATCH = "2020-01-01T00"
OLD, NEW = ["old.csv"], ["new.csv"]
SECTION = "/app/section1"
DESTINATION, LOG = f"{SECTION}/resource/dest", f"{SECTION}/log"
BEGINS, DONE = "a run begins", "the run is done"
_HOLD = """\
import sys
import time
from pathlib import Path
from threading import Thread

held = Path(__file__).with_name("held")


def hear(event, arguments):
    if event == "os.rename" and "/unsuccessful_application/" in str(arguments[1]):  # the other output is moved already
        held.touch()
        while held.exists():
            time.sleep(0.01)


sys.addaudithook(hear)
"""


class State(NamedTuple):
    """The files of each batch, the old one's first; the last run; where something is left over; all is well or not."""

    published: list[list[str]]
    last_run: tuple[int, str] | None
    leftovers: list[str]
    healthy: bool


COMPLETED = State([OLD, NEW], (0, DONE), leftovers=[], healthy=True)


class Site(Copy):
    """A copy whose container works on DuckDB, in hours that will not end during a test."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.configure(engine="duckdb")
        self._hold = self.section / "resource" / "hold"
        self._hold.mkdir()
        (self._hold / "sitecustomize.py").write_text(_HOLD)  # what stands under this name is imported first
        self.renew()

    def renew(self) -> None:
        """Let there be a batch of three hours ago, new.csv that no batch holds, and no word of former runs."""
        self.configure(time_zone="Asia/Singapore" if datetime.now(UTC).minute < 45 else "Asia/Kolkata")
        shutil.rmtree(self.destination, ignore_errors=True)
        self.log.parent.mkdir(exist_ok=True)
        for path in self.log.parent.iterdir():
            path.unlink()
        write_files(self.source, {"old.csv": csv_of(application("Ada Old"))})
        folders = {"source": self.source, "destination": self.destination}
        publish(config_for(self.root).model_copy(update=folders), OLD_BATCH)
        ago = time.time() - 3 * 60 * 60
        os.utime(self.destination / "report" / f"{OLD_BATCH}.json", (ago, ago))
        self.drop("new.csv", csv_of(application("Ada New")))

    def start(self) -> None:
        """Start the container, which must become healthy, and wait until the run that it makes up has ended."""
        super().start()
        wait_until(lambda: "section1.scheduled catch-up" not in docker("container", "top", NAME).stdout)

    def ready(self) -> Self:
        """Be as new, and started, whatever the test before has left."""
        self.renew()
        if inspect("{{.State.Status}}") != "running":
            self.start()
            self.renew()
        return self

    @contextmanager
    def held_run(self) -> Iterator[subprocess.Popen[bytes]]:
        """Keep a run that has moved one of its two outputs to their place while the body runs; then let it go on."""
        held = self._hold / "held"
        command = ["docker", "container", "exec", "--env", f"PYTHONPATH={SECTION}/resource/hold", NAME]
        with subprocess.Popen([*command, *RUN], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
            wait_until(lambda: held.exists() or run.poll() is not None)
            assert run.poll() is None, self.said()
            try:
                yield run
            finally:
                held.unlink(missing_ok=True)

    def counting(self) -> dict[str, bytes]:
        """Return the files of the batches that count."""
        batches = self.batches()
        return {
            str(path.relative_to(self.destination)): path.read_bytes()
            for path in self.destination.rglob("*")
            if path.is_file() and {path.stem, path.parent.name} & batches.keys()
        }

    def leftovers(self) -> list[str]:
        """Return where something is that belongs to no batch that counts."""
        batches = self.batches()
        entries = sorted(self.destination.glob("*/*"))
        return [entry.parent.name for entry in entries if entry.name.partition(".")[0] not in batches]

    def said(self) -> list[str]:
        """Return what the runs said, without the moments that some lines begin with."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [line.rpartition(" section1: ")[2] for line in lines]

    def outcome(self) -> tuple[int, str] | None:
        """Return the exit code of the last run that is recorded, and what became of it."""
        record = self.log.parent / "last_run.json"
        if not record.exists():
            return None
        last = json.loads(record.read_bytes())
        return last["exit_code"], last["words"]

    def state(self) -> State:
        """Return how it all is now."""
        published = [[file["name"] for file in json.loads(report)["files"]] for report in self.batches().values()]
        return State(published, self.outcome(), self.leftovers(), health()[0] == 0)


@contextmanager
def started(site: Site, **settings: str) -> Iterator[Site]:
    """Let the one container be that of the site while the body runs."""
    with alone(site):
        site.set(**settings)
        site.start()
        yield site


def without_moments(text: str) -> str:
    """Return the text with MOMENT in place of each time of day."""
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:]{8}\+\d\d:\d\d", "MOMENT", text)


def unhealthy(words: str) -> tuple[int, str]:
    """Return what the health check says of a last run that ended like this."""
    return 1, f"unhealthy: {words} at MOMENT; its log says more"


def health() -> tuple[int, str]:
    """Return the exit code of the health check and its line, as they are now."""
    ran = docker("container", "exec", NAME, "python3", "-m", "section1.scheduled", "check")
    return ran.returncode, without_moments(ran.stdout.strip())


def with_all_rights(*command: str) -> None:
    """Run a command on the container's file systems that the container itself has not the rights for."""
    rights = [f"--cap-add={name}" for name in ("SYS_ADMIN", "SYS_PTRACE", "SYS_CHROOT")]
    unconfined = [f"--security-opt={name}=unconfined" for name in ("seccomp", "apparmor")]
    where = ["--pid", f"container:{NAME}", "--entrypoint", "nsenter", "section1_python", "--target", "1", "--mount"]
    ran = docker("run", "--rm", *rights, *unconfined, *where, "--", *command)
    assert ran.returncode == 0, ran.stderr


@contextmanager
def read_only_disk() -> Iterator[None]:
    """Let nobody write the destination while the body runs."""
    with_all_rights("mount", "--bind", "--options", "ro", DESTINATION, DESTINATION)
    try:
        yield
    finally:
        with_all_rights("umount", "--lazy", DESTINATION)


@contextmanager
def full_disk() -> Iterator[Callable[[], None]]:
    """Let outputs and log be on a small full disk while the body runs, until it calls what it is given."""
    mounted = "; ".join(f"mount --bind /mnt/{Path(folder).name} {folder}" for folder in (DESTINATION, LOG))
    with_all_rights("sh", "-ec", f"mount -t tmpfs -o size=1m tmpfs /mnt; cp -a {DESTINATION} {LOG} /mnt; {mounted}")
    with_all_rights("sh", "-c", "! dd if=/dev/zero of=/mnt/ballast bs=4k")
    try:
        yield lambda: with_all_rights("rm", "/mnt/ballast")
    finally:
        with_all_rights("umount", "--lazy", DESTINATION, LOG, "/mnt")  # the health check may look at them just now


class _Outside(Listener):
    """A web server at an address that containers can reach."""

    def __init__(self, host: str, port: int) -> None:
        self._place = (host, port)
        super().__init__()

    def server_bind(self) -> None:
        self.server_address = self._place
        super().server_bind()


@contextmanager
def listening_at(host: str, port: int) -> Iterator[Listener]:
    """Serve there while the body runs."""
    with _Outside(host, port) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
