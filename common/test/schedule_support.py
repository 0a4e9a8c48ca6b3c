"""A scheduled job for tests: a script in a folder of its own, the wrapper around it, and a web address that listens."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, NamedTuple, Self

from common.paths import ROOT
from common.schedule import commands, record
from common.schedule.child import GRACE_SECONDS
from common.schedule.job import Job, Published, Settings

if TYPE_CHECKING:
    import pytest  # which the wrappers that are started need not import

PYTHON = sys.executable
NOW = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
HOUR = "2026-11-23T16"
TOKEN = "a-secret-token"
PUBLISHES = f"open('dest/{HOUR}', 'a').write('made once\\n')"
FAILS = "raise SystemExit(1)"
IS_BUSY = "raise SystemExit(75)"
WAITS = "import time\nfor _ in range(3000):\n    time.sleep(0.01)\n"  # 30 s, rather than for ever if nobody ends it
IS_STOPPED = f"import os, signal\nos.kill(os.getppid(), signal.SIGTERM)  # as if somebody asked the wrapper\n{WAITS}"
HOLDS = """\
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
try:
    open('holding', 'w').close()
    for _ in range(3000):
        time.sleep(0.01)
finally:
    open('cleaned', 'a').write('once\\n')
"""


class Ran(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


class Night:
    """The job `night`: a script with a name that no other process has, and batches that are files named by the hour."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        own = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
        self.script, self.module = f"night_{own}.py", f"scheduled_{own}"

    def build(self) -> Self:
        """Make the folders, a script that does nothing, and the module that the wrapper is started with."""
        for name in ("dest", "tmp"):
            (self.folder / name).mkdir()
        kind = type(self)
        (self.folder / f"{self.module}.py").write_text(
            f"from pathlib import Path\nfrom common.schedule.commands import main\n"
            f"from {kind.__module__} import {kind.__name__}\nmain({kind.__name__}(Path({str(self.folder)!r})).job)\n"
        )
        return self.does("")

    @property
    def job(self) -> Job:
        """What the wrapper is told."""
        logs = self.folder / "log"
        return Job("night", self.module, self.folder, (self.script,), logs, self._batch_due, self._newest)

    def does(self, program: str) -> Self:
        """Let the job be this Python program."""
        (self.folder / self.script).write_text(program)
        return self

    def run(
        self,
        at: datetime = NOW,
        webhook: str | None = None,
        limit: timedelta = timedelta(minutes=5),
        grace: float = GRACE_SECONDS,
    ) -> int:
        """Run the job once at this moment."""
        return commands.run(self.job, Settings(limit, timedelta(minutes=120), webhook), lambda: at, grace)

    def catch_up(self, at: datetime = NOW) -> int:
        """Run the job if it is due at this moment."""
        settings = Settings(timedelta(minutes=5), timedelta(minutes=120), webhook=None)
        return commands.catch_up(self.job, settings, lambda: at)

    def check(self, at: datetime = NOW, **environment: str) -> tuple[int, str]:
        """Ask how the job is at this moment."""
        return commands.check(self.job, environment, at)

    def publish(self, at: datetime, batch: str = HOUR) -> None:
        """Let there be a batch that was published at this moment."""
        path = self.folder / "dest" / batch
        path.touch()
        os.utime(path, (at.timestamp(), at.timestamp()))

    def start(
        self,
        command: str,
        before: Sequence[str] = (),
        environment: Mapping[str, str] = MappingProxyType({}),
        stdout: int | IO[str] = subprocess.PIPE,
    ) -> subprocess.Popen[str]:
        """Start the wrapper as cron does; `before` is a command that starts it."""
        return subprocess.Popen(
            [*before, PYTHON, "-m", self.module, command],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
        )

    def command(self, command: str, *before: str, **environment: str) -> Ran:
        """Start the wrapper and wait until it has ended."""
        with self.start(command, before, environment) as process:
            out, err = process.communicate(timeout=100)
        return Ran(process.returncode, out, err)

    @property
    def outcome(self) -> tuple[int, str] | None:
        """The exit code and the words of the last run that is recorded."""
        last = record.read(self.job.records)
        return None if last is None else (last.exit_code, last.words)

    @property
    def log(self) -> str:
        """What stands in the log."""
        return self.job.log.read_text(encoding="utf-8")

    def holds(self) -> bool:
        """Whether the job that HOLDS has come so far."""
        return (self.folder / "holding").exists()

    def _batch_due(self, now: datetime) -> str | None:
        hour = now.strftime("%Y-%m-%dT%H")
        return None if (self.folder / "dest" / hour).exists() else hour

    def _newest(self) -> Published | None:
        batches = [(path.stat().st_mtime, path.name) for path in (self.folder / "dest").iterdir()]
        if not batches:
            return None
        return Published(f"batch {max(batches)[1]} was published", datetime.fromtimestamp(max(batches)[0], UTC))


def use_own_scratch(folder: Path, monkeypatch: "pytest.MonkeyPatch") -> None:
    """Keep the second record of this process out of the machine's scratch, and its messages on the loopback."""
    monkeypatch.setenv("TMPDIR", str(folder / "tmp"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def night_in(folder: Path, monkeypatch: "pytest.MonkeyPatch") -> Night:
    """Return a job that publishes nothing and succeeds."""
    use_own_scratch(folder, monkeypatch)
    return Night(folder).build()


def with_few_rights() -> list[str]:
    """Return the command that starts another one that obeys the modes of files, even if this is root."""
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


class Listener(ThreadingHTTPServer):
    """A web server on the loopback that keeps what it is told, and answers with `answer`, or never when it is None."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Visit)
        self.answer: int | None = 200
        self.heard: list[dict[str, object]] = []
        self.visits: list[str] = []
        self.closing = Event()

    @property
    def url(self) -> str:
        """The address to tell, with its token."""
        return f"http://127.0.0.1:{self.server_port}/hook?token={TOKEN}"


class _Visit(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        self.server.visits.append(f"{self.command} {self.path} {self.headers['Content-Type']}")
        self.server.heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        if self.server.answer is None:
            self.server.closing.wait(20)  # then whoever still waits sees the connection closed
        else:
            self.send_response(self.server.answer)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

    def do_GET(self) -> None:
        self.server.visits.append(f"{self.command} {self.path}")
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def listening() -> Iterator[Listener]:
    """Serve while the body runs."""
    with Listener() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.closing.set()
            server.shutdown()
            thread.join()
