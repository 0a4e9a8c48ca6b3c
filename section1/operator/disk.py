"""What publishing asks of a disk: to move and to flush. An object store would have its own; README.md tells which."""

import logging
import os
import shutil
from pathlib import Path

logger = logging.getLogger(__name__)


def children(folder: Path) -> list[Path]:
    """Return what a folder holds, by name; unlike glob it does not take one that cannot be read for an empty one."""
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []


def make(folder: Path) -> None:
    """Make the folder, and those above it, unless they are there; each is on disk before something comes into it."""
    if not folder.exists():
        make(folder.parent)
        folder.mkdir(exist_ok=True)  # another run may have been faster
        flush(folder.parent)


def move(source: Path, target: Path) -> None:
    """Rename and flush; what may not have reached the disk is taken back, so that it does not count."""
    make(target.parent)
    source.rename(target)
    try:
        flush(target.parent)
        flush(source.parent)
    except OSError:
        target.rename(source)
        raise


def move_if_there(source: Path, target: Path) -> None:
    """Do the same with what may not be there."""
    if source.exists():
        move(source, target)


def flush(path: Path) -> None:
    """Wait until the file or folder is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(folder: Path) -> None:
    """Remove a folder; what cannot be removed is left to the next run, since it harms nobody."""
    try:
        shutil.rmtree(folder)
    except OSError as error:
        logger.warning("%s stays until the next run: %s", folder, error.strerror)
