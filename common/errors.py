"""Errors of a job, one type per exit code. A message has the form `WHAT FAILED: DETAIL. FIX.` and no personal data."""

from pathlib import Path


def one_line(text: str) -> str:
    """Escape every character that would break the line or control a terminal; file names may contain them."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


class JobError(Exception):
    """The job failed and published nothing. Each problem is one line of the message."""

    exit_code = 1

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(map(one_line, problems)))


class UsageError(JobError):
    """An argument, the configuration or the environment is not valid; nothing was changed."""

    exit_code = 2


class Busy(JobError):
    """Another process holds the lock."""

    exit_code = 75

    def __init__(self, where: Path | str, activity: str = "run") -> None:
        super().__init__(f"{where}: another {activity} is in progress. Wait until it ends.")
