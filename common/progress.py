"""Progress of a job: a live line on a terminal, one plain line every ten seconds elsewhere. Keeps the timings."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SECONDS_BETWEEN_LINES = 10.0


class Progress:
    """The steps of one run and the seconds that each took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._text = ""
        self._show: Callable[[int | None, int | None], None] = lambda done, total: None

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
        """Replace the text of the current step."""
        self._text = text
        self._show(None, None)

    def bar(self, unit: str) -> Callable[[int, int], None]:
        """Return a function that shows how many units of a total are done."""
        name = self._text

        def update(done: int, total: int) -> None:
            self._text = f"{name}: {done:,} of {total:,} {unit}"
            self._show(done, total)

        return update

    @contextmanager
    def _live(self) -> Iterator[None]:
        """Keep a line with a bar on the terminal until the body ends."""
        # Imported late: it is slow, and only a terminal needs it.
        from rich import progress
        from rich.console import Console

        text = progress.TextColumn("{task.description}", markup=False)
        columns = (progress.SpinnerColumn(), text, progress.BarColumn(), progress.TimeRemainingColumn())
        with progress.Progress(*columns, console=Console(stderr=True), transient=True) as live:
            task = live.add_task(self._text, total=None)
            self._show = lambda done, total: live.update(task, description=self._text, completed=done, total=total)
            try:
                yield
            finally:
                self._show = lambda done, total: None

    @contextmanager
    def _lines(self, started: float) -> Iterator[None]:
        """Print a line every ten seconds until the body ends."""
        done = threading.Event()

        def print_lines() -> None:
            while not done.wait(SECONDS_BETWEEN_LINES):
                print(f"{self._text} ... {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)

        printer = threading.Thread(target=print_lines, daemon=True)
        printer.start()
        try:
            yield
        finally:
            done.set()
            printer.join()
