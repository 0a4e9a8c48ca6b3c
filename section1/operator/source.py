"""Reads the source folder: hashes and checks each file once, and lays it ready for an engine in the staging folder."""

import hashlib
import logging
import os
import stat
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from common.errors import JobError, UsageError
from section1.core.columns import NEEDS_QUOTES, HeaderRefused
from section1.core.csv_records import RecordTooLong
from section1.core.plain_csv import BLOCK_BYTES, PlainCheck
from section1.core.report import FileRead, FileRefused, FileSkipped

logger = logging.getLogger(__name__)

Stamp = tuple[int, int, int, int]


class SourceMissing(UsageError):
    """The folder to read is not there."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder}: no such folder; give another one with --src-path")


class SourceChanged(JobError):
    """A file was written while the job read it."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}: changed while it was read, nothing was published; run again once it is complete")


class AllRefused(JobError):
    """Not one file could be read."""

    def __init__(self, refused: tuple[FileRefused, ...]) -> None:
        problems = "; ".join(f"{file.name}: {file.problem}" for file in refused[:3])
        super().__init__(f"no file can be read, nothing was published ({problems}); mend or remove them")


class _Unreadable(Exception):
    """The file cannot be read; says why, and quotes nothing of it."""


@dataclass(frozen=True)
class SourceFile:
    """A file to label: what the report says of it, and what an engine reads, named by its place in seven digits."""

    read: FileRead
    path: Path
    staged: Path
    columns: tuple[str, ...]  # of a plain CSV, by place; none when it is staged as Parquet
    stamp: Stamp

    @property
    def is_sound(self) -> bool:
        """Whether neither a field of it nor its name needs quotes in an output."""
        return bool(self.columns) and not NEEDS_QUOTES.search(self.read.name)


@dataclass(frozen=True)
class Source:
    """What the source folder holds, in the order of the names."""

    files: tuple[SourceFile, ...]
    skipped: tuple[FileSkipped, ...]
    refused: tuple[FileRefused, ...]

    @property
    def rows(self) -> int:
        """How many rows there are to label."""
        return sum(file.read.rows for file in self.files)


def read_source(folder: Path, stage: Path, taken: Mapping[str, str], tell: Callable[[str], None]) -> Source:
    """Lay every file ready in `stage` but those with a `taken` sha256. Raises: SourceMissing, AllRefused."""
    paths = csv_files(folder)
    if not paths:
        logger.warning("%s: holds no *.csv", folder)
    files: list[SourceFile] = []
    skipped: list[FileSkipped] = []
    refused: list[FileRefused] = []
    for number, path in enumerate(paths, start=1):
        tell(f"reading file {number:,} of {len(paths):,}")
        staged = stage / f"{len(files):07}"
        try:
            result = _read(path, staged, taken)
        except (_Unreadable, HeaderRefused, RecordTooLong) as error:
            staged.unlink(missing_ok=True)
            refused.append(FileRefused(name=readable(path.name), problem=str(error)))
            continue
        if isinstance(result, FileSkipped):
            skipped.append(result)
        else:
            files.append(result)
    if refused and not files and not skipped:
        raise AllRefused(tuple(refused))
    return Source(tuple(files), tuple(skipped), tuple(refused))


def csv_files(folder: Path) -> list[Path]:
    """Return the folder's *.csv in any case, without dot files and subfolders, by name. Raises: SourceMissing."""
    if not folder.is_dir():
        raise SourceMissing(folder)
    paths = (path for path in folder.resolve().iterdir() if path.name.lower().endswith(".csv"))
    return sorted(path for path in paths if not path.name.startswith(".") and not path.is_dir())


def readable(name: str) -> str:
    """Return a file's name with U+FFFD for what a terminal or a CSV had better not hold."""
    text = os.fsencode(name).decode("utf-8", "replace")
    return "".join("\ufffd" if unicodedata.category(letter) == "Cc" else letter for letter in text)


def require_unchanged(source: Source) -> None:
    """Raise SourceChanged if a file is no longer what was hashed."""
    for file in source.files:
        try:
            unchanged = _stamp(file.path.stat()) == file.stamp
        except OSError:
            unchanged = False
        if not unchanged:
            raise SourceChanged(file.read.name)


def _read(path: Path, staged: Path, taken: Mapping[str, str]) -> SourceFile | FileSkipped:
    """Hash and check one file, and lay it ready unless its content is taken."""
    name = readable(path.name)
    stamp = _stamp_to_read(path)
    digest, check = _looked_through(path)
    if digest in taken:
        return FileSkipped(name=name, sha256=digest, batch=taken[digest])
    if check.finish():
        staged.symlink_to(path)
        rows, columns = check.rows, check.columns
    else:
        # pyarrow takes a while to import and only a file that is not plain needs it.
        from section1.operator.parquet_stage import stage_as_parquet

        rows, columns = stage_as_parquet(_blocks(path), staged), ()
    return SourceFile(FileRead(name=name, bytes=stamp[1], sha256=digest, rows=rows), path, staged, columns, stamp)


def _looked_through(path: Path) -> tuple[str, PlainCheck]:
    """Return the file's sha256 and what the check knows of it; hashing lets another thread check meanwhile."""
    sha256, check = hashlib.sha256(), PlainCheck()
    with ThreadPoolExecutor(1) as checker:
        for block in _blocks(path):
            checked = checker.submit(check.feed, block)
            sha256.update(block)
            checked.result()
    return sha256.hexdigest(), check


def _stamp_to_read(path: Path) -> Stamp:
    try:
        status = path.stat()
    except OSError as error:
        raise _Unreadable(error.strerror) from None
    if not stat.S_ISREG(status.st_mode):
        raise _Unreadable("is no regular file")
    if status.st_size == 0:
        raise _Unreadable("has no bytes")
    return _stamp(status)


def _stamp(status: os.stat_result) -> Stamp:
    return (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _blocks(path: Path) -> Iterator[bytes]:
    """Yield the file's bytes; what the source's disk refuses is the file's fault, not the job's."""
    try:
        with path.open("rb", buffering=0) as file:
            while block := file.read(BLOCK_BYTES):
                yield block
    except OSError as error:
        raise _Unreadable(error.strerror) from None
