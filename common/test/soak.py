"""What a container holds between runs, which a soak must not see grow."""

from common.test.containers import inside

_LOOK = """
import contextlib, os, pathlib, re
kilobytes = []
for path in pathlib.Path("/proc").glob("[0-9]*"):
    with contextlib.suppress(OSError):  # it has ended meanwhile
        found = re.search(r"VmRSS:\\s+(\\d+)", (path / "status").read_text())
        if found and path.name != str(os.getpid()):
            kilobytes.append(int(found[1]))
print(sum(kilobytes), len(kilobytes))
"""
_LOOKS = 8  # a health check may be at work for a moment


def at_rest(container: str) -> tuple[int, float]:
    """Return how many processes there are while none is at work, and their resident memory in MB."""
    looks = (inside(container, "python3", "-c", _LOOK).split() for _ in range(_LOOKS))
    memory, processes = min((int(kilobytes), int(count)) for kilobytes, count in looks)
    return processes, memory / 1000


def entries_in(container: str, *folders: str) -> int:
    """Return how many files and folders lie below these."""
    return len(inside(container, "find", *folders, "-mindepth", "1").splitlines())
