"""Runs commands and measures them: wall and CPU seconds and peak memory of the whole process tree (Linux)."""

import ctypes
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TypeVar

SECONDS_BETWEEN_SAMPLES = 0.02
# What is sampled as memory: cheap to read, but pages that two processes share count twice.
MEMORY = "resident memory (RSS), summed over the process tree every 20 ms"
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_PR_SET_CHILD_SUBREAPER = 36

Contender = TypeVar("Contender")


@dataclass(frozen=True)
class Measurement:
    """What one run of a command took; CPU is user and system time."""

    wall: float
    cpu: float
    peak_bytes: int
    exit_code: int
    last_words: str

    @property
    def failure(self) -> str:
        """Say how the run failed; empty when it did not."""
        if self.exit_code == 0:
            return ""
        return f"killed by signal {-self.exit_code}" if self.exit_code < 0 else f"exit code {self.exit_code}"


@dataclass(frozen=True)
class Spread:
    """The median of some runs, the least and the most."""

    median: float
    low: float
    high: float

    @staticmethod
    def of(values: Sequence[float]) -> "Spread":
        """Return the spread of at least one value."""
        return Spread(median(values), min(values), max(values))


@dataclass(frozen=True)
class Summary:
    """What the runs of one contender took."""

    wall: Spread
    cpu: Spread
    peak_bytes: Spread

    @staticmethod
    def of(runs: Sequence[Measurement]) -> "Summary":
        """Return the spreads of at least one run."""
        return Summary(
            Spread.of([run.wall for run in runs]),
            Spread.of([run.cpu for run in runs]),
            Spread.of([run.peak_bytes for run in runs]),
        )


def interleaved(
    contenders: Sequence[Contender], rounds: int, run: Callable[[Contender, int], Measurement]
) -> dict[Contender, list[Measurement]]:
    """Run each contender once a round, so that a slow minute of the machine hits all; who fails is not run again."""
    runs: dict[Contender, list[Measurement]] = {contender: [] for contender in contenders}
    for number in range(1, rounds + 1):
        for contender in contenders:
            if not any(earlier.failure for earlier in runs[contender]):
                runs[contender].append(run(contender, number))
    return runs


def measure(command: Sequence[str], folder: Path) -> Measurement:
    """Run the command in the folder until it and all that it started have ended."""
    with _adopting_orphans(), tempfile.TemporaryFile() as words:
        strangers = _processes()
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=words, stderr=words)
        tree = _Tree(process.pid, strangers)
        with tree.sampled():
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - started
            # Or Popen would wait for it once more.
            process.returncode = os.waitstatus_to_exitcode(status)
            cpu = usage.ru_utime + usage.ru_stime + tree.wait_for_orphans()
        words.seek(0)
        last_words = (words.read().decode("utf-8", "replace").strip().splitlines() or [""])[-1]
    return Measurement(wall, cpu, tree.peak_bytes, process.returncode, last_words)


class _Tree:
    """A process and all that it started, directly or not; a process that lives shorter than a sample may be missed."""

    def __init__(self, root: int, strangers: set[int]) -> None:
        self.peak_bytes = 0
        self._root = root
        self._family = {root}
        self._strangers = strangers

    @contextmanager
    def sampled(self) -> Iterator[None]:
        """Keep the most memory that the tree has while the body runs."""
        done = threading.Event()

        def sample() -> None:
            while not done.wait(SECONDS_BETWEEN_SAMPLES):
                self.peak_bytes = max(self.peak_bytes, sum(map(_memory, tuple(self._family))))
                # Counted from the next sample on: a child that is just being started shows its parent's memory.
                self._grow()

        sampler = threading.Thread(target=sample, daemon=True)
        sampler.start()
        try:
            yield
        finally:
            done.set()
            sampler.join()

    def _grow(self) -> None:
        """Take in the children and the orphans that are new; each process is looked at once, parents first."""
        for process in sorted(_processes() - self._family - self._strangers):
            is_ours = _parent(process) in {*self._family, os.getpid()}
            (self._family if is_ours else self._strangers).add(process)

    def wait_for_orphans(self) -> float:
        """Wait for what the root has left behind; return the CPU seconds, which the root's own do not hold."""
        self._grow()
        seconds = 0.0
        for process in sorted(self._family - {self._root}):
            with suppress(ChildProcessError):  # its parent has waited for it, and has its CPU seconds
                _, _, usage = os.wait4(process, 0)
                seconds += usage.ru_utime + usage.ru_stime
        return seconds


@contextmanager
def _adopting_orphans() -> Iterator[None]:
    """Be the parent of what outlives its parent while the body runs, so that it can be waited for."""
    prctl = ctypes.CDLL(None).prctl
    prctl(_PR_SET_CHILD_SUBREAPER, 1)
    try:
        yield
    finally:
        prctl(_PR_SET_CHILD_SUBREAPER, 0)


def _processes() -> set[int]:
    return {int(entry.name) for entry in os.scandir("/proc") if entry.name.isdecimal()}


def _parent(process: int) -> int | None:
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return None
    return int(status.rpartition(")")[2].split()[1])


def _memory(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE_BYTES
    except OSError:
        return 0
