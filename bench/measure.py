"""Runs commands and measures wall time, CPU time and peak memory of their process trees."""

import resource
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TypeVar

import psutil

SECONDS_BETWEEN_SAMPLES = 0.02
# RSS is cheap to read. A page that two processes share counts twice.
MEMORY = "resident memory (RSS), summed over the process tree every 20 ms"

Contender = TypeVar("Contender")


@dataclass(frozen=True)
class Measurement:
    """Result of one run. CPU is user plus system time in seconds."""

    wall: float
    cpu: float
    peak_bytes: int
    exit_code: int
    last_line: str  # of its output

    @property
    def failure(self) -> str:
        """Return the reason why the run failed, or an empty string."""
        if self.exit_code == 0:
            return ""
        return f"killed by signal {-self.exit_code}" if self.exit_code < 0 else f"exit code {self.exit_code}"


@dataclass(frozen=True)
class Spread:
    """Median, minimum and maximum of several runs."""

    median: float
    low: float
    high: float

    @staticmethod
    def of(values: Sequence[float]) -> "Spread":
        """Return the spread of at least one value."""
        return Spread(median(values), min(values), max(values))

    def text(self, digits: int = 2) -> str:
        """Return the spread as text, such as 1.20 (1.10–1.90)."""
        return f"{self.median:.{digits}f} ({self.low:.{digits}f}–{self.high:.{digits}f})"


@dataclass(frozen=True)
class Summary:
    """Spreads of all runs of one contender."""

    wall: Spread
    cpu: Spread
    peak_bytes: Spread

    @property
    def peak_megabytes(self) -> Spread:
        peak = self.peak_bytes
        return Spread(peak.median / 1e6, peak.low / 1e6, peak.high / 1e6)

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
    """Run each contender once per round, so that a slow minute of the machine affects all of them.

    A contender that fails is not run again.
    """
    runs: dict[Contender, list[Measurement]] = {contender: [] for contender in contenders}
    for number in range(1, rounds + 1):
        for contender in contenders:
            if not any(earlier.failure for earlier in runs[contender]):
                runs[contender].append(run(contender, number))
    return runs


def measure(command: Sequence[str], directory: Path) -> Measurement:
    """Run a command until it and all of its descendants have ended."""
    with tempfile.TemporaryFile() as output:
        tree = ProcessTree()
        cpu_before = _cpu_of_children()
        started = time.perf_counter()
        root = psutil.Popen(command, cwd=directory, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        while not _ended(root):
            tree.sample(root)
        wall = time.perf_counter() - started
        cpu = _cpu_of_children() - cpu_before + tree.wait_for_orphans(root)
        output.seek(0)
        lines = output.read().decode("utf-8", "replace").strip().splitlines()
    return Measurement(wall, cpu, tree.peak_bytes, int(root.returncode), lines[-1] if lines else "")


def _ended(root: psutil.Popen) -> bool:
    try:
        root.wait(SECONDS_BETWEEN_SAMPLES)
    except psutil.TimeoutExpired:
        return False
    return True


def _cpu_of_children() -> float:
    """Return the CPU seconds of all ended descendants that their parents have waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class ProcessTree:
    """The processes that a command starts. A process that ends between two samples may be missed.

    Processes that outlive their parents stay in the tree. `psutil.Process.children` would lose them,
    and reads every process of the machine each time; this class reads each new process once.
    """

    def __init__(self) -> None:
        self.peak_bytes = 0
        self._members: dict[int, psutil.Process] = {}
        self._others = set(psutil.pids())  # processes that the command did not start

    def sample(self, root: psutil.Process) -> None:
        """Update the peak, then find new processes."""
        self._members.setdefault(root.pid, root)
        self.peak_bytes = max(self.peak_bytes, sum(map(_resident_bytes, self._members.values())))
        # A new process counts from the next sample on, because it shows its parent's memory while it is being started.
        for pid in sorted(set(psutil.pids()) - self._members.keys() - self._others):
            with suppress(psutil.NoSuchProcess):
                process = psutil.Process(pid)
                if process.ppid() in self._members:
                    self._members[pid] = process
                    continue
            self._others.add(pid)

    def wait_for_orphans(self, root: psutil.Process) -> float:
        """Wait for processes that outlive the root. Return their CPU seconds, which the root's do not include."""
        orphans = [process for pid, process in self._members.items() if pid != root.pid]
        seconds = 0.0
        for process in orphans:
            used = 0.0
            with suppress(psutil.NoSuchProcess):
                while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                    times = process.cpu_times()
                    used = times.user + times.system
                    time.sleep(SECONDS_BETWEEN_SAMPLES)
            seconds += used
        return seconds


def _resident_bytes(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0
