"""The real command: two at once, killed or terminated in the middle, and with faults at system calls."""

import contextlib
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from section1.test.command import error
from section1.test.faults import Driver, Order
from section1.test.scenarios import HOUR_BEFORE, TIMEOUT, Prepared, command, mistakes_of_next_run, run_command

pytestmark = pytest.mark.integration


@contextlib.contextmanager
def waiting_run(order: Order) -> Iterator[subprocess.Popen[bytes]]:
    """Keep the real command waiting, locked and staged, during the body: a report that it reads is a pipe."""
    report = Path(order.destination, "report", f"{HOUR_BEFORE}.json")
    content = report.read_bytes()
    report.unlink()
    os.mkfifo(report)
    with Path(f"{order.destination}.log").open("w") as log:
        run = subprocess.Popen(command(order), stdout=log, stderr=log)
        try:
            pipe = opened_when_read(report, run)
            report.unlink()  # the run reads it again for the pages and must not wait then
            report.write_bytes(content)
            try:
                yield run
            finally:
                with contextlib.suppress(BrokenPipeError):  # the body may have ended the run
                    os.write(pipe, content)
                os.close(pipe)
            run.wait(TIMEOUT)
        finally:
            run.kill()
            run.wait()


def opened_when_read(pipe: Path, reader: subprocess.Popen[bytes]) -> int:
    """Return the writing end as soon as the process opens the other."""
    deadline = time.monotonic() + TIMEOUT
    while reader.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError):  # not open for reading yet
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        time.sleep(0.01)
    raise AssertionError("the run did not read the report")


def test_second_run_at_once_exits_75(replaced: Prepared, tmp_path: Path) -> None:
    order = replaced.copied(tmp_path / "dest")
    with waiting_run(order) as first:
        second = run_command(order)
    assert (second.returncode, second.stdout) == (75, "")
    assert second.stderr == error(f"{order.destination}: another run is in progress. Wait until it ends.")
    assert (first.returncode, replaced.verdict(tmp_path / "dest")) == (0, "new")


def test_killed_run_releases_its_lock(replaced: Prepared, driver: Driver, tmp_path: Path) -> None:
    order = replaced.copied(tmp_path / "dest")
    with waiting_run(order) as run:
        run.kill()
    assert len(list((tmp_path / "dest" / ".staging").iterdir())) == 1
    assert mistakes_of_next_run(replaced, order, driver) == []


def test_terminated_run_exits_143_and_publishes_nothing(replaced: Prepared, tmp_path: Path) -> None:
    order = replaced.copied(tmp_path / "dest")
    with waiting_run(order) as run:
        run.terminate()
    assert (run.returncode, (tmp_path / "dest.log").read_text()) == (143, "")
    assert list((tmp_path / "dest" / ".staging").iterdir()) == []
    assert replaced.verdict(tmp_path / "dest") == "old"


def under_strace(order: Order, log: Path, *expressions: str) -> subprocess.CompletedProcess[str]:
    options = [part for expression in expressions for part in ("-e", expression)]
    return run_command(order, "strace", "-f", "-y", "-o", str(log), *options)


@pytest.fixture(scope="module")
def first_write(replaced: Prepared, tmp_path_factory: pytest.TempPathFactory) -> int:
    """The number of the main thread's first write to a part file, as strace counts them."""
    root = tmp_path_factory.mktemp("strace")
    under_strace(replaced.copied(root / "dest"), root / "log", "trace=openat,write")
    lines = (root / "log").read_text().splitlines()
    thread = lines[0].split()[0]  # the main thread opens the first file
    writes = [line for line in lines if re.match(rf"{thread} +write\(", line)]
    return next(number for number, line in enumerate(writes, start=1) if "part-00000.csv" in line)


@pytest.mark.slow
@pytest.mark.needs("strace")
@pytest.mark.parametrize(
    ("injected", "code", "output"),
    [
        ("signal=SIGKILL", -9, ""),
        ("error=ENOSPC", 1, error("duckdb: No space left on device. Nothing was published.")),
        ("error=EIO", 1, error("duckdb: Input/output error. Nothing was published.")),
        ("error=EACCES", 1, error("duckdb: Permission denied. Nothing was published.")),
    ],
)
def test_fault_while_rows_are_written_keeps_the_old_batch(
    *, injected: str, code: int, output: str, first_write: int, replaced: Prepared, driver: Driver, tmp_path: Path
) -> None:
    order = replaced.copied(tmp_path / "dest")
    failed = under_strace(order, tmp_path / "log", f"inject=write:{injected}:when={first_write}")
    assert (failed.returncode, failed.stderr) == (code, output)
    assert replaced.verdict(tmp_path / "dest") == "old"
    assert mistakes_of_next_run(replaced, order, driver) == []
