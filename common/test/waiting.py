"""What tests wait for: a condition, a process that ends."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def wait_until(condition: Callable[[], T], seconds: float = 60, pause: float = 0.02) -> T:
    """Return what the condition says as soon as that holds; fail rather than hang."""
    deadline = time.monotonic() + seconds
    while not (said := condition()):
        assert time.monotonic() < deadline, f"nothing within {seconds} s"
        time.sleep(pause)
    return said


def is_gone(pid: int) -> bool:
    """Return whether the process has ended, though it may wait for somebody to hear of it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in ("Z", "X")
    except (FileNotFoundError, ProcessLookupError):
        return True
