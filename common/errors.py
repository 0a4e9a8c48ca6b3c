"""What can go wrong in a job, by the exit code that says so; messages carry a remedy and nothing personal."""

from pathlib import Path


class JobError(Exception):
    """The job failed and published nothing."""

    exit_code = 1


class UsageError(JobError):
    """An argument or the configuration is wrong; nothing was read."""

    exit_code = 2


class Busy(JobError):
    """Another run is at work."""

    exit_code = 75

    def __init__(self, where: Path | str, other: str = "run is writing here") -> None:
        super().__init__(f"{where}: another {other}; wait until it ends")
