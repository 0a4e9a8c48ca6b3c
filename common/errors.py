"""What can go wrong in a job, by the exit code that says so; messages carry a remedy and nothing personal."""

from pathlib import Path


def one_line(text: str) -> str:
    """Return the text with escapes for what would break the line or write over a terminal: file names hold anything."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


class JobError(Exception):
    """The job failed and published nothing; says why, a line a problem."""

    exit_code = 1

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(map(one_line, problems)))


class UsageError(JobError):
    """An argument or the configuration is wrong, or does not go with what is there; nothing was changed."""

    exit_code = 2


class Busy(JobError):
    """Another run is at work."""

    exit_code = 75

    def __init__(self, where: Path | str, other: str = "run is writing here") -> None:
        super().__init__(f"{where}: another {other}; wait until it ends")
