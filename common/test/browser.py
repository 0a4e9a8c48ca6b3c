"""A headless browser."""

import shutil
import subprocess
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")


def browser() -> str | None:
    """Return the path of an installed browser, else None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def opened(path: Path) -> subprocess.CompletedProcess[str]:
    """Open a page. stdout is the resulting DOM; stderr has the page's messages after CONSOLE."""
    found = browser()
    assert found, "no browser"
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--virtual-time-budget=20000"]
    command = [found, *options, f"--user-data-dir={path.parent}/profile", "--dump-dom", path.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
