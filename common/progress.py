"""Tells what a job is doing: live on a terminal, one plain line every ten seconds elsewhere; keeps the timings."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SECONDS_BETWEEN_LINES = 10.0
BAR_WIDTH = 30


class Progress:
    """The steps of one run and the seconds that each took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._text = ""
        self._show: Callable[[str], None] = lambda text: None

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Show `name` while the body runs, and keep how long it took."""
        started = time.monotonic()
        self.update(name)
        try:
            with self._live() if sys.stderr.isatty() else self._lines(started):
                yield
        finally:
            self.seconds[name] = round(time.monotonic() - started, 3)

    def update(self, text: str) -> None:
        """Replace what is shown of the step under way."""
        self._text = text
        self._show(f"{text} ...")

    def bar(self, things: str) -> Callable[[int, int], None]:
        """Return what tells how many `things` of all are done, and how long the rest will take."""
        started, first = time.monotonic(), None

        def update(done: int, total: int) -> None:
            nonlocal first
            first = done if first is None else first
            seconds = time.monotonic() - started
            left = f", {(total - done) * seconds / (done - first):.0f} s left" if done > first else ""
            full = BAR_WIDTH * done // max(total, 1)
            self.update(f"[{'=' * full}{'.' * (BAR_WIDTH - full)}] {done:,} of {total:,} {things}{left}")

        return update

    @contextmanager
    def _live(self) -> Iterator[None]:
        """Keep a line on the terminal up to date until the body ends."""
        # Imported late: it takes its time, and only a terminal needs it.
        from rich.console import Console

        with Console(stderr=True).status(f"{self._text} ...") as status:
            self._show = status.update
            yield

    @contextmanager
    def _lines(self, started: float) -> Iterator[None]:
        """Print a line every ten seconds until the body ends."""
        done = threading.Event()

        def lines() -> None:
            while not done.wait(SECONDS_BETWEEN_LINES):
                print(f"{self._text} ... {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)

        teller = threading.Thread(target=lines, daemon=True)
        teller.start()
        try:
            yield
        finally:
            done.set()
            teller.join()
