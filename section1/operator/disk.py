"""Durable file-system operations for publishing. An object store needs other ones: see README.md."""

import logging
import os
import shutil
from pathlib import Path

logger = logging.getLogger(__name__)


def children(directory: Path) -> list[Path]:
    """Return the entries by name. Unlike glob, raise OSError if the directory cannot be read."""
    try:
        return sorted(directory.iterdir())
    except FileNotFoundError:
        return []


def make_directory(directory: Path) -> None:
    """Create the directory and its parents. Each is on disk before an entry is added to it."""
    if not directory.exists():
        make_directory(directory.parent)
        directory.mkdir(exist_ok=True)  # another run can create it first
        flush(directory.parent)


def move(source: Path, target: Path) -> None:
    """Rename and flush. If flushing fails, undo the rename, so that a change that may be lost has no effect."""
    make_directory(target.parent)
    source.rename(target)
    try:
        flush(target.parent)
        flush(source.parent)
    except OSError:
        target.rename(source)
        raise


def move_if_exists(source: Path, target: Path) -> None:
    """Call `move`, unless the source is missing."""
    if source.exists():
        move(source, target)


def flush(path: Path) -> None:
    """Wait until the file or directory is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_directory(directory: Path) -> None:
    """Remove a directory. If this fails, the next run removes it."""
    try:
        shutil.rmtree(directory)
    except OSError as error:
        logger.warning("cannot remove %s: %s. The next run removes it.", directory, error.strerror)
