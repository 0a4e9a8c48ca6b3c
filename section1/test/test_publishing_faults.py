"""A run that fails at any file-system call: readers see the old batch or the new one, and the next run completes."""

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from section1.test.command import error
from section1.test.faults import ERRORS, Driver, Order
from section1.test.scenarios import (
    HOUR_BEFORE,
    NO_BATCHES,
    SCENARIOS,
    Prepared,
    mistakes_of,
    mistakes_of_next_run,
    prepare,
    run_command,
    state_of,
)
from section1.test.support import BATCH, application, config_for, csv_of, outputs_of, write_files

pytestmark = pytest.mark.integration

CODES = {"SIGKILL": -9, "SIGTERM": 143}
FAULTS = ["SIGKILL", *(pytest.param(fault, marks=pytest.mark.slow) for fault in ("SIGTERM", *ERRORS))]


@pytest.fixture(scope="module", params=SCENARIOS)
def prepared(request: pytest.FixtureRequest, driver: Driver, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepare(request.param, driver, tmp_path_factory.mktemp(request.param))


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_at_any_call_is_completed_by_the_next_run(
    fault: str, prepared: Prepared, driver: Driver, tmp_path: Path
) -> None:
    mistakes = []
    for at, call in enumerate(prepared.calls, start=1):
        order = prepared.copied(tmp_path / "dest")
        failed = driver.run(replace(order, faults=((at, fault),)))
        codes = [CODES[fault]] if fault in CODES else prepared.codes(at)
        found = mistakes_of(failed, codes, prepared.verdict(tmp_path / "dest"))
        found += mistakes_of_next_run(prepared, order, driver)
        mistakes += [f"{at} {call}: {mistake}" for mistake in found]
    assert mistakes == []
    assert len(prepared.calls) > 70


@pytest.mark.slow
def test_kill_while_a_batch_is_restored_loses_nothing(replaced: Prepared, driver: Driver, tmp_path: Path) -> None:
    failure = (replaced.calls.index(f"os.rename /report/{BATCH}.json") + 2, "EIO")  # the new report's flush
    failed = driver.run(replace(replaced.copied(tmp_path / "dest"), faults=(failure,)))
    assert mistakes_of(failed, [1], replaced.verdict(tmp_path / "dest")) == []
    mistakes, steps = [], range(failure[0] + 1, len(failed.calls) + 1)
    for at in steps:
        order = replaced.copied(tmp_path / "dest")
        killed = driver.run(replace(order, faults=(failure, (at, "SIGKILL"))))
        found = mistakes_of(killed, [-9], replaced.verdict(tmp_path / "dest"))
        found += mistakes_of_next_run(replaced, order, driver)
        mistakes += [f"{at} {failed.calls[at - 1]}: {mistake}" for mistake in found]
    assert mistakes == []
    assert len(steps) > 40


def test_next_run_removes_leftovers_and_nothing_else(driver: Driver, tmp_path: Path) -> None:
    prepared, link = prepare("after_a_killed_run", driver, tmp_path), tmp_path / "link"
    after = tmp_path / "after"
    assert {path.name for path in (after / "successful_application").iterdir()} == {HOUR_BEFORE, BATCH, *NO_BATCHES}
    assert {path.name for path in (after / "unsuccessful_application").iterdir()} == {HOUR_BEFORE, BATCH}
    assert list((after / ".staging").iterdir()) == []
    link.symlink_to(tmp_path / "dest")
    through_link = replace(prepared.copied(tmp_path / "dest"), destination=str(link))
    assert mistakes_of_next_run(prepared, through_link, driver) == []


def test_disk_full_while_rows_are_written_publishes_nothing(tmp_path: Path) -> None:
    config = config_for(tmp_path)
    write_files(config.source, {"a.csv": csv_of(*[application()] * 20_000)})
    order = Order(str(config.source), str(config.destination), BATCH)
    limited = 'unset COVERAGE_PROCESS_CONFIG; ulimit -f 64 && exec "$@"'  # coverage could not write its file
    full = run_command(order, "sh", "-c", limited, "sh")
    assert (full.returncode, full.stderr) == (1, error("duckdb: File too large. Nothing was published."))
    assert (state_of(config.destination), list((config.destination / ".staging").iterdir())) == ({}, [])
    assert run_command(order).returncode == 0
    assert outputs_of(config)[0].total() == 20_000


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
