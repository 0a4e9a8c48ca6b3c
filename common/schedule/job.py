"""A section's job, and the scheduler's settings from the environment."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from common.errors import UsageError

_ADDRESS = r"(?i:https?)://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?([/?#][!-~]*)?"


@dataclass(frozen=True)
class Published:
    """The newest result of a job, such as "batch 2026-11-23T16 was published", and its time."""

    what: str
    at: datetime


@dataclass(frozen=True)
class Job:
    """A job: its command (a script in `root` with arguments), its log directory and its results."""

    name: str
    module: str  # `python -m MODULE run` runs the job
    root: Path
    command: tuple[str, ...]
    logs: Path
    batch_due: Callable[[datetime], str | None]  # the batch of this moment, None once it is published
    newest: Callable[[], Published | None]

    @property
    def log(self) -> Path:
        """The output of all runs."""
        return self.logs / "data_pipeline.log"

    @property
    def records(self) -> tuple[Path, Path]:
        """Paths of the last run's record: in the log directory, or if that cannot be written, the temporary one."""
        return self.logs / "last_run.json", _temporary() / f"{self.name}_last_run.json"

    @property
    def lock(self) -> Path:
        """The file that is locked during a run."""
        return _temporary() / f"{self.name}.pid"


@dataclass(frozen=True)
class Settings:
    """The time limit of a run, the age at which the newest batch is too old, and the webhook for alerts."""

    time_limit: timedelta
    stale_after: timedelta
    webhook: str | None

    @staticmethod
    def of(name: str, environment: Mapping[str, str]) -> "Settings":
        """Read the settings of the job `name`. Raises: UsageError."""
        prefix = name.upper()
        return Settings(
            _minutes(environment, f"{prefix}_TIME_LIMIT_MINUTES", 50),
            _minutes(environment, f"{prefix}_STALE_AFTER_MINUTES", 120),
            _address(environment.get("ALERT_WEBHOOK_URL", "")),
        )


def _temporary() -> Path:
    return Path(os.environ.get("TMPDIR") or "/tmp")  # noqa: S108 - tempfile fails if every disk is full


def _minutes(environment: Mapping[str, str], key: str, default: int) -> timedelta:
    text = environment.get(key) or str(default)
    if not re.fullmatch("[1-9][0-9]{0,4}", text):
        raise UsageError(f"{key}: expected minutes from 1 to 99999 such as {default}, got {text!r}.")
    return timedelta(minutes=int(text))


def _address(text: str) -> str | None:
    """Return a web address, None for an empty text. The error does not quote the address: it may contain a token."""
    if text and not re.fullmatch(_ADDRESS, text):
        raise UsageError("ALERT_WEBHOOK_URL: expected a web address such as https://hooks.example.com/alerts.")
    return text or None
