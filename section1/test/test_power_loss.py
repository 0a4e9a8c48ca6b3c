"""Power lost at any call of a run: the disk holds the old batch or the new one, and the next run completes."""

import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import pytest

from section1.test.disk_model import Disk, Operation, State
from section1.test.disk_record import STRACE, operations
from section1.test.faults import Driver
from section1.test.scenarios import Prepared, mistakes_of_next_run, prepare, run_command

pytestmark = [pytest.mark.slow, pytest.mark.needs("strace"), pytest.mark.full("power-loss")]

NAMES = ("first", "second_in_the_hour", "replaced")
DRAWN = 40  # random states at each call, beside the hard cases
# The test must fail without any one of these.
FLUSHES = {
    "of a part file": r"/part-00000\.csv$",
    "of a staged output": r"/\.staging/\d+/\w+_application$",
    "after an output's rename": r"^dest/\w+_application$|/\.staging/\d+$",
    "of the report": r"/report\.json$",
    "after the report's rename": r"^dest/report$|/\.staging/\d+$",
    "of the page": r"/\.staging/[\w-]+\.html$",
}

Found = tuple[int, str, State]
Budget = Callable[[int, int], int]
Record = Callable[[dict[str, str]], None]


@dataclass(frozen=True)
class Run:
    """A run of the real command: the disk before, the calls, the disk after."""

    name: str
    prepared: Prepared
    before: State
    calls: list[Operation]
    after: State
    start: int = 0  # calls before which the power is not lost

    def seen(self, destination: Path) -> str:
        """Return what a reader sees; a page must be one that was written."""
        try:
            verdict = self.prepared.verdict(destination)
        except (OSError, ValueError) as error:  # a missing part, a torn report
            return f"wrong: {error}"
        complete = {content for path, content in self.before.items() if path.endswith(".html")}
        complete |= {call.data for call in self.calls if call.kind == "write" and call.path.endswith(".html")}
        torn = [page.name for page in destination.glob("report/*.html") if page.read_bytes() not in complete]
        return f"wrong: torn {torn}" if torn else verdict


def read(directory: Path) -> State:
    """Return everything below a directory."""
    state: State = {}
    for path in directory.rglob("*"):
        content = str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else None
        state[str(path.relative_to(directory))] = content
    return state


def write(state: State, directory: Path) -> Path:
    """Create a directory with this state."""
    directory.mkdir()
    for name, content in sorted(state.items()):
        path = directory / name
        if content is None:
            path.mkdir()
        elif isinstance(content, str):
            path.symlink_to(content)
        else:
            path.write_bytes(content)
    return directory


def run_recorded(name: str, prepared: Prepared, root: Path) -> Run:
    """Run the real command on root/dest."""
    before, log = read(root), root.with_name(f"{root.name}.log")
    order = replace(prepared.order, destination=str(root / "dest"))
    assert run_command(order, *STRACE, "-o", str(log)).returncode == 0
    with log.open() as lines:
        return Run(name, prepared, before, operations(lines, root), read(root))


@pytest.fixture(scope="module", params=NAMES)
def run(request: pytest.FixtureRequest, driver: Driver, tmp_path_factory: pytest.TempPathFactory) -> Run:
    root = tmp_path_factory.mktemp(request.param)
    prepared = prepare(request.param, driver, root)
    (root / "disk").mkdir()
    prepared.copied(root / "disk" / "dest")
    return run_recorded(request.param, prepared, root / "disk")


def states_of(run: Run, drawn: int) -> Iterator[tuple[int, State]]:
    """Yield each possible state of the disk once, and after how many calls; a final state may come twice."""
    disk, random, known = Disk(run.before), Random(run.name), set()
    for at in range(len(run.calls) + 1):
        if at:
            disk.do(run.calls[at - 1])
        for state in disk.states(random, drawn) if at >= run.start else ():
            key = at == len(run.calls), hash(frozenset(state.items()))
            if key not in known:
                known.add(key)
                yield at, state


