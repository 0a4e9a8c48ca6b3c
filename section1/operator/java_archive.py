"""Stores the classes that Java loads for Spark on first use, so that from then on Spark starts in half the time."""

import logging
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from section1.config import ROOT
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
    try:
        FOLDER.mkdir(parents=True, exist_ok=True)
        unfinished = tempfile.TemporaryDirectory(dir=FOLDER, ignore_cleanup_errors=True)
    except OSError as error:
        logger.info("Spark starts slower than it could: %s cannot be written (%s)", FOLDER, error.strerror)
        yield Archive()
        return
    with unfinished as folder:
        stored = Path(folder, path.name)
        yield Archive((f"-XX:{store}={stored}",), stored)
        with suppress(OSError):  # there was none, or it cannot be kept: the next run stores one
            stored.replace(path)
