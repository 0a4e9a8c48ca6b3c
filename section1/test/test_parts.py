"""The part files while they are written."""

import errno
import os
from pathlib import Path
from threading import Event

import pytest

from section1.operator import parts
from section1.operator.parts import flushed_meanwhile


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "SECONDS_BETWEEN_FLUSHES", 0.01)


def test_the_disk_is_told_while_rows_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = Event()
    monkeypatch.setattr(os, "fdatasync", lambda _: told.set())
    with (tmp_path / "part").open("wb") as part, flushed_meanwhile(part):
        assert told.wait(60)


def test_what_the_disk_cannot_take_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = Event()

    def fail(_: int) -> None:
        told.set()
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fdatasync", fail)
    with (
        (tmp_path / "part").open("wb") as part,
        pytest.raises(OSError, match="Input/output error"),
        flushed_meanwhile(part),
    ):
        assert told.wait(60)
