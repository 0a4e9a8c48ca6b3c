"""Part files are flushed while they are written."""

import errno
import os
from pathlib import Path
from threading import Event

import pytest

from section1.operator import parts
from section1.operator.parts import background_flush


@pytest.mark.parametrize("fails", [False, True])
def test_part_is_flushed_while_rows_are_written(fails: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed = Event()

    def flush(_: int) -> None:
        flushed.set()
        if fails:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(parts, "SECONDS_BETWEEN_FLUSHES", 0.01)
    monkeypatch.setattr(os, "fdatasync", flush)

    def write() -> None:
        with (tmp_path / "part").open("wb") as part, background_flush(part):
            assert flushed.wait(60)

    if fails:
        with pytest.raises(OSError, match="Input/output error"):
            write()
    else:
        write()
