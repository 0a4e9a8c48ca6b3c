"""Measurement of process trees."""

import sys
from pathlib import Path

import pytest

from bench.measure import Measurement, Spread, interleaved, measure

pytestmark = pytest.mark.integration

# The child needs the memory and the CPU time, before it prints a line.
CHILD = """
import time
block = bytearray(200_000_000)
while time.process_time() < 0.4: pass
print(flush=True)
time.sleep(1)
"""
PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE)
child.stdout.readline()
"""


def run(code: str, *arguments: str) -> Measurement:
    return measure([sys.executable, "-c", code, *arguments], Path.cwd())


@pytest.mark.parametrize("end", ["child.wait()", ""], ids=["child", "orphan"])
def test_measure_includes_memory_and_cpu_of_descendants(end: str) -> None:
    result = run(PARENT + end, CHILD)
    assert result.exit_code == 0
    assert 200e6 < result.peak_bytes < 300e6
    assert 0.4 < result.cpu < 1.5


def test_measure_excludes_other_processes() -> None:
    assert 1e6 < run("import time; time.sleep(0.2)").peak_bytes < 100e6


def test_failed_run_has_exit_code_and_last_line(tmp_path: Path) -> None:
    (tmp_path / "here").touch()
    result = measure([sys.executable, "-c", "import os; print(1); print(*os.listdir()); exit(3)"], tmp_path)
    assert (result.failure, result.last_line) == ("exit code 3", "here")


def test_killed_run_has_signal() -> None:
    assert run("import os; os.kill(os.getpid(), 9)").failure == "killed by signal 9"


def test_spread_is_median_minimum_and_maximum() -> None:
    assert Spread.of([3, 1, 2, 9]) == Spread(2.5, 1, 9)
    assert Spread(2.5, 1, 9).text(1) == "2.5 (1.0–9.0)"


def test_interleaved_stops_a_contender_that_failed() -> None:
    calls = []

    def call(contender: str, number: int) -> Measurement:
        calls.append(f"{contender}{number}")
        return Measurement(1, 1, 1, exit_code=contender == "b", last_line="")

    runs = interleaved(["a", "b", "c"], 3, call)
    assert calls == ["a1", "b1", "c1", "a2", "c2", "a3", "c3"]
    assert {contender: len(results) for contender, results in runs.items()} == {"a": 3, "b": 1, "c": 3}
