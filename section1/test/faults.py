"""Runs the job in forked processes, each struck at one file-system call that concerns its destination.

One warm process (`python -m section1.test.faults`) forks a process per run, so that a run costs hundredths of a second
and no hook gets into the tests' own process. Python's audit events tell of most calls; the few that have none are
wrapped. Production code knows nothing of it. DuckDB is asked once for the same files and rules, and what it wrote is
written again in the runs after: asking takes ten times as long as all the rest of a run.
"""

import contextlib
import errno
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

import section1.main
from common import cli
from common.paths import ROOT
from common.progress import Progress
from section1.config import ProcessConfig, load_process
from section1.core.report import Counts
from section1.main import Request, engine_of
from section1.operator.source import Source

SIGNALS = ("SIGKILL", "SIGTERM")
ERRORS = ("ENOSPC", "EIO", "EACCES")
WITHOUT_EVENT = ("stat", "lstat", "fstat")


@dataclass(frozen=True)
class Order:
    """A run to make, and which faults strike it, by the number of the call."""

    source: str
    destination: str
    batch: str
    reprocess: bool = False
    faults: tuple[tuple[int, str], ...] = ()

    def run(self) -> int:
        """Do what the entry point does for this request, but for its table."""
        folders = {"source": Path(self.source), "destination": Path(self.destination), "engine": "duckdb"}
        config = _shipped().model_copy(update=folders)
        section1.main.run(config, Request(self.batch, datetime.now(UTC), reprocess=self.reprocess), Progress())
        return 0


@dataclass(frozen=True)
class Ending:
    """How a run ended: its exit code (or minus the signal), what it printed, the calls it made or tried."""

    code: int
    said: str
    calls: list[str]


class Driver:
    """The warm process, seen from a test."""

    def __enter__(self) -> "Driver":
        command = [sys.executable, "-m", "section1.test.faults"]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        return self

    def __exit__(self, *error: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._process.communicate()

    def run(self, order: Order) -> Ending:
        """Make one run."""
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(asdict(order)), file=self._process.stdin)
        return Ending(**json.loads(self._process.stdout.readline()))


