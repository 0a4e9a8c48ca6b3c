"""Random kills: a reader sees the old batch or the new one, and the next run completes."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random

import pytest

from common.test.kills import row_of_kills
from common.test.waiting import is_gone, wait_until
from section1.test.faults import Driver, Ending, Order
from section1.test.scenarios import SCENARIOS, Prepared, command, mistakes_of, mistakes_of_next_run, prepare

pytestmark = [pytest.mark.slow, pytest.mark.full("kills")]

RECOVERY = "the next run leaves what a clean one does"
SECONDS = 900  # after which a run that hangs is killed
Budget = Callable[[int, int], int]
Record = Callable[[dict[str, str]], None]


@pytest.fixture(scope="module")
def scenarios(driver: Driver, tmp_path_factory: pytest.TempPathFactory) -> list[Prepared]:
    return [prepare(name, driver, tmp_path_factory.mktemp(name)) for name in SCENARIOS]


def test_forked_runs_killed_up_to_three_times_in_a_row(
    scenarios: list[Prepared], driver: Driver, tmp_path: Path, budget: Budget, record: Record
) -> None:
    random, kills = Random("forked"), 0
    mistakes: list[str] = []
    while kills < budget(40, 600):
        prepared = random.choice(scenarios)
        order = prepared.copied(tmp_path / "dest")
        for _ in range(random.randint(1, 3)):
            fault = (random.randint(1, len(prepared.calls)), "SIGKILL")
            killed = driver.run(replace(order, faults=(fault,)))
            kills += killed.code == -signal.SIGKILL
            mistakes += mistakes_of(killed, [-signal.SIGKILL, 0], prepared.verdict(tmp_path / "dest"))
        mistakes += mistakes_of_next_run(prepared, order, driver)
    assert mistakes == []
    record(row_of_kills(1, "a forked run, at a random call", kills, RECOVERY, lost=len(mistakes), doubled=0))


def test_real_command_killed_at_a_random_moment(
    scenarios: list[Prepared], driver: Driver, tmp_path: Path, budget: Budget, record: Record
) -> None:
    random, kills = Random("real"), 0
    mistakes: list[str] = []
    seconds = seconds_at_work(scenarios[0].copied(tmp_path / "dest"))
    while kills < budget(5, 100):
        prepared = random.choice(scenarios)
        order = prepared.copied(tmp_path / "dest")
        with started(order) as run:
            wait_until(partial(has_begun, run, order), SECONDS, pause=0.001)
            time.sleep(seconds * random.random())
            run.kill()
            killed = ending_of(run)
        kills += killed.code == -signal.SIGKILL
        mistakes += mistakes_of(killed, [-signal.SIGKILL, 0], prepared.verdict(tmp_path / "dest"))
        mistakes += mistakes_of_next_run(prepared, order, driver)
    assert mistakes == []
    record(row_of_kills(1, "the real command on DuckDB", kills, RECOVERY, lost=len(mistakes), doubled=0))


@pytest.fixture(scope="module")
def seconds_on_spark(replaced: Prepared, tmp_path_factory: pytest.TempPathFactory) -> float:
    """The lifetime of a run's Java process."""
    with started(replaced.copied(tmp_path_factory.mktemp("clean") / "dest"), "spark") as run:
        wait_until(partial(java_of, run))
        begun = time.monotonic()
        assert ending_of(run).code == 0
    return time.monotonic() - begun


@pytest.mark.parametrize("victim", ["Java", "Python", "Python and Java"])
def test_command_on_spark_killed_in_part_or_completely(
    *,
    victim: str,
    replaced: Prepared,
    seconds_on_spark: float,
    driver: Driver,
    tmp_path: Path,
    budget: Budget,
    record: Record,
) -> None:
    random, kills = Random(victim), 0
    mistakes: list[str] = []
    while kills < budget(1, 3):
        order = replaced.copied(tmp_path / "dest")
        with started(order, "spark") as run:
            [java] = wait_until(partial(java_of, run))
            time.sleep(seconds_on_spark * random.random())
            at_work = run.poll() is None and not is_gone(java)
            for name, pid in (("Python", run.pid), ("Java", java)):
                if at_work and name in victim:
                    os.kill(pid, signal.SIGKILL)
            killed = ending_of(run)
        wait_until(partial(is_gone, java))
        kills += at_work
        codes = [-signal.SIGKILL] if "Python" in victim and at_work else [0, 1]
        mistakes += mistakes_of(killed, codes, replaced.verdict(tmp_path / "dest"))
        mistakes += mistakes_of_next_run(replaced, order, driver)
    assert mistakes == []
    record(row_of_kills(1, f"the real command on Spark: {victim}", kills, RECOVERY, lost=len(mistakes), doubled=0))


@contextlib.contextmanager
def started(order: Order, engine: str = "duckdb") -> Iterator[subprocess.Popen[str]]:
    """Start the command that a user would type; kill it if the body fails."""
    run = subprocess.Popen(command(order, engine), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        yield run
    finally:
        run.kill()
        run.wait()
        if run.stderr:
            run.stderr.close()  # Java may still have its end open


def ending_of(run: subprocess.Popen[str]) -> Ending:
    _, output = run.communicate(timeout=SECONDS)
    return Ending(run.returncode, output, [])


def stage_of(run: subprocess.Popen[str], order: Order) -> Path:
    return Path(order.destination, ".staging", f"{run.pid}")


def has_begun(run: subprocess.Popen[str], order: Order) -> bool:
    return stage_of(run, order).exists() or run.poll() is not None


def seconds_at_work(order: Order) -> float:
    """Return how long the staging directory of a clean run exists."""
    with started(order) as run:
        wait_until(partial(has_begun, run, order), SECONDS, pause=0.001)
        begun = time.monotonic()
        wait_until(lambda: not stage_of(run, order).exists(), SECONDS, pause=0.001)
        ended = time.monotonic()
        assert ending_of(run).code == 0
    return ended - begun


def java_of(run: subprocess.Popen[str]) -> list[int]:
    """Return the child that becomes Spark's Java, not the one that prints the version of Java."""
    children = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split()
    with contextlib.suppress(FileNotFoundError):  # a child that ended meanwhile
        return [int(pid) for pid in children if b"pyspark-shell" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    return []
