"""Hundreds of hours in a few seconds each, one run in four killed: each row published once, and nothing grows."""

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from random import Random

import pytest

from common.test.soak import at_rest, entries_in
from section1.test.container import NAME, Copy, alone, docker
from section1.test.support import application, csv_of, rows_of, write_files

pytestmark = pytest.mark.needs("docker")

DESTINATION = "/app/section1/resource/dest"
FIRST = datetime(2026, 1, 1)
SHARE_KILLED, EVERY = 0.25, 50


class Hours(Copy):
    """A copy whose container makes one batch an hour, as quickly as it can."""

    def run(self, hour: int, seconds: float | None) -> int:
        """Make the batch of this hour, killed after so many seconds if at all; return the exit code."""
        batch = f"{FIRST + timedelta(hours=hour):%Y-%m-%dT%H}"
        command = ["python3", "section1_manage.py", "--task-config", "section1_process.yaml", "--batch", batch]
        killer = ["timeout", "-s", "KILL", f"{seconds:.2f}"] if seconds else []
        return docker("container", "exec", "--user", str(self.uid), NAME, *killer, *command).returncode

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
    random, rows, killed, hour = Random(7), 0, 0, 0
    held: list[tuple[int, int, float]] = []
    batches = budget(12, 300)
    while len(hours.batches()) < batches:
        rows += hours.drop_hour(hour) if random.random() < 0.9 else 0
        code = hours.run(hour, random.uniform(0.1, 1.5) if random.random() < SHARE_KILLED else None)
        assert code in (0, 137)
        killed += code == 137
        hour += 1
        if code == 0 and len(hours.batches()) % budget(4, EVERY) == 0:
            processes, memory = at_rest(NAME)
            held.append((processes, entries_in(NAME, "/tmp"), memory))
            assert hours.beyond_outputs() == []
            record(
                {
                    "section 1: batches": str(len(hours.batches())),
                    "runs killed": str(killed),
                    "processes": str(held[-1][0]),
                    "files in scratch": str(held[-1][1]),
                    "MB of memory between runs": f"{held[-1][2]:.0f}",
                    "files beyond the outputs": "0",
                }
            )
    assert hours.run(hour, None) == 0
    published = [
        row for folder in sorted(hours.destination.glob("successful_application/*")) for row in rows_of(folder)
    ]
    assert max(Counter(row[4] for row in published).values()) == 1
    assert len(published) == rows
    taken = [file["name"] for report in hours.batches().values() for file in json.loads(report)["files"]]
    assert len(taken) == len(set(taken)) == len(list(hours.source.glob("*.csv")))
    assert killed > 0
    assert {(processes, files) for processes, files, _ in held} == {held[0][:2]}
    assert held[-1][2] < held[0][2] + 5
