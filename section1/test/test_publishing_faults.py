"""Killed anywhere, nothing is lost: any file-system call of a run is struck, a reader looks, the next run mends."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from common.paths import ROOT
from section1.core.columns import OUTPUTS
from section1.operator.destination import Destination
from section1.test.faults import ERRORS, SIGNALS, Driver, Ending, Order
from section1.test.support import BATCH, application, config_for, csv_of, outputs_of, write_files

A = csv_of(application(), application(name=""))
B = csv_of(application(name="Bob Tan", email="bob@tan.org"))
HOUR_BEFORE, KILLED_HOUR = "2026-11-23T15", "2026-11-23T14"
NO_BATCHES = [f"{KILLED_HOUR}-1", f"{KILLED_HOUR}.bak", "notes"]

SYSTEM_CALLS = ("mkdir", "openat", "symlink", "write", "fsync", "rename", "unlink", "unlinkat", "rmdir")
KILLS = 12
TIMEOUT = 100  # rather than hang
CODES = {"SIGKILL": -9, "SIGTERM": 143}

State = dict[str, tuple[dict[str, bytes], dict[str, object]]]


@dataclass(frozen=True)
class Scenario:
    """Which batches are committed, by the files each was made of, and the request that is struck."""

    committed: dict[str, dict[str, bytes]]
    files: dict[str, bytes]
    reprocess: bool = False
    leftovers: bool = False


SCENARIOS = {
    "first": Scenario({}, {"a.csv": A, "b.csv": B}),
    "second_in_the_hour": Scenario({BATCH: {"a.csv": A}}, {"a.csv": A, "b.csv": B}),
    "empty_hour": Scenario({HOUR_BEFORE: {"a.csv": A}}, {"a.csv": A}),
    "after_a_killed_run": Scenario({HOUR_BEFORE: {"a.csv": A}}, {"a.csv": A, "b.csv": B}, leftovers=True),
    "replaced": Scenario(
        {HOUR_BEFORE: {"a.csv": A}, BATCH: {"a.csv": A, "b.csv": B}}, {"a.csv": A, "b.csv": A + B}, reprocess=True
    ),
}


@dataclass(frozen=True)
class Prepared:
    """A scenario on disk: what is there before the request, and what a clean run makes of it."""

    before: Path
    order: Order
    old: State
    new: State
    tree: list[str]
    calls: list[str]

    def copied(self, destination: Path) -> Order:
        """Give a case its own copy of the destination, and the request to make there."""
        shutil.rmtree(destination, ignore_errors=True)
        if self.before.exists():
            shutil.copytree(self.before, destination)
        return replace(self.order, destination=str(destination))

    def codes(self, at: int) -> list[int]:
        """Return the exit codes of a run one of whose calls failed: 0 only where that harms nobody."""
        staged = self.calls.index("os.mkdir /STAGE/source")
        published = len(self.calls) - self.calls[::-1].index("lstat /STAGE") - 1
        if at <= staged:
            return [0, 1]  # the destination may be there already, and nothing left in it to clean
        return [1] if at <= published else [0]

    def verdict(self, destination: Path) -> str:
        """Name what a reader finds: old, new, withdrawn (the batch to replace, and it alone, is gone) or wrong."""
        state = state_of(destination)
        if state in (self.new, self.old):
            return "new" if state == self.new else "old"
        withdrawn = {batch: held for batch, held in self.old.items() if batch != BATCH}
        return "withdrawn" if self.order.reprocess and state == withdrawn else f"wrong: {state}"


def state_of(destination: Path) -> State:
    """Return what a reader finds by the rule: a batch counts only when its report is there."""
    reports = {path.stem: json.loads(path.read_bytes()) for path in (destination / "report").glob("*.json")}
    for report in reports.values():
        del report["started_at"], report["seconds"], report["versions"], report["engine"]
    return {batch: (parts_of(destination, batch), report) for batch, report in reports.items()}


def parts_of(destination: Path, batch: str) -> dict[str, bytes]:
    folders = [destination / output / batch for output in OUTPUTS]
    return {f"{folder.parent.name}/{part.name}": part.read_bytes() for folder in folders for part in folder.iterdir()}


def tree_of(destination: Path) -> list[str]:
    return sorted(str(path.relative_to(destination)) for path in destination.rglob("*"))


def leave_what_a_killed_run_leaves(destination: Path) -> None:
    for folder in (".staging/1/successful_application", *(f"{output}/{KILLED_HOUR}" for output in OUTPUTS)):
        (destination / folder).mkdir(parents=True)
        (destination / folder / "part-00000.csv").write_bytes(B)
    for name in NO_BATCHES:
        (destination / "successful_application" / name).mkdir()


def prepare(name: str, driver: Driver, root: Path) -> Prepared:
    """Make a scenario, and find out by clean runs what is right."""
    scenario, source, before, after = SCENARIOS[name], root / "src", root / "before", root / "after"
    for batch, files in scenario.committed.items():
        write_files(source, files)
        driver.run(Order(str(source), str(before), batch))
    if scenario.leftovers:
        leave_what_a_killed_run_leaves(before)
    write_files(source, scenario.files)
    order = Order(str(source), str(before), BATCH, scenario.reprocess)
    prepared = Prepared(before, order, state_of(before), {}, [], [])
    for _ in range(2):  # the first asks DuckDB, the second makes the calls that the struck ones make
        clean = driver.run(prepared.copied(after))
        assert clean.code == 0, clean.said
    calls = [re.sub(r"/\.staging/\d+\b(?!-)", "/STAGE", call) for call in clean.calls]
    return replace(prepared, new=state_of(after), tree=tree_of(after), calls=calls)


@pytest.fixture(scope="module")
def driver() -> Iterator[Driver]:
    with Driver() as driver:
        yield driver


@pytest.fixture(scope="module", params=SCENARIOS)
def prepared(request: pytest.FixtureRequest, driver: Driver, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepare(request.param, driver, tmp_path_factory.mktemp(request.param))


@pytest.mark.parametrize("blow", [*SIGNALS, *ERRORS])
def test_a_run_struck_at_any_call_shows_old_or_new_and_the_next_run_mends_it(
    blow: str, prepared: Prepared, driver: Driver, tmp_path: Path
) -> None:
    mistakes = []
    for at, call in enumerate(prepared.calls, start=1):
        order = prepared.copied(tmp_path / "dest")
        struck = driver.run(replace(order, faults=((at, blow),)))
        codes = [CODES[blow]] if blow in CODES else prepared.codes(at)
        found = [*mistakes_of(struck, codes, prepared.verdict(tmp_path / "dest")), *mended(prepared, order, driver)]
        mistakes += [f"{at} {call}: {mistake}" for mistake in found]
    assert mistakes == []
    assert len(prepared.calls) > 70


def test_a_run_killed_while_it_puts_a_batch_back_loses_nothing(
    replaced: Prepared, driver: Driver, tmp_path: Path
) -> None:
    failure = (replaced.calls.index(f"os.rename /report/{BATCH}.json") + 2, "EIO")  # the new report's flush
    failed = driver.run(replace(replaced.copied(tmp_path / "dest"), faults=(failure,)))
    assert mistakes_of(failed, [1], replaced.verdict(tmp_path / "dest")) == []
    mistakes, steps = [], range(failure[0] + 1, len(failed.calls) + 1)
    for at in steps:
        order = replaced.copied(tmp_path / "dest")
        killed = driver.run(replace(order, faults=(failure, (at, "SIGKILL"))))
        found = [*mistakes_of(killed, [-9], replaced.verdict(tmp_path / "dest")), *mended(replaced, order, driver)]
        mistakes += [f"{at} {failed.calls[at - 1]}: {mistake}" for mistake in found]
    assert mistakes == []
    assert len(steps) > 40


def mistakes_of(struck: Ending, codes: list[int], seen: str) -> list[str]:
    """Return what is wrong with the end of a struck run: what it says must be what a reader sees."""
    errors = sum(line.startswith("section1_manage.py: ") for line in struck.said.splitlines())
    true = {0: (seen, errors) == ("new", 0), 1: (seen, errors) == ("old", 1)}.get(struck.code, True)
    unforeseen = "Traceback" in struck.said or "this is a bug" in struck.said
    if struck.code in codes and true and not unforeseen and not seen.startswith("wrong"):
        return []
    return [f"ends with {struck.code}, not {codes}; a reader sees {seen}; it says: {struck.said}"]


def mended(prepared: Prepared, order: Order, driver: Driver) -> list[str]:
    """Run again; return what is not as a clean run leaves it."""
    again, destination = driver.run(order), Path(order.destination)
    seen, leftovers = prepared.verdict(destination), set(tree_of(destination)) ^ set(prepared.tree)
    return [] if (again.code, seen, leftovers) == (0, "new", set()) else [f"then {again.said}, {seen}, {leftovers}"]


def test_each_thing_is_on_disk_before_the_next_is_renamed_and_the_report_comes_before_the_page_alone(
    driver: Driver, tmp_path: Path
) -> None:
    calls = prepare("second_in_the_hour", driver, tmp_path).calls
    assert [call for call in calls if call.startswith(("fsync", "os.rename")) and call != "fsync /STAGE"] == [
        "fsync ",  # what a killed run may have left
        "fsync /report",
        "fsync /STAGE/report.json",
        "fsync /STAGE/successful_application/part-00000.csv",
        "fsync /STAGE/successful_application",
        f"os.rename /successful_application/{BATCH}-2",
        "fsync /successful_application",
        "fsync /STAGE/unsuccessful_application/part-00000.csv",
        "fsync /STAGE/unsuccessful_application",
        f"os.rename /unsuccessful_application/{BATCH}-2",
        "fsync /unsuccessful_application",
        f"os.rename /report/{BATCH}-2.json",
        "fsync /report",
        f"fsync /.staging/{BATCH}-2.html",
        f"os.rename /report/{BATCH}-2.html",
    ]


def test_the_next_run_removes_what_a_killed_run_left_and_nothing_else(driver: Driver, tmp_path: Path) -> None:
    prepare("after_a_killed_run", driver, tmp_path)
    after = tmp_path / "after"
    assert {path.name for path in (after / "successful_application").iterdir()} == {HOUR_BEFORE, BATCH, *NO_BATCHES}
    assert {path.name for path in (after / "unsuccessful_application").iterdir()} == {HOUR_BEFORE, BATCH}
    assert list((after / ".staging").iterdir()) == []


def test_a_killed_runs_leftovers_are_cleaned_where_the_destination_is_a_link(driver: Driver, tmp_path: Path) -> None:
    prepared, link = prepare("after_a_killed_run", driver, tmp_path), tmp_path / "link"
    link.symlink_to(tmp_path / "dest")
    assert mended(prepared, replace(prepared.copied(tmp_path / "dest"), destination=str(link)), driver) == []


def test_a_process_that_cannot_be_started_is_not_taken_for_another_run(tmp_path: Path) -> None:
    with pytest.raises(BlockingIOError), Destination(tmp_path).lock():  # os.fork raises it for EAGAIN
        raise BlockingIOError


def command(order: Order, engine: str = "duckdb") -> list[str]:
    """Return the command that a user would type for a request."""
    folders = ["--src-path", order.source, "--dest-path", order.destination]
    options = ["--task-config", "section1_process.yaml", "--engine", engine, "--batch", order.batch, *folders]
    return [sys.executable, str(ROOT / "section1_manage.py"), *options, *["--reprocess"] * order.reprocess]


def entry_point(order: Order, *under: str) -> subprocess.CompletedProcess[str]:
    """Run the command, under another one if asked for."""
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}  # for the same system calls in each run
    line = [*under, *command(order)]
    return subprocess.run(line, capture_output=True, text=True, check=False, env=environment, timeout=TIMEOUT)


def under_strace(order: Order, log: Path, *expressions: str) -> subprocess.CompletedProcess[str]:
    options = [part for expression in expressions for part in ("-e", expression)]
    return entry_point(order, "strace", "-f", "-y", "-o", str(log), *options)


@pytest.fixture(scope="module")
def replaced(driver: Driver, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepare("replaced", driver, tmp_path_factory.mktemp("replaced"))


@pytest.fixture(scope="module")
def system_calls(replaced: Prepared, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, int, str]]:
    """Return what the real command's main thread asks of its destination: the calls, numbered as strace counts them."""
    root = tmp_path_factory.mktemp("strace")
    order = replaced.copied(root / "dest")
    under_strace(order, root / "log", f"trace={','.join(SYSTEM_CALLS)}")
    lines = (root / "log").read_text().splitlines()
    main_thread = re.compile(rf"{lines[0].split()[0]} +(\w+)\(")
    counts: Counter[str] = Counter()
    calls = []
    for line in lines:
        if match := main_thread.match(line):
            counts[match[1]] += 1
            # How many files the main thread opens for DuckDB differs, so later ones cannot be told by number.
            if order.destination in line and not (match[1] == "openat" and counts["symlink"]):
                calls.append((match[1], counts[match[1]], line))
    return calls


