"""The command with many files, a huge file, and files that change while they are read."""

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Event, Thread

import pytest

from section1.test.command import error, run_job
from section1.test.support import BATCH, application, config_for, csv_of, report_of, write_files

pytestmark = [pytest.mark.slow, pytest.mark.full("faults")]

Budget = Callable[[int, int], int]
Fault = Callable[[str, str, str, str], None]
BLOCK = "".join(f"{application(f'Ada Lim{n}', f'{n}@lim.com')}\n" for n in range(10_000)).encode()


def test_ten_thousand_files_are_one_batch(tmp_path: Path, budget: Budget, fault: Fault) -> None:
    files = budget(1_000, 10_000)
    lines = (application(f"Ada Lim{number}", f"{number}@lim.com") for number in range(files))
    write_files(tmp_path / "src", {f"{number}.csv": csv_of(line) for number, line in enumerate(lines)})
    ran = run_job(tmp_path)
    assert ran.code == 0, ran.err
    report = report_of(config_for(tmp_path))
    assert (report["rows"], report["counts"]["successful"], len(report["files"])) == (files, files, files)
    assert (tmp_path / "dest" / "report" / f"{BATCH}.html").stat().st_size < 2_000_000
    assert run_job(tmp_path).out == f"Batch {BATCH} is published and no file is new. Nothing to do.\n"
    fault(f"{files:,} files at once", "section 1", "published", "none needed")


def test_huge_file_needs_little_memory(tmp_path: Path, budget: Budget, fault: Fault) -> None:
    megabytes = budget(50, 1_000)
    blocks = megabytes * 1_000_000 // len(BLOCK)
    write_files(tmp_path / "src", {})
    with (tmp_path / "src" / "huge.csv").open("wb") as file:
        file.write(csv_of())
        for _ in range(blocks):
            file.write(BLOCK)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    ran = run_job(tmp_path)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert ran.code == 0, ran.err
    assert report_of(config_for(tmp_path))["rows"] == blocks * 10_000
    assert peak <= max(before, 700_000)  # kB: DuckDB's limit and Python
    seen = f"published, in {peak / 1000:,.0f} MB of memory"
    fault(f"a file of {megabytes:,} MB", "section 1", seen, "none needed")


@contextmanager
def repeated(change: Callable[[int], object]) -> Iterator[None]:
    """Call `change` with its number every two milliseconds during the body."""
    done = Event()

    def repeat() -> None:
        for number in count(1):
            if done.wait(0.002):
                return
            change(number)

    thread = Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@pytest.mark.parametrize("change", ["written", "replaced"])
def test_changing_file_is_refused_until_it_is_complete(tmp_path: Path, change: str, fault: Fault) -> None:
    path = tmp_path / "src" / "a.csv"

    def append(_: int) -> None:
        with path.open("ab") as file:
            file.write(f"{application()}\n".encode())

    def replace(number: int) -> None:
        path.with_name("new").write_bytes(csv_of(*[application(f"Ada Lim{number}")] * (1 + number % 3)))
        path.with_name("new").replace(path)

    write_files(tmp_path / "src", {"a.csv": csv_of(application())})
    with repeated({"written": append, "replaced": replace}[change]):
        during = run_job(tmp_path)
    problem = "a.csv: changed while it was read. Nothing was published. Run again when the file is complete."
    assert during == (1, "", error(problem))
    assert not (tmp_path / "dest" / "report").exists()
    assert run_job(tmp_path).code == 0
    assert report_of(config_for(tmp_path))["rows"] == len(path.read_bytes().splitlines()) - 1
    fault(f"a file that is being {change}", "section 1", problem, "the next run, once it is complete")
