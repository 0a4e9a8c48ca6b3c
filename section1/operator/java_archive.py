"""Stores the classes that Java loads for Spark on first use, so that from then on Spark starts in half the time."""

import fcntl
import logging
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from common.paths import ROOT
from section1.operator.java import Java

FOLDER = ROOT / ".local" / "java"
_FIRST_WITH_AOT_CACHE = 25  # it also keeps classes linked and methods' profiles (JEP 483, 514, 515)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Archive:
    """What Java is told of its stored classes: to use them, to store them as it ends, or nothing."""

    options: tuple[str, ...] = ()
    unfinished: Path | None = None  # where Java stores them; whoever ends Java before it has done so removes it


@contextmanager
def archive_for(java: Java, identity: Iterable[str], *, may_store: bool) -> Iterator[Archive]:
    """Give the archive of this Java for what `identity` names; one that is stored in the body is kept after it."""
    use, store = ("AOTCache", "AOTCacheOutput")
    if java.release < _FIRST_WITH_AOT_CACHE:
        use, store = ("SharedArchiveFile", "ArchiveClassesAtExit")
    key = sha256("\n".join([str(java.command), java.version, *identity]).encode()).hexdigest()
    path = FOLDER / f"spark-{key[:16]}"
    if path.exists():
        yield Archive((f"-XX:{use}={path}",))
        return
    if not may_store:
        yield Archive()
        return
    with ExitStack() as until_stored:
        try:
            folder = until_stored.enter_context(_unfinished())
        except BlockingIOError:  # another run stores them just now
            yield Archive()
            return
        except OSError as error:
            logger.info("Spark starts slower than it could: %s cannot be written (%s)", FOLDER, error.strerror)
            yield Archive()
            return
        stored = Path(folder, path.name)
        yield Archive((f"-XX:{store}={stored}",), stored)
        with suppress(OSError):  # there was none, or it cannot be kept: the next run stores one
            stored.replace(path)


@contextmanager
def _unfinished() -> Iterator[str]:
    """Keep a folder to store in while the body runs, alone; what killed runs left unfinished goes. Raises: OSError."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(FOLDER, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for left in FOLDER.glob("unfinished-*"):
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=FOLDER, prefix="unfinished-", ignore_cleanup_errors=True) as folder:
            yield folder
    finally:
        os.close(descriptor)