@pytest.mark.needs("strace")
@pytest.mark.parametrize("kill", range(KILLS))
def test_the_real_command_killed_at_a_system_call_loses_nothing(
    kill: int, system_calls: list[tuple[str, int, str]], replaced: Prepared, driver: Driver, tmp_path: Path
) -> None:
    assert len(system_calls) > 30
    call, number, _ = system_calls[kill * (len(system_calls) - 1) // (KILLS - 1)]
    order = replaced.copied(tmp_path / "dest")
    killed = under_strace(order, tmp_path / "log", f"inject={call}:signal=SIGKILL:when={number}")
    assert (killed.returncode, killed.stderr) == (-9, "")
    assert replaced.verdict(tmp_path / "dest") in ("old", "withdrawn", "new")
    assert mended(replaced, order, driver) == []


@pytest.mark.needs("strace")
@pytest.mark.parametrize(
    ("injected", "code", "said"),
    [
        ("signal=SIGKILL", -9, ""),
        ("error=ENOSPC", 1, "section1_manage.py: duckdb: No space left on device; nothing was published\n"),
        ("error=EIO", 1, "section1_manage.py: duckdb: Input/output error; nothing was published\n"),
        ("error=EACCES", 1, "section1_manage.py: duckdb: Permission denied; nothing was published\n"),
    ],
)
def test_the_old_batch_stays_when_the_writing_of_rows_is_struck(
    injected: str,
    code: int,
    said: str,
    system_calls: list[tuple[str, int, str]],
    replaced: Prepared,
    driver: Driver,
    tmp_path: Path,
) -> None:
    first = next(number for call, number, line in system_calls if call == "write" and "part-00000.csv" in line)
    order = replaced.copied(tmp_path / "dest")
    struck = under_strace(order, tmp_path / "log", f"inject=write:{injected}:when={first}")
    assert (struck.returncode, struck.stderr) == (code, said)
    assert replaced.verdict(tmp_path / "dest") == "old"
    assert mended(replaced, order, driver) == []


def test_a_disk_that_fills_up_while_rows_are_written_publishes_nothing(tmp_path: Path) -> None:
    config = config_for(tmp_path)
    write_files(config.source, {"a.csv": csv_of(*[application()] * 20_000)})
    order = Order(str(config.source), str(config.destination), BATCH)
    full = entry_point(order, "sh", "-c", 'ulimit -f 64 && exec "$@"', "sh")
    assert (full.returncode, full.stderr) == (1, "section1_manage.py: duckdb: File too large; nothing was published\n")
    assert (state_of(config.destination), list((config.destination / ".staging").iterdir())) == ({}, [])
    assert entry_point(order).returncode == 0
    assert outputs_of(config)[0].total() == 20_000


@contextlib.contextmanager
def waiting_run(order: Order) -> Iterator[subprocess.Popen[bytes]]:
    """Keep the real command in its middle while the body runs, locked and staged: a report that it reads is a pipe."""
    report = Path(order.destination, "report", f"{HOUR_BEFORE}.json")
    content = report.read_bytes()
    report.unlink()
    os.mkfifo(report)
    with (
        Path(f"{order.destination}.log").open("w") as log,
        subprocess.Popen(command(order), stdout=log, stderr=log) as holder,
    ):
        pipe = opened_when_read(report, holder)
        report.unlink()  # it is read again for the pages, and must not wait then
        report.write_bytes(content)
        try:
            yield holder
        finally:
            with contextlib.suppress(BrokenPipeError):  # the body may have ended the run
                os.write(pipe, content)
            os.close(pipe)
            holder.wait()


def opened_when_read(pipe: Path, reader: subprocess.Popen[bytes]) -> int:
    """Return the writing end as soon as the process reads the other."""
    while reader.poll() is None:
        with contextlib.suppress(OSError):  # nobody reads yet
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        time.sleep(0.01)
    raise AssertionError("the run ended before it read the report")


def test_of_two_runs_at_once_one_works_and_the_other_exits_75(replaced: Prepared, tmp_path: Path) -> None:
    order = replaced.copied(tmp_path / "dest")
    with waiting_run(order) as holder:
        second = entry_point(order)
    assert (second.returncode, second.stdout) == (75, "")
    assert (
        second.stderr == f"section1_manage.py: {order.destination}: another run is in progress. Wait until it ends.\n"
    )
    assert (holder.returncode, replaced.verdict(tmp_path / "dest")) == (0, "new")


def test_the_lock_goes_with_a_killed_run(replaced: Prepared, driver: Driver, tmp_path: Path) -> None:
    order = replaced.copied(tmp_path / "dest")
    with waiting_run(order) as holder:
        holder.kill()
    assert len(list((tmp_path / "dest" / ".staging").iterdir())) == 1
    assert mended(replaced, order, driver) == []


def test_a_terminated_run_exits_143_cleans_its_stage_and_publishes_nothing(replaced: Prepared, tmp_path: Path) -> None:
    order = replaced.copied(tmp_path / "dest")
    with waiting_run(order) as holder:
        holder.terminate()
    assert (holder.returncode, (tmp_path / "dest.log").read_text()) == (143, "")
    assert list((tmp_path / "dest" / ".staging").iterdir()) == []
    assert replaced.verdict(tmp_path / "dest") == "old"