def examine(run: Run, drawn: int, directory: Path) -> Iterator[Found]:
    """Yield each state as a reader sees it; a run that has ended must have published."""
    for at, state in states_of(run, drawn):
        with tempfile.TemporaryDirectory(dir=directory) as root:
            seen = run.seen(write(state, Path(root, "disk")) / "dest")
        unpublished = at == len(run.calls) and seen != "new"
        yield at, f"wrong: {seen} although the run has ended" if unpublished else seen, state


def after(before: State, calls: list[Operation]) -> State:
    """Return the state after these calls without a power loss."""
    disk = Disk(before)
    for call in calls:
        disk.do(call)
    return next(disk.states(Random(1), 0))


def test_recorded_calls_give_the_state_on_disk(run: Run) -> None:
    assert after(run.before, run.calls) == run.after


def test_power_loss_leaves_old_or_new_batch(
    run: Run, driver: Driver, tmp_path: Path, budget: Budget, record: Record
) -> None:
    found = list(examine(run, budget(0, DRAWN), tmp_path))
    assert wrong(found) == []
    completed = Random(run.name).sample(found, budget(5, len(found)))
    assert mistakes_of_next_runs(run, completed, driver, tmp_path) == []
    record_states(run, found, len(completed), record)


def test_power_loss_after_a_killed_run_leaves_old_or_new_batch(
    run: Run, driver: Driver, tmp_path: Path, budget: Budget, record: Record
) -> None:
    calls = list(enumerate(run.calls, start=1))
    names = [at for at, call in calls if call.kind in ("directory", "rename") and "/" in call.path]
    reports = [at for at, call in calls if call.kind == "rename" and call.path.endswith(".json")]
    found: list[Found] = []
    for at in reports[: budget(1, 0)] or names:
        again = run_recorded(run.name, run.prepared, write(after(run.before, run.calls[:at]), tmp_path / f"{at}"))
        both = replace(again, before=run.before, calls=run.calls[:at] + again.calls, start=at)
        found += examine(both, budget(5, DRAWN), tmp_path)
    assert wrong(found) == []
    completed = Random(run.name).sample(found, budget(1, 300))
    assert mistakes_of_next_runs(run, completed, driver, tmp_path) == []
    record_states(replace(run, name=f"{run.name}, after a killed run"), found, len(completed), record)


def mistakes_of_next_runs(run: Run, found: list[Found], driver: Driver, directory: Path) -> list[str]:
    """Run the job on these states; return what differs from a run without faults."""
    mistakes = []
    for at, _, state in found:
        with tempfile.TemporaryDirectory(dir=directory) as root:
            order = replace(run.prepared.order, destination=str(write(state, Path(root, "disk")) / "dest"))
            found_wrong = mistakes_of_next_run(run.prepared, order, driver)
            mistakes += [f"after {at} calls: {mistake}" for mistake in found_wrong]
    return mistakes


def wrong(found: list[Found]) -> list[str]:
    return [f"after {at} calls: {seen}" for at, seen, _ in found if seen.startswith("wrong")]


def record_states(run: Run, found: list[Found], completed: int, record: Record) -> None:
    seen = Counter(seen.partition(":")[0] for _, seen, _ in found)
    counts = {verdict: f"{seen[verdict]:,}" for verdict in ("old", "new", "withdrawn", "wrong")}
    row = {
        "scenario": run.name.replace("_", " "),
        "calls": f"{len(run.calls)}",
        "states of the disk": f"{len(found):,}",
    }
    record({**row, **counts, "completed by the next run": f"{completed:,}"})


@pytest.mark.parametrize("run", ["second_in_the_hour"], indirect=True)
@pytest.mark.parametrize("flushes", FLUSHES)
def test_missing_flush_is_detected(flushes: str, run: Run, tmp_path: Path) -> None:
    calls = [call for call in run.calls if call.kind != "flush" or not re.search(FLUSHES[flushes], call.path)]
    assert len(calls) < len(run.calls)
    assert any(seen.startswith("wrong") for _, seen, _ in examine(replace(run, calls=calls), 0, tmp_path))
