"""The measurement sees the whole process tree, and says what failed."""

import sys
from pathlib import Path

import pytest

from bench.measure import Measurement, Spread, interleaved, measure

MEGABYTES = 1_000_000
# Each is run by a child of the command, so that what the command itself takes does not matter.
HUNGRY = "import time; held = bytearray(200_000_000); time.sleep(0.3)"
BUSY = "import time\nwhile time.process_time() < 0.4: pass"
WAITED_FOR = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"
LEFT_BEHIND = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', sys.argv[1]], start_new_session=True)"


def measured(code: str, *arguments: str) -> Measurement:
    return measure([sys.executable, "-c", code, *arguments], Path.cwd())


@pytest.mark.parametrize("parent", [WAITED_FOR, LEFT_BEHIND])
def test_the_memory_and_the_cpu_of_a_child_count(parent: str) -> None:
    child = f"{HUNGRY}\n{BUSY}"
    result = measured(parent, child)
    assert result.exit_code == 0
    assert result.peak_bytes > 200 * MEGABYTES
    assert result.cpu > 0.4


def test_the_processes_of_others_do_not_count() -> None:
    result = measured("import time; time.sleep(0.2)")
    assert 1 * MEGABYTES < result.peak_bytes < 100 * MEGABYTES


def test_a_run_that_fails_says_how_with_its_last_words(tmp_path: Path) -> None:
    (tmp_path / "here").touch()
    result = measure([sys.executable, "-c", "import os; print(*os.listdir()); exit(3)"], tmp_path)
    assert (result.failure, result.last_words) == ("exit code 3", "here")


def test_a_killed_run_says_so() -> None:
    assert measured("import os; os.kill(os.getpid(), 9)").failure == "killed by signal 9"


def test_a_spread_is_the_median_the_least_and_the_most() -> None:
    assert Spread.of([3, 1, 2, 9]) == Spread(2.5, 1, 9)


def test_rounds_are_interleaved_and_who_failed_is_not_run_again() -> None:
    calls = []

    def run(contender: str, number: int) -> Measurement:
        calls.append(f"{contender}{number}")
        return Measurement(1, 1, 1, exit_code=contender == "b", last_words="")

    runs = interleaved(["a", "b", "c"], 3, run)
    assert calls == ["a1", "b1", "c1", "a2", "c2", "a3", "c3"]
    assert {contender: len(of) for contender, of in runs.items()} == {"a": 3, "b": 1, "c": 3}
