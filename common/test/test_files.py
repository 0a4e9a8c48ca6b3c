"""Atomic file writes."""

from pathlib import Path

import pytest

from common.files import write_atomic


@pytest.mark.parametrize(("content", "stored"), [("é\n", b"\xc3\xa9\n"), (b"\r\n\0", b"\r\n\0")])
def test_write_replaces_the_file(tmp_path: Path, content: str | bytes, stored: bytes) -> None:
    path = tmp_path / "figures.json"
    path.write_text("old")
    write_atomic(path, content)
    assert path.read_bytes() == stored
    assert list(tmp_path.iterdir()) == [path]


def test_failed_write_keeps_the_old_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_atomic(path, "\udcff")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_failed_write_reports_the_first_error(tmp_path: Path) -> None:
    (tmp_path / ".figures.json.tmp").mkdir()
    with pytest.raises(IsADirectoryError, match=r"figures\.json\.tmp"):
        write_atomic(tmp_path / "figures.json", "new")
