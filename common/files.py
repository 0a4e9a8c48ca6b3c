"""Atomic file writes."""

import os
from contextlib import suppress
from pathlib import Path


def write_atomic(path: Path, content: str | bytes, *, durable: bool = False) -> None:
    """Replace a file as a whole: a reader sees the old content or the new one. Raises: OSError.

    `durable` flushes the file and its directory to disk, so that a power failure cannot lose it either.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):  # the first error is the one to report
            temporary.unlink()
        raise
    if durable:
        _flush_directory(path.parent)


def _flush_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
