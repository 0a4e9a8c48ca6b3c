"""Hundreds of hourly runs in a few seconds each, one in four killed: each row is published once, nothing grows."""

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from random import Random

import pytest

from common.test.containers import alone
from common.test.soak import Runs, at_rest, entries_in
from section1.test.container import NAME, Copy
from section1.test.support import application, csv_of, rows_of, write_files

pytestmark = [pytest.mark.needs("docker"), pytest.mark.full("soak")]

FIRST = datetime(2026, 1, 1)


def batch_of(hour: int) -> list[str]:
    """Return the command that publishes the batch of this hour."""
    batch = f"{FIRST + timedelta(hours=hour):%Y-%m-%dT%H}"
    return ["python3", "section1_manage.py", "--task-config", "section1_process.yaml", "--batch", batch]


def drop_hour(copy: Copy, hour: int) -> int:
    """Put this hour's file into the source; return its number of rows."""
    rows = [application(f"Ada Lim{hour}", f"{hour}.{row}@lim.com") for row in range(1 + hour % 7)]
    copy.drop(f"{hour}.csv", csv_of(*rows))
    return len(rows)


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    with alone(Copy(tmp_path_factory.mktemp("soak"))) as copy:
        copy.configure(engine="duckdb")
        write_files(copy.source, {})
        copy.start()
        shutil.rmtree(copy.destination)
        yield copy


def test_hundreds_of_hours_with_kills_publish_each_row_once(
    container: Copy, budget: Callable[[int, int], int], record: Callable[[dict[str, str]], None]
) -> None:
    random, rows, hour = Random(7), 0, 0
    runs = Runs(NAME, container.uid, random)
    held: list[tuple[int, int, float]] = []
    every = budget(4, 50)
    for goal in range(every, budget(12, 300) + 1, every):
        complete = False
        while not (complete and runs.killed and len(container.batches()) >= goal):
            rows += drop_hour(container, hour) if random.random() < 0.9 else 0
            complete = runs.run(*batch_of(hour))
            hour += 1
        processes, memory = at_rest(NAME)
        held.append((processes, entries_in(NAME, "/tmp"), memory))
        assert container.leftovers() == []
        record(
            {
                "section 1: batches": str(len(container.batches())),
                "runs killed": str(runs.killed),
                "processes": str(processes),
                "files in scratch": str(held[-1][1]),
                "MB of memory between runs": f"{memory:.0f}",
                "files beyond the outputs": "0",
            }
        )
    outputs = sorted(container.destination.glob("successful_application/*"))
    published = [row for output in outputs for row in rows_of(output)]
    assert max(Counter(row[4] for row in published).values()) == 1
    assert len(published) == rows
    taken = [file["name"] for report in container.batches().values() for file in json.loads(report)["files"]]
    assert len(taken) == len(set(taken)) == len(list(container.source.glob("*.csv")))
    assert {(processes, files) for processes, files, _ in held} == {held[0][:2]}
    assert held[-1][2] < held[0][2] + 5
