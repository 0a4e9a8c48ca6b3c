"""The power fails at any call of a run: what the disk may hold then is the old batch or the new one, and heals."""

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
from section1.test.test_publishing_faults import Prepared, driver, entry_point, mended, prepare

__all__ = ["driver"]

NAMES = ("first", "second_in_the_hour", "replaced")
DRAWN = 40  # states at each call, beside the hard cases
# Without these the proof must fail.
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

pytestmark = pytest.mark.needs("strace")


@dataclass(frozen=True)
class Run:
    """A run of the real command: what was on disk before, what it asked of the disk, what is there after."""

    name: str
    prepared: Prepared
    before: State
    calls: list[Operation]
    after: State
    start: int = 0  # calls before which the power is not cut

    def seen(self, destination: Path) -> str:
        """Name what a reader finds; a page must be one that was written."""
        try:
            verdict = self.prepared.verdict(destination)
        except (OSError, ValueError) as error:  # a part that is not there, a report that is torn
            return f"wrong: {error}"
        whole = {held for path, held in self.before.items() if path.endswith(".html")}
        whole |= {call.data for call in self.calls if call.kind == "write" and call.path.endswith(".html")}
        torn = [page.name for page in destination.glob("report/*.html") if page.read_bytes() not in whole]
        return f"wrong: torn {torn}" if torn else verdict


def read(folder: Path) -> State:
    """Return all that is below a folder."""
    state: State = {}
    for path in folder.rglob("*"):
        held = str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else None
        state[str(path.relative_to(folder))] = held
    return state


def lay_out(state: State, folder: Path) -> Path:
    """Make all of it below a fresh folder."""
    folder.mkdir()
    for name, held in sorted(state.items()):
        path = folder / name
        if held is None:
            path.mkdir()
        elif isinstance(held, str):
            path.symlink_to(held)
        else:
            path.write_bytes(held)
    return folder


def run_recorded(name: str, prepared: Prepared, world: Path) -> Run:
    """Run the real command on the destination in this folder."""
    before, log = read(world), world.with_name(f"{world.name}.log")
    order = replace(prepared.order, destination=str(world / "dest"))
    assert entry_point(order, *STRACE, "-o", str(log)).returncode == 0
    with log.open() as lines:
        return Run(name, prepared, before, operations(lines, world), read(world))


@pytest.fixture(scope="module", params=NAMES)
def run(request: pytest.FixtureRequest, driver: Driver, tmp_path_factory: pytest.TempPathFactory) -> Run:
    root = tmp_path_factory.mktemp(request.param)
    prepared = prepare(request.param, driver, root)
    (root / "world").mkdir()
    prepared.copied(root / "world" / "dest")
    return run_recorded(request.param, prepared, root / "world")


def states_of(run: Run, drawn: int) -> Iterator[tuple[int, State]]:
    """Give each state that the disk may hold, once (twice if the run's end leaves it too), and after how many calls."""
    disk, random, known = Disk(run.before), Random(run.name), set()
    for at in range(len(run.calls) + 1):
        if at:
            disk.do(run.calls[at - 1])
        for state in disk.states(random, drawn) if at >= run.start else ():
            key = at == len(run.calls), hash(frozenset(state.items()))
            if key not in known:
                known.add(key)
                yield at, state


def look(run: Run, drawn: int, folder: Path) -> Iterator[Found]:
    """Give each state as a reader sees it; a run that has ended has published."""
    for at, state in states_of(run, drawn):
        with tempfile.TemporaryDirectory(dir=folder) as world:
            seen = run.seen(lay_out(state, Path(world, "world")) / "dest")
        ended = at == len(run.calls) and seen != "new"
        yield at, f"wrong: {seen} although the run has ended" if ended else seen, state


def test_the_record_tells_all_that_the_command_did_to_the_disk(run: Run) -> None:
    assert on_disk(run.before, run.calls) == run.after


def on_disk(before: State, calls: list[Operation]) -> State:
    """Return what is there after these calls as long as the power is not cut."""
    disk = Disk(before)
    for call in calls:
        disk.do(call)
    return next(disk.states(Random(1), 0))


def test_power_lost_at_any_call_leaves_the_old_batch_or_the_new_one_and_the_next_run_heals(
    run: Run, driver: Driver, tmp_path: Path, budget: Budget, record: Record
) -> None:
    found = list(look(run, budget(0, DRAWN), tmp_path))
    assert wrong(found) == []
    healed = Random(run.name).sample(found, budget(5, len(found)))
    assert heal(run, healed, driver, tmp_path) == []
    take_down(run, found, len(healed), record)


def test_power_lost_in_the_run_after_a_killed_one_leaves_the_old_batch_or_the_new_one(
    run: Run, driver: Driver, tmp_path: Path, budget: Budget, record: Record
) -> None:
    calls = list(enumerate(run.calls, start=1))
    names = [at for at, call in calls if call.kind in ("folder", "rename") and "/" in call.path]
    reports = [at for at, call in calls if call.kind == "rename" and call.path.endswith(".json")]
    found: list[Found] = []
    for at in reports[: budget(1, 0)] or names:
        again = run_recorded(run.name, run.prepared, lay_out(on_disk(run.before, run.calls[:at]), tmp_path / f"{at}"))
        both = replace(again, before=run.before, calls=run.calls[:at] + again.calls, start=at)
        found += look(both, budget(5, DRAWN), tmp_path)
    assert wrong(found) == []
    healed = Random(run.name).sample(found, budget(1, 300))
    assert heal(run, healed, driver, tmp_path) == []
    take_down(replace(run, name=f"{run.name}, after a killed run"), found, len(healed), record)


def heal(run: Run, found: list[Found], driver: Driver, folder: Path) -> list[str]:
    """Let the command run on what the disk holds; return what is not as a clean run leaves it."""
    mistakes = []
    for at, _, state in found:
        with tempfile.TemporaryDirectory(dir=folder) as world:
            destination = lay_out(state, Path(world, "world")) / "dest"
            order = replace(run.prepared.order, destination=str(destination))
            mistakes += [f"after {at} calls: {mistake}" for mistake in mended(run.prepared, order, driver)]
    return mistakes


def wrong(found: list[Found]) -> list[str]:
    return [f"after {at} calls: {seen}" for at, seen, _ in found if seen.startswith("wrong")]


def take_down(run: Run, found: list[Found], healed: int, record: Record) -> None:
    seen = Counter(seen.partition(":")[0] for _, seen, _ in found)
    counts = {verdict: f"{seen[verdict]:,}" for verdict in ("old", "new", "withdrawn", "wrong")}
    row = {
        "scenario": run.name.replace("_", " "),
        "calls": f"{len(run.calls)}",
        "states of the disk": f"{len(found):,}",
    }
    record({**row, **counts, "healed by the next run": f"{healed:,}"})


@pytest.mark.parametrize("run", ["second_in_the_hour"], indirect=True)
@pytest.mark.parametrize("flushes", FLUSHES)
def test_a_flush_less_would_show(flushes: str, run: Run, tmp_path: Path) -> None:
    calls = [call for call in run.calls if call.kind != "flush" or not re.search(FLUSHES[flushes], call.path)]
    assert len(calls) < len(run.calls)
    assert any(seen.startswith("wrong") for _, seen, _ in look(replace(run, calls=calls), 0, tmp_path))
