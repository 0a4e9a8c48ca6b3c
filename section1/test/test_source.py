"""The source folder by itself: which files are read, what is known of each, and why one is not read."""

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
    read_source,
    readable,
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


def read(stage: Path, files: Mapping[str, bytes], taken: Mapping[str, str] = NOTHING) -> tuple[Source, list[str]]:
    """Read a folder of these files; return what it holds and what was told meanwhile."""
    told: list[str] = []
    return read_source(write_files(stage.parent / "src", files), stage, taken, told.append), told


def test_a_plain_file_is_read_where_it_lies(stage: Path) -> None:
    source, told = read(stage, {"a.csv": PLAIN})
    [file] = source.files
    assert file.read == FileRead(name="a.csv", bytes=len(PLAIN), sha256=hash_of(PLAIN), rows=1)
    assert (file.path, file.staged, file.columns) == (stage.parent / "src" / "a.csv", stage / "0000000", COLUMNS)
    assert file.staged.readlink() == file.path
    status = file.path.stat()
    assert file.stamp == (status.st_ino, len(PLAIN), status.st_mtime_ns, status.st_ctime_ns)
    assert (source.skipped, source.refused, source.rows, told) == ((), (), 1, ["reading file 1 of 1"])


def test_any_other_file_is_written_anew(stage: Path) -> None:
    [file] = read(stage, {"a.csv": QUOTED})[0].files
    assert file.read == FileRead(name="a.csv", bytes=len(QUOTED), sha256=hash_of(QUOTED), rows=1)
    assert (file.columns, file.staged.is_symlink(), file.staged.read_bytes()[:4]) == ((), False, b"PAR1")


@pytest.mark.parametrize(
    ("name", "content", "sound"), [("a.csv", PLAIN, True), ("a,b.csv", PLAIN, False), ("a.csv", QUOTED, False)]
)
def test_what_needs_quotes_in_an_output_is_not_sound(stage: Path, name: str, content: bytes, sound: bool) -> None:
    assert read(stage, {name: content})[0].files[0].is_sound is sound


def test_files_that_are_read_skipped_and_refused_are_told_apart(stage: Path) -> None:
    files = {"a.csv": PLAIN, "b.csv": b"", "c.csv": MORE, "d.csv": csv_of(), "e.csv": b"name\n"}
    source, told = read(stage, files, {hash_of(PLAIN): "2026-11-23T15"})
    assert source.skipped == (FileSkipped(name="a.csv", sha256=hash_of(PLAIN), batch="2026-11-23T15"),)
    assert source.refused == (
        FileRefused(name="b.csv", problem="has no bytes"),
        FileRefused(name="e.csv", problem="the column 'email' is missing"),
    )
    assert [(file.read.name, file.read.rows, file.staged.name) for file in source.files] == [
        ("c.csv", 2, "0000000"),
        ("d.csv", 0, "0000001"),
    ]
    assert (source.rows, sorted(path.name for path in stage.iterdir())) == (2, ["0000000", "0000001"])
    assert told == [f"reading file {number} of 5" for number in range(1, 6)]


def test_a_file_of_many_blocks_is_one_file(stage: Path) -> None:
    content = csv_of(*[application("x" * 1000)] * 3200)
    assert len(content) > 3 * BLOCK_BYTES
    [file] = read(stage, {"a.csv": content})[0].files
    assert (file.read.rows, file.read.sha256) == (3200, hash_of(content))


def test_what_goes_wrong_in_the_check_is_not_taken_for_its_verdict(
    stage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: PlainCheck, block: bytes) -> None:
        raise MemoryError

    monkeypatch.setattr(PlainCheck, "feed", fail)
    with pytest.raises(MemoryError):
        read(stage, {"a.csv": PLAIN})


