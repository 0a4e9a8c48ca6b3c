"""Hundreds of hours in a few seconds each, one run in four killed: each row published once, and nothing grows."""

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from random import Random

import pytest

from common.test.soak import Runs, at_rest, entries_in
from section1.test.container import NAME, Copy, alone
from section1.test.support import application, csv_of, rows_of, write_files

pytestmark = pytest.mark.needs("docker")

DESTINATION = "/app/section1/resource/dest"
FIRST = datetime(2026, 1, 1)


def batch_of(hour: int) -> list[str]:
    """Return the command that makes the batch of this hour."""
    batch = f"{FIRST + timedelta(hours=hour):%Y-%m-%dT%H}"
    return ["python3", "section1_manage.py", "--task-config", "section1_process.yaml", "--batch", batch]


class Hours(Copy):
    """A copy whose container makes one batch an hour, as quickly as it can."""

    def drop_hour(self, hour: int) -> int:
        """Put this hour's file into the source; return how many rows it has."""
        rows = [application(f"Ada Lim{hour}", f"{hour}.{row}@lim.com") for row in range(1 + hour % 7)]
        self.drop(f"{hour}.csv", csv_of(*rows))
        return len(rows)

    def beyond_outputs(self) -> list[str]:
        """Return what lies in the destination and belongs to no batch that counts."""
        batches = self.batches()
        entries = [entry for entry in self.destination.glob("*/*") if entry.name.partition(".")[0] not in batches]
        return [str(entry.relative_to(self.destination)) for entry in entries]


@pytest.fixture(scope="module")
def hours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hours]:
    with alone(Hours(tmp_path_factory.mktemp("soak"))) as copy:
        copy.configure(engine="duckdb")
        write_files(copy.source, {})
        copy.start()
        shutil.rmtree(copy.destination)
        yield copy


def test_hundreds_of_hours_with_kills(
    hours: Hours, budget: Callable[[int, int], int], record: Callable[[dict[str, str]], None]
) -> None:
    random, rows, hour = Random(7), 0, 0
    runs = Runs(NAME, hours.uid, random)
    held: list[tuple[int, int, float]] = []
    every = budget(4, 50)
    for goal in range(every, budget(12, 300) + 1, every):
        whole = False
        while not (whole and runs.killed and len(hours.batches()) >= goal):
            rows += hours.drop_hour(hour) if random.random() < 0.9 else 0
            whole = runs.run(*batch_of(hour))
            hour += 1
        processes, memory = at_rest(NAME)
        held.append((processes, entries_in(NAME, "/tmp"), memory))
        assert hours.beyond_outputs() == []
        record(
            {
                "section 1: batches": str(len(hours.batches())),
                "runs killed": str(runs.killed),
                "processes": str(held[-1][0]),
                "files in scratch": str(held[-1][1]),
                "MB of memory between runs": f"{held[-1][2]:.0f}",
                "files beyond the outputs": "0",
            }
        )
    published = [
        row for folder in sorted(hours.destination.glob("successful_application/*")) for row in rows_of(folder)
    ]
    assert max(Counter(row[4] for row in published).values()) == 1
    assert len(published) == rows
    taken = [file["name"] for report in hours.batches().values() for file in json.loads(report)["files"]]
    assert len(taken) == len(set(taken)) == len(list(hours.source.glob("*.csv")))
    assert {(processes, files) for processes, files, _ in held} == {held[0][:2]}
    assert held[-1][2] < held[0][2] + 5
