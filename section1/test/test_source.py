"""The source directory by itself: which files are read, what is known of each, and why one is refused."""

import logging
import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

import pytest

from section1.core.plain_csv import BLOCK_BYTES, PlainCheck
from section1.core.report import FileRead, FileRefused, FileSkipped
from section1.operator.source import (
    AllRefused,
    Source,
    SourceChanged,
    SourceMissing,
    csv_files,
    printable,
    read_source,
    require_unchanged,
)
from section1.test.support import application, csv_of, write_files

PLAIN, MORE = csv_of(application()), csv_of(application("Bob Tan"), application("Cy Ng"))
QUOTED = csv_of('"Lim, Ada",ada@lim.com,1990-12-10,91234567')
COLUMNS = ("name", "email", "date_of_birth", "mobile_no")
NOTHING: Mapping[str, str] = MappingProxyType({})


def hash_of(content: bytes) -> str:
    return sha256(content).hexdigest()


@pytest.fixture
def stage(tmp_path: Path) -> Path:
    (tmp_path / "stage").mkdir()
    return tmp_path / "stage"


def read(stage: Path, files: Mapping[str, bytes], taken: Mapping[str, str] = NOTHING) -> Source:
    """Read a directory of these files."""
    return read_source(write_files(stage.parent / "src", files), stage, taken, lambda _: None)


def test_plain_file_is_staged_as_a_link(stage: Path) -> None:
    source = read(stage, {"a.csv": PLAIN})
    [file] = source.files
    assert file.read == FileRead(name="a.csv", bytes=len(PLAIN), sha256=hash_of(PLAIN), rows=1)
    assert (file.path, file.staged, file.columns) == (stage.parent / "src" / "a.csv", stage / "0000000", COLUMNS)
    assert file.staged.readlink() == file.path
    status = file.path.stat()
    assert file.stamp == (status.st_ino, len(PLAIN), status.st_mtime_ns, status.st_ctime_ns)
    assert (source.skipped, source.refused, source.rows) == ((), (), 1)


def test_quoted_file_is_staged_as_parquet(stage: Path) -> None:
    [file] = read(stage, {"a.csv": QUOTED}).files
    assert file.read == FileRead(name="a.csv", bytes=len(QUOTED), sha256=hash_of(QUOTED), rows=1)
    assert (file.columns, file.staged.is_symlink(), file.staged.read_bytes()[:4]) == ((), False, b"PAR1")


@pytest.mark.parametrize(
    ("name", "content", "sound"), [("a.csv", PLAIN, True), ("a,b.csv", PLAIN, False), ("a.csv", QUOTED, False)]
)
def test_file_is_sound_without_a_need_for_quotes(stage: Path, name: str, content: bytes, sound: bool) -> None:
    assert read(stage, {name: content}).files[0].needs_no_quotes is sound


def test_files_are_read_skipped_or_refused(stage: Path) -> None:
    files = {"a.csv": PLAIN, "b.csv": b"", "c.csv": MORE, "d.csv": csv_of(), "e.csv": b"name\n"}
    messages: list[str] = []
    taken = {hash_of(PLAIN): "2026-11-23T15"}
    source = read_source(write_files(stage.parent / "src", files), stage, taken, messages.append)
    assert source.skipped == (FileSkipped(name="a.csv", sha256=hash_of(PLAIN), batch="2026-11-23T15"),)
    assert source.refused == (
        FileRefused(name="b.csv", problem="empty file"),
        FileRefused(name="e.csv", problem="column 'email' is missing"),
    )
    assert [(file.read.name, file.read.rows, file.staged.name) for file in source.files] == [
        ("c.csv", 2, "0000000"),
        ("d.csv", 0, "0000001"),
    ]
    assert (source.rows, sorted(path.name for path in stage.iterdir())) == (2, ["0000000", "0000001"])
    assert messages == [f"reading file {number} of 5" for number in range(1, 6)]


def test_file_of_several_blocks_is_read_once(stage: Path) -> None:
    content = csv_of(*[application("x" * 1000)] * 3200)
    assert len(content) > 3 * BLOCK_BYTES
    [file] = read(stage, {"a.csv": content}).files
    assert (file.read.rows, file.read.sha256) == (3200, hash_of(content))