def test_a_row_that_is_too_long_refuses_its_file_and_leaves_nothing_of_it(stage: Path) -> None:
    source, _ = read(stage, {"a.csv": csv_of('"' + "x" * (17 << 20)), "b.csv": PLAIN})
    [refused] = source.refused
    assert refused == FileRefused(
        name="a.csv", problem="a row is longer than 16 MiB (perhaps a quote that nothing closes)"
    )
    assert [path.name for path in stage.iterdir()] == ["0000000"]


def test_no_file_at_all_is_said_and_is_no_failure(stage: Path, caplog: pytest.LogCaptureFixture) -> None:
    source, _ = read(stage, {"a.txt": PLAIN})
    assert source == Source((), (), ())
    assert [line.getMessage() for line in caplog.records] == [f"{stage.parent / 'src'}: holds no *.csv"]


def test_files_are_not_warned_of(stage: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        read(stage, {"a.csv": PLAIN})
    assert caplog.records == []


def test_a_folder_whose_files_are_all_refused_names_three_of_them(stage: Path) -> None:
    with pytest.raises(AllRefused) as caught:
        read(stage, {f"{name}.csv": b"" for name in "abcd"})
    problems = "a.csv: has no bytes; b.csv: has no bytes; c.csv: has no bytes"
    assert str(caught.value) == f"no file can be read, nothing was published ({problems}); mend or remove them"
    skipped, _ = read(stage, {"a.csv": b"", "b.csv": PLAIN}, {hash_of(PLAIN): "2026-11-23T15"})
    assert (len(skipped.files), len(skipped.skipped), len(skipped.refused)) == (0, 1, 1)


def test_a_folder_that_is_missing_is_named(stage: Path) -> None:
    with pytest.raises(SourceMissing) as caught:
        csv_files(stage / "x")
    assert str(caught.value) == f"{stage / 'x'}: no such folder; give another one with --src-path"


def test_csv_files_of_the_folder_itself_are_read_by_name(stage: Path) -> None:
    folder = write_files(stage.parent / "src", dict.fromkeys(("b.csv", "A.CSV", ".c.csv", "d.csv.bak", "e"), b"x"))
    (folder / "f.csv").mkdir()
    numbers = [f"g{number:02}.csv" for number in range(30)]
    for name in reversed(numbers):
        (folder / name).touch()
    assert csv_files(folder) == [folder / name for name in ("A.CSV", "b.csv", *numbers)]
    (stage / "link").symlink_to(folder)
    assert csv_files(stage / "link") == csv_files(folder)


@pytest.mark.parametrize(
    ("name", "shown"), [("李.csv", "李.csv"), ("a\nb\x1b.csv", "a\ufffdb\ufffd.csv"), ("a\udcff.csv", "a\ufffd.csv")]
)
def test_a_name_is_shown_without_what_a_terminal_had_better_not_see(name: str, shown: str) -> None:
    assert readable(name) == shown


def test_what_is_no_file_or_cannot_be_read_is_refused(stage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_files(stage.parent / "src", {"a.csv": PLAIN})
    os.mkfifo(folder / "b.csv")
    (folder / "c.csv").symlink_to(folder / "nowhere")

    def refuse(path: Path, mode: str, buffering: int) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(AllRefused) as caught:
        read_source(folder, stage, {}, lambda _: None)
    problems = "a.csv: Permission denied; b.csv: is no regular file; c.csv: No such file or directory"
    assert str(caught.value) == f"no file can be read, nothing was published ({problems}); mend or remove them"


def test_a_file_that_was_changed_is_named_and_one_that_was_not_is_not(stage: Path) -> None:
    source, _ = read(stage, {"a.csv": PLAIN, "b.csv": MORE})
    require_unchanged(source)
    source.files[1].path.write_bytes(MORE + b"\n")
    with pytest.raises(SourceChanged) as caught:
        require_unchanged(source)
    said = "b.csv: changed while it was read, nothing was published; run again once it is complete"
    assert str(caught.value) == said
    source.files[0].path.unlink()
    with pytest.raises(SourceChanged, match=r"^a\.csv: "):
        require_unchanged(source)
