"""What a container holds between runs, which a soak must not see grow."""

from common.test.containers import inside

_SUM_OF_RSS = "cat /proc/[0-9]*/status 2>/dev/null | awk '/^VmRSS/ {kb += $2} END {print int(kb)}'"


def resident_megabytes(container: str) -> float:
    """Return the resident memory of the container's processes, shared pages counted in each."""
    return int(inside(container, "sh", "-c", _SUM_OF_RSS)) / 1000


def entries_in(container: str, *folders: str) -> int:
    """Return how many files and folders lie below these."""
    return len(inside(container, "find", *folders, "-mindepth", "1").splitlines())


def processes_in(container: str) -> int:
    """Return how many processes there are, but for the one that asks."""
    return len(inside(container, "sh", "-c", "ls -d /proc/[0-9]*").splitlines()) - 2