class Calls:
    """Counts the calls that concern the destination, writes them down, and strikes."""

    def __init__(self, order: Order, log: int) -> None:
        self._destination, self._faults, self._log, self._count = order.destination, dict(order.faults), log, 0

    def watch(self) -> None:
        """Hear of every call from now on; no way back."""
        os.chdir("/")  # so that a relative path is a name below a folder that shutil.rmtree holds open
        vars(os).update({name: self._counted(name, getattr(os, name)) for name in WITHOUT_EVENT})
        vars(os)["fsync"] = self._counted("fsync", lambda _: None)  # costs time, and only a power cut would tell
        vars(os)["close"] = self._closing(os.close)
        vars(io)["open"] = self._opening(io.open)
        sys.addaudithook(self._hear)

    def make(self, name: str, where: object) -> None:
        """Count this call, if it concerns the destination."""
        path = _path(where)
        if path is None or not (path + "/").startswith((self._destination + "/", "./")):
            return
        self._count += 1
        os.write(self._log, f"{name} {path.removeprefix(self._destination)}\n".encode())
        fault = self._faults.get(self._count, "")
        if fault in SIGNALS:
            os.kill(os.getpid(), signal.Signals[fault])
        elif fault:
            code = getattr(errno, fault)
            raise OSError(code, os.strerror(code), path)

    def _hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if event == "open":
            self.make("open", arguments[0])
        elif event.startswith(("os.", "fcntl.")) and event not in ("os.kill", "os.putenv", "os.chdir"):
            paths = [argument for argument in arguments if isinstance(argument, str | os.PathLike)]
            self.make(event, paths[-1] if paths else next(iter(arguments), None))

    def _counted(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(where: object, *arguments: Any, **named: Any) -> Any:
            self.make(name, where)
            return call(where, *arguments, **named)

        return counted

    def _closing(self, close: Callable[[int], None]) -> Callable[[int], None]:
        def closing(descriptor: int) -> None:
            try:
                self.make("close", descriptor)
            except OSError:  # what failed to close is closed nevertheless
                close(descriptor)
                raise
            close(descriptor)

        return closing

    def _opening(self, opened: Callable[..., Any]) -> Callable[..., Any]:
        def opening(
            file: Any, mode: str = "r", buffering: int = -1, encoding: str | None = None, *others: Any, **named: Any
        ) -> Any:
            if "w" not in mode:
                return opened(file, mode, buffering, encoding, *others, **named)
            binary = io.BufferedWriter(_Written(file, self))
            return binary if "b" in mode else io.TextIOWrapper(binary, encoding)

        return opening


class _Written(io.FileIO):
    """A file whose first write is a short one, so that a fault may come when half is written."""

    def __init__(self, file: Any, calls: Calls) -> None:
        self._calls, self._torn = calls, False
        super().__init__(file, "w")

    def write(self, data: Any, /) -> int:
        self._calls.make("write", self.fileno())
        content = memoryview(data)
        short, self._torn = not self._torn and len(content) > 1, True
        return super().write(content[: len(content) // 2] if short else content) or 0

    def close(self) -> None:
        try:
            if not self.closed:
                self._calls.make("close", self.fileno())
        finally:
            super().close()


class Replaying:
    """DuckDB's engine, asked once for the same files and rules."""

    name = "duckdb"

    def __init__(self, config: ProcessConfig, memory: Path) -> None:
        self._config, self._memory = config, memory

    def versions(self) -> dict[str, str]:
        """Return what the report is to name."""
        return {"duckdb": "replayed"}

    def label(self, source: Source, successful: Path, unsuccessful: Path) -> Counts:
        """Write what DuckDB wrote, or now writes."""
        question = f"{self._config.rules!r} {self._config.parts} {[file.read for file in source.files]}"
        answer = self._memory / f"{hashlib.sha256(question.encode()).hexdigest()}.json"
        if not answer.exists():
            counts = engine_of(self._config).label(source, successful, unsuccessful)
            parts = [
                {part.name: part.read_text() for part in folder.iterdir()} for folder in (successful, unsuccessful)
            ]
            answer.write_text(json.dumps([counts.model_dump(), *parts]))
            return counts
        counted, *outputs = json.loads(answer.read_text())
        for folder, parts in zip((successful, unsuccessful), outputs, strict=True):
            for name, text in parts.items():
                (folder / name).write_text(text)
        return Counts.model_validate(counted)


def _path(where: object) -> str | None:
    """Return the path that a call is about, told by a path or a descriptor."""
    if isinstance(where, str | os.PathLike):
        path = str(os.fspath(where))
        return path if path.startswith("/") else f"./{path}"
    with contextlib.suppress(OSError):
        return str(Path(f"/proc/self/fd/{where}").readlink()) if isinstance(where, int) else None
    return None


def _be_a_run(order: Order, said: int, called: int) -> NoReturn:
    """Run the entry point in this process and leave with its exit code."""
    code: object = 70
    try:
        os.dup2(said, 1)
        os.dup2(said, 2)
        os.environ["PROGRAM"] = "section1_manage.py"
        Calls(order, called).watch()
        cli.run(order.run)
    except SystemExit as leaving:
        code = leaving.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(str(code)))


def _run(order: Order) -> Ending:
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as called:
        child = os.fork()
        if not child:
            _be_a_run(order, said.fileno(), called.fileno())
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        texts = []
        for file in (said, called):
            file.seek(0)
            texts.append(file.read().decode())
        return Ending(code, texts[0], texts[1].splitlines())


@cache
def _shipped() -> ProcessConfig:
    return load_process("section1_process.yaml")


def serve() -> None:
    """Make the runs that stdin orders, a line each, and answer each with a line."""
    with tempfile.TemporaryDirectory() as folder:
        memory = Path(folder)
        vars(section1.main)["engine_of"] = lambda config: Replaying(config, memory)
        (memory / "src").mkdir()
        Order(str(memory / "src"), str(memory / "dest"), "2026-11-23T16").run()  # imports what a run imports late
        for line in sys.stdin:
            print(json.dumps(asdict(_run(Order(**json.loads(line))))), flush=True)


if __name__ == "__main__":
    serve()
