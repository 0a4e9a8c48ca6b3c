"""File-system calls of a command from strace's log, including those of DuckDB and Arrow outside Python."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from section1.test.disk_model import Operation

# Without fdatasync, which a thread calls at times while rows are written: the model then guarantees less.
CALLS = ("openat", "mkdir", "symlink", "write", "rename", "unlink", "unlinkat", "rmdir", "fsync")
STRACE = ("strace", "-f", "-y", "-xx", "-s", f"{1 << 24}", "-e", f"trace={','.join(CALLS)}", "-e", "signal=none")

_CALL = re.compile(r"(\w+)\((.*)\) += \d+(?:<\S*>)?$")
_TEXT = re.compile(r'"([^"]*)"')
_DESCRIPTOR = re.compile(r"\w+<([^>]*)>")


def operations(log: Iterable[str], root: Path) -> list[Operation]:
    """Return the successful calls on `root` and below with relative paths, in the order in which they ended."""
    found = (operation for name, arguments in _calls(log) for operation in _operation(name, arguments))
    return [
        operation._replace(
            path=_below(root, operation.path),
            target=_below(root, operation.target) if operation.kind == "rename" else operation.target,
        )
        for operation in found
        if Path(operation.path).is_relative_to(root)
    ]


def _below(root: Path, path: str) -> str:
    return path.removeprefix(f"{root}").removeprefix("/")


def _calls(log: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield names and arguments of successful calls; a call that the log splits into two lines is joined."""
    begun: dict[str, str] = {}
    for line in log:
        thread, _, text = line.partition(" ")
        text = text.strip()
        if text.endswith(" <unfinished ...>"):
            begun[thread] = text.removesuffix(" <unfinished ...>")
        else:
            if text.startswith("<... "):
                text = begun.pop(thread) + text.partition(" resumed>")[2]
            if call := _CALL.match(text):
                yield call[1], call[2]


def _operation(name: str, arguments: str) -> Iterator[Operation]:
    """Yield the effect of a call on a disk."""
    texts = [_bytes(text) for text in _TEXT.findall(arguments)]
    opened = _DESCRIPTOR.match(arguments)
    at = _bytes(opened[1]).decode() if opened else "/"
    if name in ("write", "fsync"):
        yield Operation("write", at, data=texts[0]) if name == "write" else Operation("flush", at)
        return
    paths = [str(Path(at, text.decode())) for text in texts]
    match name:
        case "mkdir":
            yield Operation("directory", paths[0])
        case "symlink":
            yield Operation("link", paths[1], texts[0].decode())
        case "rename":
            yield Operation("rename", paths[0], paths[1])
        case "unlink" | "unlinkat" | "rmdir":
            yield Operation("remove", paths[0])
        case "openat" if "O_CREAT" in arguments:
            yield Operation("file", paths[0])


def _bytes(text: str) -> bytes:
    """Decode strace's -xx notation \\x61\\x62; other text is not encoded."""
    return bytes.fromhex(text.replace("\\x", "")) if text.startswith("\\x") else text.encode()
