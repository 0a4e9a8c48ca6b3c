"""A scheduled job for tests: a script in a separate directory, its commands, and a webhook server."""

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
from common.schedule.job import Job, Published, Settings
from common.schedule.process import GRACE_SECONDS

if TYPE_CHECKING:
    import pytest  # the scheduled processes need not import it

NOW = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
HOUR = "2026-11-23T16"
TOKEN = "a-secret-token"
# Scripts of the job.
PUBLISHES = f"open('dest/{HOUR}', 'a').write('made once\\n')"
FAILS = "raise SystemExit(1)"
IS_BUSY = "raise SystemExit(75)"
IS_KILLED = "import os\nos.kill(os.getpid(), 9)"
WAITS = "import os, time\nos.write(os.open('waiting', 66), b'%d' % os.getpid())\ntime.sleep(30)\n"
IGNORES_SIGTERM = f"import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n{WAITS}"
CLEANS_UP = f"""\
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
try:
    {WAITS.replace(chr(10), chr(10) + "    ")}
finally:
    open('cleaned', 'a').write('once\\n')
"""


class Ran(NamedTuple):
    """The exit code and the output of a command."""

    code: int
    out: str
    err: str


class SampleJob:
    """The job `sample`. Its batches are files in dest, named by the hour."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.script, self.module = "sample.py", "scheduled"

    def build(self) -> Self:
        """Create the directories, a script that does nothing, and the module of the commands."""
        for name in ("dest", "tmp"):
            (self.folder / name).mkdir()
        kind = type(self)
        (self.folder / f"{self.module}.py").write_text(
            f"from pathlib import Path\nfrom common.schedule.commands import main\n"
            f"from {kind.__module__} import {kind.__name__}\nmain({kind.__name__}(Path({str(self.folder)!r})).job)\n"
        )
        return self.write_script("")

    @property
    def job(self) -> Job:
        """The job as the scheduler gets it."""
        logs = self.folder / "log"
        return Job("sample", self.module, self.folder, (self.script,), logs, self._batch_due, self._newest)

    def write_script(self, program: str) -> Self:
        """Make the job this Python program."""
        (self.folder / self.script).write_text(program)
        return self

    def run(
        self,
        at: datetime = NOW,
        webhook: str | None = None,
        limit: timedelta = timedelta(minutes=5),
        grace: float = GRACE_SECONDS,
    ) -> int:
        """Run the job once at this moment, in this process."""
        return commands.run(self.job, Settings(limit, timedelta(minutes=120), webhook), lambda: at, grace)

    def catch_up(self, at: datetime = NOW) -> int:
        """Run the job if it is due at this moment, in this process."""
        settings = Settings(timedelta(minutes=5), timedelta(minutes=120), webhook=None)
        return commands.catch_up(self.job, settings, lambda: at)

    def check(self, at: datetime = NOW, **environment: str) -> tuple[int, str]:
        """Check the health at this moment, in this process."""
        return commands.check(self.job, environment, at)

    def publish(self, at: datetime, batch: str = HOUR) -> None:
        """Create a batch that was published at this moment."""
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
        """Start a command as cron does; `before` is a command that starts it."""
        return subprocess.Popen(
            [*before, sys.executable, "-m", self.module, command],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
        )

    def command(self, command: str, *before: str, **environment: str) -> Ran:
        """Run a command in a separate process."""
        with self.start(command, before, environment) as process:
            out, err = process.communicate(timeout=100)
        return Ran(process.returncode, out, err)

    @property
    def outcome(self) -> tuple[int, str] | None:
        """The exit code and the result of the recorded run."""
        last = record.read(self.job.records)
        return None if last is None else (last.exit_code, last.result)

    @property
    def log(self) -> str:
        """The content of the log."""
        return self.job.log.read_text(encoding="utf-8")

    def is_waiting(self) -> bool:
        """Return whether a script that waits has begun."""
        path = self.folder / "waiting"
        return path.exists() and path.stat().st_size > 0

    def _batch_due(self, now: datetime) -> str | None:
        hour = now.strftime("%Y-%m-%dT%H")
        return None if (self.folder / "dest" / hour).exists() else hour

    def _newest(self) -> Published | None:
        batches = [(path.stat().st_mtime, path.name) for path in (self.folder / "dest").iterdir()]
        if not batches:
            return None
        return Published(f"batch {max(batches)[1]} was published", datetime.fromtimestamp(max(batches)[0], UTC))


def use_own_scratch(folder: Path, monkeypatch: "pytest.MonkeyPatch") -> None:
    """Give this process a separate temporary directory, and no proxy."""
    monkeypatch.setenv("TMPDIR", str(folder / "tmp"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def with_few_rights() -> list[str]:
    """Return a command that starts another one without root's right to ignore file modes."""
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


class Listener(ThreadingHTTPServer):
    """A webhook server that keeps what it receives. It responds with `answer`, or never when that is None."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer: int | None = 200
        self.heard: list[dict[str, object]] = []
        self.visits: list[str] = []
        self.closing = Event()

    @property
    def url(self) -> str:
        """The address, with a token."""
        return f"http://127.0.0.1:{self.server_port}/hook?token={TOKEN}"


class _Handler(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        self.server.visits.append(f"{self.command} {self.path} {self.headers['Content-Type']}")
        self.server.heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        if self.server.answer is None:
            self.server.closing.wait(20)  # then the client sees a closed connection
        else:
            self._respond(self.server.answer)

    def do_GET(self) -> None:
        self._respond(200)

    def _respond(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

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
