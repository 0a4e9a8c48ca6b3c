"""Destinations before a run that fails, what a reader may see afterwards, and the run that completes them."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from common.paths import ROOT
from section1.core.columns import OUTPUTS
from section1.test.faults import Driver, Ending, Order
from section1.test.support import BATCH, application, csv_of, part_files, write_files

A = csv_of(application(), application(name=""))
B = csv_of(application(name="Bob Tan", email="bob@tan.org"))
HOUR_BEFORE, KILLED_HOUR = "2026-11-23T15", "2026-11-23T14"
NO_BATCHES = [f"{KILLED_HOUR}-1", f"{KILLED_HOUR}.bak", "notes"]
TIMEOUT = 100  # seconds after which a command is killed

State = dict[str, tuple[dict[str, bytes], dict[str, object]]]


@dataclass(frozen=True)
class Scenario:
    """Committed batches by the files that each was made of, and the request that fails."""

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
    """A scenario on disk: the destination before the request, and the result of a run without faults."""

    before: Path
    order: Order
    old: State
    new: State
    tree: list[str]
    calls: list[str]

    def copied(self, destination: Path) -> Order:
        """Copy the destination, and return the request to make there."""
        shutil.rmtree(destination, ignore_errors=True)
        if self.before.exists():
            shutil.copytree(self.before, destination)
        return replace(self.order, destination=str(destination))

    def codes(self, at: int) -> list[int]:
        """Return the possible exit codes of a run whose call number `at` failed; 0 only where that is harmless."""
        staged = self.calls.index("os.mkdir /STAGE/source")
        published = len(self.calls) - self.calls[::-1].index("lstat /STAGE") - 1
        if at <= staged:
            return [0, 1]  # the destination may exist already and need no cleaning
        return [1] if at <= published else [0]

    def verdict(self, destination: Path) -> str:
        """Return what a reader sees: old, new, withdrawn (only the batch to replace is missing) or wrong."""
        state = state_of(destination)
        if state in (self.new, self.old):
            return "new" if state == self.new else "old"
        withdrawn = {batch: content for batch, content in self.old.items() if batch != BATCH}
        return "withdrawn" if self.order.reprocess and state == withdrawn else f"wrong: {state}"


def state_of(destination: Path) -> State:
    """Return the batches that a reader sees: those that have a report."""
    reports = {path.stem: json.loads(path.read_bytes()) for path in (destination / "report").glob("*.json")}
    for report in reports.values():
        del report["started_at"], report["seconds"], report["versions"], report["engine"]
    return {batch: (part_files(destination, batch), report) for batch, report in reports.items()}


def names_in(destination: Path) -> list[str]:
    return sorted(str(path.relative_to(destination)) for path in destination.rglob("*"))


def leave_a_killed_run(destination: Path) -> None:
    """Write what a killed run leaves, and directories that belong to no run."""
    for name in (".staging/1/successful_application", *(f"{output}/{KILLED_HOUR}" for output in OUTPUTS)):
        (destination / name).mkdir(parents=True)
        (destination / name / "part-00000.csv").write_bytes(B)
    for name in NO_BATCHES:
        (destination / "successful_application" / name).mkdir()


def prepare(name: str, driver: Driver, root: Path) -> Prepared:
    """Write a scenario and make the request without faults."""
    scenario, source, before, after = SCENARIOS[name], root / "src", root / "before", root / "after"
    for batch, files in scenario.committed.items():
        write_files(source, files)
        driver.run(Order(str(source), str(before), batch))
    if scenario.leftovers:
        leave_a_killed_run(before)
    write_files(source, scenario.files)
    order = Order(str(source), str(before), BATCH, scenario.reprocess)
    prepared = Prepared(before, order, state_of(before), {}, [], [])
    for _ in range(2):  # DuckDB labels in the first run; the second makes the calls that the failing runs make
        clean = driver.run(prepared.copied(after))
        assert clean.code == 0, clean.output
    calls = [re.sub(r"/\.staging/\d+\b(?!-)", "/STAGE", call) for call in clean.calls]
    return replace(prepared, new=state_of(after), tree=names_in(after), calls=calls)


def mistakes_of(run: Ending, codes: list[int], seen: str) -> list[str]:
    """Return what is wrong with the end of a failed run; its output must match what a reader sees."""
    errors = sum(line.startswith("section1_manage.py: ") for line in run.output.splitlines())
    matches = {0: (seen, errors) == ("new", 0), 1: (seen, errors) == ("old", 1)}.get(run.code, True)
    unexpected = "Traceback" in run.output or "This is a bug" in run.output
    if run.code in codes and matches and not unexpected and not seen.startswith("wrong"):
        return []
    return [f"exit code {run.code}, expected {codes}; a reader sees {seen}; output: {run.output}"]


def mistakes_of_next_run(prepared: Prepared, order: Order, driver: Driver) -> list[str]:
    """Run again; return what differs from a run without faults."""
    again, destination = driver.run(order), Path(order.destination)
    seen, leftovers = prepared.verdict(destination), set(names_in(destination)) ^ set(prepared.tree)
    complete = (again.code, seen, leftovers) == (0, "new", set())
    return [] if complete else [f"next run: {again.output}, {seen}, {leftovers}"]


def command(order: Order, engine: str = "duckdb") -> list[str]:
    """Return the command that a user would type for a request."""
    paths = ["--src-path", order.source, "--dest-path", order.destination]
    options = ["--task-config", "section1_process.yaml", "--engine", engine, "--batch", order.batch, *paths]
    return [sys.executable, str(ROOT / "section1_manage.py"), *options, *["--reprocess"] * order.reprocess]


def run_command(order: Order, *under: str) -> subprocess.CompletedProcess[str]:
    """Run the command, as the argument of another command if one is given."""
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}  # for the same system calls in each run
    line = [*under, *command(order)]
    return subprocess.run(line, capture_output=True, text=True, check=False, env=environment, timeout=TIMEOUT)
