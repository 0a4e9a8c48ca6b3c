"""A run publishes nothing when its input changes, a row is lost, or publishing fails."""

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from common.errors import Busy
from section1.config import ProcessConfig
from section1.main import RowsLost, SparkMissing
from section1.operator.destination import Destination
from section1.operator.source import Source, SourceChanged
from section1.test.engines import interfere
from section1.test.support import (
    GOOD,
    MIXED,
    NEXT_BATCH,
    SUCCESSFUL_HEADER,
    application,
    config_for,
    csv_of,
    everything_in,
    publish,
    write_files,
)


@pytest.mark.parametrize(
    "change",
    [
        lambda path: os.utime(path, ns=(1, 1)),
        lambda path: path.write_bytes(path.read_bytes() + b"x,y,z,1\n"),
        lambda path: path.write_bytes(path.read_bytes().swapcase()),
        lambda path: path.unlink(),
        lambda path: (path.with_name("new").write_bytes(path.read_bytes()), path.with_name("new").rename(path)),
    ],
    ids=["touched", "longer", "same length", "removed", "replaced"],
)
def test_file_that_changes_during_a_run_publishes_nothing(
    config: ProcessConfig, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], object]
) -> None:
    # A quoted row is labelled from the staging directory, so the engine itself does not notice the change.
    write_files(config.source, {"a.csv": csv_of(application(name='"Ada Lim"')), "b.csv": GOOD})
    interfere(monkeypatch, before=lambda source: change(source.files[0].path))
    with pytest.raises(SourceChanged) as caught:
        publish(config)
    assert str(caught.value) == (
        "a.csv: changed while it was read. Nothing was published. Run again when the file is complete."
    )
    assert (caught.value.exit_code, everything_in(config.destination)) == (1, {})


def test_changed_file_is_reported_instead_of_the_engines_error(
    config: ProcessConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(source: Source) -> None:
        source.files[0].path.write_bytes(b"")
        raise RuntimeError

    interfere(monkeypatch, before=change)
    with pytest.raises(SourceChanged):
        publish(config)


def rewrite(content: bytes) -> Callable[[Path], object]:
    return lambda output: (output / "part-00000.csv").write_bytes(content)


@pytest.mark.parametrize(
    ("lost", "after", "counted", "written"),
    [
        (1, lambda _: None, "0 + 0", "1 + 0"),
        (-1, lambda _: None, "2 + 0", "1 + 0"),
        (0, rewrite(SUCCESSFUL_HEADER), "1 + 0", "0 + 0"),
        (0, rewrite(SUCCESSFUL_HEADER + b"a,b\n" * 2), "1 + 0", "2 + 0"),
        (1, rewrite(SUCCESSFUL_HEADER), "0 + 0", "0 + 0"),
        (0, lambda output: (output / "part-00000.csv").unlink(), "1 + 0", "0 + 0"),
    ],
    ids=["one less", "one more", "not written", "written twice", "neither counted nor written", "no part file"],
)
@pytest.mark.parametrize("replacing", [False, True])
def test_wrong_number_of_rows_publishes_nothing(
    *,
    replacing: bool,
    lost: int,
    after: Callable[[Path], object],
    counted: str,
    written: str,
    config: ProcessConfig,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if replacing:
        publish(config)
    before = everything_in(config.destination)
    interfere(monkeypatch, after=after, lost=lost)
    with pytest.raises(RowsLost) as caught:
        publish(config, reprocess=replacing)
    figures = f"1 rows read, {counted} counted, {written} written"
    assert str(caught.value) == f"{figures}. Nothing was published. This is a bug: please report this line."
    assert (caught.value.exit_code, everything_in(config.destination)) == (1, before)


def test_failed_run_writes_no_pages(
    config: ProcessConfig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    publish(config)
    page = next((config.destination / "report").glob("*.html"))
    page.unlink()
    interfere(monkeypatch, lost=1)
    write_files(config.source, {"b.csv": MIXED})
    with caplog.at_level(logging.INFO), pytest.raises(RowsLost):
        publish(config, NEXT_BATCH)
    assert (page.exists(), caplog.records) == (False, [])


def test_run_cleans_first_and_holds_the_lock(config: ProcessConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    left = config.destination / ".staging" / "1"
    left.mkdir(parents=True)
    seen: list[object] = []

    def look(_: Source) -> None:
        seen.append(left.exists())
        with pytest.raises(Busy), Destination(config.destination).lock():
            pass
        seen.append([path.name for path in left.parent.iterdir()])

    interfere(monkeypatch, before=look)
    publish(config)
    assert (seen, list(left.parent.iterdir())) == ([False, [str(os.getpid())]], [])


def test_spark_without_its_package_names_the_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(sys.modules):
        if name.partition(".")[0] == "pyspark" or name.startswith("section1.operator.spark"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(SparkMissing) as refused:
        publish(config_for(tmp_path, engine="spark"))
    assert str(refused.value) == (
        "the Spark engine needs the package pyspark, which is not installed. "
        "Run ./section1_runner.sh run --engine spark, which installs it, or use --engine duckdb."
    )
    assert not (tmp_path / "dest").exists()