def test_unexpected_error_in_the_check_is_raised(stage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: PlainCheck, block: bytes) -> None:
        raise MemoryError

    monkeypatch.setattr(PlainCheck, "feed", fail)
    with pytest.raises(MemoryError):
        read(stage, {"a.csv": PLAIN})


def test_file_with_a_too_long_row_is_refused(stage: Path) -> None:
    [refused] = read(stage, {"a.csv": csv_of('"' + "x" * (17 << 20)), "b.csv": PLAIN}).refused
    problem = "a row is longer than 16 MiB; perhaps a quote is never closed"
    assert refused == FileRefused(name="a.csv", problem=problem)
    assert [path.name for path in stage.iterdir()] == ["0000000"]


def test_only_a_source_without_csv_is_a_warning(stage: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        read(stage, {"a.csv": PLAIN})
        assert caplog.messages == []
        assert read(stage, {"a.txt": PLAIN}) == Source((), (), ())
    assert caplog.messages == [f"{stage.parent / 'src'}: no *.csv files"]


def test_all_files_refused_is_an_error_with_three_names(stage: Path) -> None:
    with pytest.raises(AllRefused) as caught:
        read(stage, {f"{name}.csv": b"" for name in "abcd"})
    problems = "a.csv: empty file; b.csv: empty file; c.csv: empty file"
    assert str(caught.value) == f"no file can be read: {problems}. Nothing was published. Fix or remove the files."
    skipped = read(stage, {"a.csv": b"", "b.csv": PLAIN}, {hash_of(PLAIN): "2026-11-23T15"})
    assert (len(skipped.files), len(skipped.skipped), len(skipped.refused)) == (0, 1, 1)


def test_missing_source_is_named(stage: Path) -> None:
    with pytest.raises(SourceMissing) as caught:
        csv_files(stage / "x")
    assert str(caught.value) == f"{stage / 'x'}: no such directory. Pass another one with --src-path."


def test_csv_files_are_sorted_by_name(stage: Path) -> None:
    numbers = [f"g{number:02}.csv" for number in range(30)]
    names = ("b.csv", "A.CSV", ".c.csv", "d.csv.bak", "e", *reversed(numbers))
    source = write_files(stage.parent / "src", dict.fromkeys(names, b"x"))
    (source / "f.csv").mkdir()
    assert csv_files(source) == [source / name for name in ("A.CSV", "b.csv", *numbers)]
    (stage / "link").symlink_to(source)
    assert csv_files(stage / "link") == csv_files(source)


@pytest.mark.parametrize(
    ("name", "shown"), [("李.csv", "李.csv"), ("a\nb\x1b.csv", "a\ufffdb\ufffd.csv"), ("a\udcff.csv", "a\ufffd.csv")]
)
def test_control_characters_in_names_are_replaced(name: str, shown: str) -> None:
    assert printable(name) == shown


def test_unreadable_and_special_files_are_refused(stage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write_files(stage.parent / "src", {"a.csv": PLAIN})
    os.mkfifo(source / "b.csv")
    (source / "c.csv").symlink_to(source / "nowhere")

    def refuse(path: Path, mode: str, buffering: int) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    problems = "a.csv: Permission denied; b.csv: not a regular file; c.csv: No such file or directory"
    with pytest.raises(AllRefused) as caught:
        read_source(source, stage, {}, lambda _: None)
    assert str(caught.value) == f"no file can be read: {problems}. Nothing was published. Fix or remove the files."


def test_changed_or_removed_file_is_named(stage: Path) -> None:
    source = read(stage, {"a.csv": PLAIN, "b.csv": MORE})
    require_unchanged(source)
    source.files[1].path.write_bytes(MORE + b"\n")
    with pytest.raises(SourceChanged) as caught:
        require_unchanged(source)
    problem = "b.csv: changed while it was read. Nothing was published. Run again when the file is complete."
    assert str(caught.value) == problem
    source.files[0].path.unlink()
    with pytest.raises(SourceChanged, match=r"^a\.csv: "):
        require_unchanged(source)
