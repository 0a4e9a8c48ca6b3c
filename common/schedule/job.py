"""What a section tells of its scheduled job, and what the environment tells; typed once."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from common.errors import UsageError


@dataclass(frozen=True)
class Published:
    """What the job did last, such as "batch 2026-11-23T16 was published", and when."""

    what: str
    at: datetime


@dataclass(frozen=True)
class Job:
    """A job: its command (a script of `root` and its arguments), its logs, and what it has published."""

    name: str
    module: str  # whose `run` starts the job, as in `python3 -m section1.scheduled run`
    root: Path
    command: tuple[str, ...]
    logs: Path
    batch_due: Callable[[datetime], str | None]  # the batch of this moment, while nobody has published it
    newest: Callable[[], Published | None]

    @property
    def log(self) -> Path:
        """Where the output of all runs stands."""
        return self.logs / "data_pipeline.log"

    @property
    def records(self) -> tuple[Path, Path]:
        """Where the outcome of the last run stands: here, or where this cannot be written there."""
        scratch = Path(os.environ.get("TMPDIR") or "/tmp")  # noqa: S108 - tempfile finds none where all are full
        return self.logs / "last_run.json", scratch / f"{self.name}_last_run.json"


@dataclass(frozen=True)
class Settings:
    """How long a run may take, when the newest batch is too old, and who is told of trouble."""

    time_limit: timedelta
    stale_after: timedelta
    webhook: str | None

    @staticmethod
    def of(name: str, environment: Mapping[str, str]) -> "Settings":
        """Return what the environment says of the job `name`. Raises: UsageError."""
        prefix = name.upper()
        return Settings(
            _minutes(environment, f"{prefix}_TIME_LIMIT_MINUTES", 50),
            _minutes(environment, f"{prefix}_STALE_AFTER_MINUTES", 120),
            _address(environment.get("ALERT_WEBHOOK_URL", "")),
        )


def _minutes(environment: Mapping[str, str], key: str, default: int) -> timedelta:
    text = environment.get(key) or str(default)
    if not re.fullmatch("[1-9][0-9]{0,4}", text):
        raise UsageError(f"{key}: {text!r} is no number of minutes from 1 to 99999 (e.g. {default})")
    return timedelta(minutes=int(text))


def _address(text: str) -> str | None:
    """Return the web address, or None without one; a bad one is refused without repeating it: it may hold a token."""
    if not text:
        return None
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").encode("idna")
        good = parts.scheme in ("http", "https") and bool(host) and parts.port != 0 and "@" not in parts.netloc
    except ValueError:  # its port is no number, or its host no name
        good = False
    if not good or not text.isascii() or not text.isprintable() or " " in text:
        raise UsageError("ALERT_WEBHOOK_URL: is no web address (e.g. https://hooks.example.com/alerts)")
    return text
