"""The real command on what is large or in motion: many files, a huge one, one that somebody is still writing."""

import json
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Event, Thread

from common.paths import ROOT
from section1.test.support import BATCH, application, csv_of, write_files

Budget = Callable[[int, int], int]
Fault = Callable[[str, str, str, str], None]
BLOCK = "".join(f"{application(f'Ada Lim{n}', f'{n}@lim.com')}\n" for n in range(10_000)).encode()


def job(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the job on folder/src."""
    folders = ["--src-path", str(folder / "src"), "--dest-path", str(folder / "dest")]
    options = ["--task-config", "section1_process.yaml", "--engine", "duckdb", "--batch", BATCH, *folders]
    return subprocess.run(
        [sys.executable, str(ROOT / "section1_manage.py"), *options], capture_output=True, text=True, check=False
    )


def report_of(folder: Path) -> dict[str, object]:
    report: dict[str, object] = json.loads((folder / "dest" / "report" / f"{BATCH}.json").read_bytes())
    return report


def test_ten_thousand_files(tmp_path: Path, budget: Budget, fault: Fault) -> None:
    files = budget(1_000, 10_000)
    lines = (application(f"Ada Lim{number}", f"{number}@lim.com") for number in range(files))
    write_files(tmp_path / "src", {f"{number}.csv": csv_of(line) for number, line in enumerate(lines)})
    ran = job(tmp_path)
    assert ran.returncode == 0, ran.stderr
    report = report_of(tmp_path)
    read = report["files"]
    assert isinstance(read, list)
    assert (report["rows"], len(read)) == (files, files)
    assert (tmp_path / "dest" / "report" / f"{BATCH}.html").stat().st_size < 2_000_000
    again = job(tmp_path)
    assert (again.returncode, again.stdout) == (
        0,
        f"batch {BATCH} is published and no file is new since; nothing to do\n",
    )
    fault(f"{files:,} files at once", "section 1", "published", "nothing to heal")


def test_a_huge_file_is_labelled_in_little_memory(tmp_path: Path, budget: Budget, fault: Fault) -> None:
    megabytes = budget(50, 1_000)
    blocks = megabytes * 1_000_000 // len(BLOCK)
    write_files(tmp_path / "src", {})
    with (tmp_path / "src" / "huge.csv").open("wb") as file:
        file.write(csv_of())
        for _ in range(blocks):
            file.write(BLOCK)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    ran = job(tmp_path)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert ran.returncode == 0, ran.stderr
    assert report_of(tmp_path)["rows"] == blocks * 10_000
    assert peak <= max(before, 700_000)  # kB: DuckDB's limit, and Python beside it
    fault(
        f"a file of {megabytes:,} MB", "section 1", f"published, in {peak / 1000:,.0f} MB of memory", "nothing to heal"
    )


@contextmanager
def in_motion(move: Callable[[int], object]) -> Iterator[None]:
    """Move something every two milliseconds while the body runs, by the number of the move."""
    done = Event()

    def go_on() -> None:
        for number in count(1):
            if done.wait(0.002):
                return
            move(number)

    mover = Thread(target=go_on)
    mover.start()
    try:
        yield
    finally:
        done.set()
        mover.join()


def require_taken_once_at_rest(folder: Path, move: Callable[[int], object]) -> str:
    """A file in motion must be refused, with nothing published, and taken as it is at last; return what was said."""
    write_files(folder / "src", {"a.csv": csv_of(application())})
    with in_motion(move):
        during = job(folder)
    problem = (
        "section1_manage.py: a.csv: changed while it was read, nothing was published; run again once it is complete\n"
    )
    assert (during.returncode, during.stderr) == (1, problem)
    assert not (folder / "dest" / "report").exists()
    assert job(folder).returncode == 0
    assert report_of(folder)["rows"] == len((folder / "src" / "a.csv").read_bytes().splitlines()) - 1
    return problem.strip()


def test_a_file_that_is_still_being_written_waits_for_its_end(tmp_path: Path, fault: Fault) -> None:
    def write_on(_: int) -> None:
        with (tmp_path / "src" / "a.csv").open("ab") as file:
            file.write(f"{application()}\n".encode())

    seen = require_taken_once_at_rest(tmp_path, write_on)
    fault("a file that is still being written", "section 1", seen, "the next run, once it is complete")


def test_a_file_that_is_replaced_all_the_while_is_taken_whole_or_not(tmp_path: Path, fault: Fault) -> None:
    def replace(number: int) -> None:
        new = tmp_path / "src" / "new"
        new.write_bytes(csv_of(*[application(f"Ada Lim{number}")] * (1 + number % 3)))
        new.replace(tmp_path / "src" / "a.csv")

    fault(
        "a file that is replaced meanwhile", "section 1", require_taken_once_at_rest(tmp_path, replace), "the next run"
    )
