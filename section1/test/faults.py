"""Runs of the job in forked processes, each with a fault at one file-system call on its destination.

One warm process (`python -m section1.test.faults`) forks a process per run, so that a run takes hundredths of a second
and no hook stays in the tests' own process. Python's audit events report most calls; the others are wrapped.
DuckDB labels the same files under the same rules once and its output is replayed afterwards, because labelling takes
ten times as long as the rest of a run.
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
SECONDS = 120  # after which a run that hangs is killed


@dataclass(frozen=True)
class Order:
    """A run to make, and its faults by the number of the call."""

    source: str
    destination: str
    batch: str
    reprocess: bool = False
    faults: tuple[tuple[int, str], ...] = ()

    def run(self) -> int:
        """Do what the command does for this request, except printing."""
        paths = {"source": Path(self.source), "destination": Path(self.destination), "engine": "duckdb"}
        config = _shipped().model_copy(update=paths)
        section1.main.run(config, Request(self.batch, datetime.now(UTC), reprocess=self.reprocess), Progress())
        return 0


@dataclass(frozen=True)
class Ending:
    """The exit code of a run (or minus the signal), its output, and the calls that it made or tried."""

    code: int
    output: str
    calls: list[str]


class Driver:
    """The warm process as a test sees it."""

    def __enter__(self) -> "Driver":
        command = [sys.executable, "-m", "section1.test.faults"]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        return self

    def __exit__(self, *error: type[BaseException] | BaseException | TracebackType | None) -> None:
        try:
            self._process.communicate(timeout=SECONDS)
        finally:
            self._process.kill()

    def run(self, order: Order) -> Ending:
        """Make one run."""
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(asdict(order)), file=self._process.stdin)
        return Ending(**json.loads(self._process.stdout.readline()))


class Calls:
    """Counts the calls on the destination, logs them, and injects the faults."""

    def __init__(self, order: Order, log: int) -> None:
        self._destination, self._faults, self._log, self._count = order.destination, dict(order.faults), log, 0

    def watch(self) -> None:
        """Observe every call from now on, until the process ends."""
        os.chdir("/")  # so that a relative path is a name below a directory that shutil.rmtree has open
        vars(os).update({name: self._counted(name, getattr(os, name)) for name in WITHOUT_EVENT})
        vars(os)["fsync"] = self._counted("fsync", lambda _: None)  # is slow, and only a power loss would show it
        vars(os)["close"] = self._closing(os.close)
        vars(io)["open"] = self._opening(io.open)
        sys.addaudithook(self._hook)

    def make(self, name: str, where: object) -> None:
        """Count this call if it is on the destination."""
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

    def _hook(self, event: str, arguments: tuple[object, ...]) -> None:
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
            except OSError:  # the kernel closes the file even when close fails
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
            binary = io.BufferedWriter(_WrittenFile(file, self))
            return binary if "b" in mode else io.TextIOWrapper(binary, encoding)

        return opening


class _WrittenFile(io.FileIO):
    """A file whose first write is a short one, so that a fault can occur when half is written."""

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
    """DuckDB's engine, which labels the same files under the same rules only once."""

    name = "duckdb"

    def __init__(self, config: ProcessConfig, cache: Path) -> None:
        self._config, self._cache = config, cache

    def versions(self) -> dict[str, str]:
        return {"duckdb": "replayed"}

    def label(self, source: Source, successful: Path, unsuccessful: Path) -> Counts:
        key = f"{self._config.rules!r} {self._config.parts} {[file.read for file in source.files]}"
        cached = self._cache / f"{hashlib.sha256(key.encode()).hexdigest()}.json"
        outputs = (successful, unsuccessful)
        if not cached.exists():
            counts = engine_of(self._config).label(source, *outputs)
            parts = [{part.name: part.read_text() for part in output.iterdir()} for output in outputs]
            cached.write_text(json.dumps([counts.model_dump(), *parts]))
            return counts
        counted, *contents = json.loads(cached.read_text())
        for output, parts in zip(outputs, contents, strict=True):
            for name, text in parts.items():
                (output / name).write_text(text)
        return Counts.model_validate(counted)


def _path(where: object) -> str | None:
    """Return the path of a call, which names a path or a descriptor."""
    if isinstance(where, str | os.PathLike):
        path = str(os.fspath(where))
        return path if path.startswith("/") else f"./{path}"
    with contextlib.suppress(OSError):
        return str(Path(f"/proc/self/fd/{where}").readlink()) if isinstance(where, int) else None
    return None


def _become_run(order: Order, output: int, calls: int) -> NoReturn:
    """Run the job in this process and exit with its code."""
    code: object = 70
    try:
        signal.alarm(SECONDS)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.environ["PROGRAM"] = "section1_manage.py"
        Calls(order, calls).watch()
        cli.run(order.run)
    except SystemExit as leaving:
        code = leaving.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(str(code)))


def _run(order: Order) -> Ending:
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as calls:
        child = os.fork()
        if not child:
            _become_run(order, output.fileno(), calls.fileno())
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        texts = []
        for file in (output, calls):
            file.seek(0)
            texts.append(file.read().decode())
        return Ending(code, texts[0], texts[1].splitlines())


@cache
def _shipped() -> ProcessConfig:
    return load_process("section1_process.yaml")


def serve() -> None:
    """Make the runs that stdin orders, one per line, and print one line for each."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        vars(section1.main)["engine_of"] = lambda config: Replaying(config, root)
        (root / "src").mkdir()
        Order(str(root / "src"), str(root / "dest"), "2026-11-23T16").run()  # import what a run imports late
        for line in sys.stdin:
            print(json.dumps(asdict(_run(Order(**json.loads(line))))), flush=True)


if __name__ == "__main__":
    serve()
