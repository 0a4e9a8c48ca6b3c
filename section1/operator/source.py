"""The source directory: each file is hashed, checked and staged for an engine in one pass."""

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
    """The source directory does not exist."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: no such directory. Pass another one with --src-path.")


class SourceChanged(JobError):
    """A file changed while the job read it."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name}: changed while it was read. Nothing was published. Run again when the file is complete."
        )


class AllRefused(JobError):
    """No file of the source directory could be read."""

    def __init__(self, refused: tuple[FileRefused, ...]) -> None:
        problems = "; ".join(f"{file.name}: {file.problem}" for file in refused[:3])
        super().__init__(f"no file can be read: {problems}. Nothing was published. Fix or remove the files.")


class _Unreadable(Exception):
    """The file cannot be read. The message quotes nothing of it."""


@dataclass(frozen=True)
class SourceFile:
    """A file to label: its entry in the report, and the staged file, named by its number in seven digits."""

    read: FileRead
    path: Path
    staged: Path
    columns: tuple[str, ...]  # of a plain CSV, in order; empty if staged as Parquet
    stamp: Stamp

    @property
    def needs_no_quotes(self) -> bool:
        """True if its fields and its name are written without quotes."""
        return bool(self.columns) and not NEEDS_QUOTES.search(self.read.name)


@dataclass(frozen=True)
class Source:
    """The files of the source directory, by name."""

    files: tuple[SourceFile, ...]
    skipped: tuple[FileSkipped, ...]
    refused: tuple[FileRefused, ...]

    @property
    def rows(self) -> int:
        """The number of rows to label."""
        return sum(file.read.rows for file in self.files)


def read_source(directory: Path, stage: Path, committed: Mapping[str, str], update: Callable[[str], None]) -> Source:
    """Stage every file whose SHA-256 is not in `committed`. Raises: SourceMissing, AllRefused."""
    paths = csv_files(directory)
    if not paths:
        logger.warning("%s: no *.csv files", directory)
    files: list[SourceFile] = []
    skipped: list[FileSkipped] = []
    refused: list[FileRefused] = []
    for number, path in enumerate(paths, start=1):
        update(f"reading file {number:,} of {len(paths):,}")
        staged = stage / f"{len(files):07}"
        try:
            result = _read(path, staged, committed)
        except (_Unreadable, HeaderRefused, RecordTooLong) as error:
            staged.unlink(missing_ok=True)
            refused.append(FileRefused(name=printable(path.name), problem=str(error)))
            continue
        if isinstance(result, FileSkipped):
            skipped.append(result)
        else:
            files.append(result)
    if refused and not files and not skipped:
        raise AllRefused(tuple(refused))
    return Source(tuple(files), tuple(skipped), tuple(refused))


def csv_files(directory: Path) -> list[Path]:
    """Return *.csv in any case, without dot files and subdirectories, by name. Raises: SourceMissing."""
    if not directory.is_dir():
        raise SourceMissing(directory)
    paths = (path for path in directory.resolve().iterdir() if path.name.lower().endswith(".csv"))
    return sorted(path for path in paths if not path.name.startswith(".") and not path.is_dir())


def printable(name: str) -> str:
    """Return a file name with U+FFFD for invalid bytes and control characters."""
    text = os.fsencode(name).decode("utf-8", "replace")
    return "".join("\ufffd" if unicodedata.category(letter) == "Cc" else letter for letter in text)


def require_unchanged(source: Source) -> None:
    """Raise SourceChanged if a file differs from the hashed one."""
    for file in source.files:
        try:
            unchanged = _stamp(file.path.stat()) == file.stamp
        except OSError:
            unchanged = False
        if not unchanged:
            raise SourceChanged(file.read.name)


def _read(path: Path, staged: Path, committed: Mapping[str, str]) -> SourceFile | FileSkipped:
    """Hash and check one file, and stage it unless its content is in a committed batch."""
    name = printable(path.name)
    stamp = _stamp_to_read(path)
    digest, check = _hash_and_check(path)
    if digest in committed:
        return FileSkipped(name=name, sha256=digest, batch=committed[digest])
    if check.finish():
        staged.symlink_to(path)
        rows, columns = check.rows, check.columns
    else:
        # Imported late: pyarrow is slow to import, and only files that are not plain need it here.
        from section1.operator.parquet_stage import stage_as_parquet

        rows, columns = stage_as_parquet(_blocks(path), staged), ()
    return SourceFile(FileRead(name=name, bytes=stamp[1], sha256=digest, rows=rows), path, staged, columns, stamp)


def _hash_and_check(path: Path) -> tuple[str, PlainCheck]:
    """Return the SHA-256 and the check, which runs in another thread while this one hashes."""
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
        raise _Unreadable("not a regular file")
    if status.st_size == 0:
        raise _Unreadable("empty file")
    return _stamp(status)


def _stamp(status: os.stat_result) -> Stamp:
    return (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _blocks(path: Path) -> Iterator[bytes]:
    """Yield the file's bytes. A read error refuses this file and does not fail the job."""
    try:
        with path.open("rb", buffering=0) as file:
            while block := file.read(BLOCK_BYTES):
                yield block
    except OSError as error:
        raise _Unreadable(error.strerror) from None
