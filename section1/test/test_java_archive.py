"""Java's stored classes: made once, used afterwards, never in the way."""

import logging
import os
import subprocess
from pathlib import Path

import pytest

from section1.operator import java_archive, java_gateway
from section1.operator.java import Java, find_java
from section1.operator.java_archive import archive_for
from section1.test.support import application, config_for, csv_of, outputs_of, publish, write_files

JAVA_25, JAVA_17 = Java(Path("java"), "25.0.2"), Java(Path("java"), "17.0.15")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "archives"
    monkeypatch.setattr(java_archive, "FOLDER", folder)
    return folder


def store(java: Java, *identity: str) -> None:
    """Do what Java does as it ends."""
    with archive_for(java, identity, may_store=True) as archive:
        assert archive.unfinished
        archive.unfinished.write_text("classes")


def test_what_is_stored_at_the_first_use_is_used_from_the_second_on(folder: Path) -> None:
    store(JAVA_25, "4.3")
    [stored] = folder.iterdir()
    with archive_for(JAVA_25, ["4.3"], may_store=True) as archive:
        assert archive.options == (f"-XX:AOTCache={stored}",)
        assert archive.unfinished is None


def test_an_older_java_stores_classes_its_own_way(folder: Path) -> None:
    with archive_for(JAVA_17, ["4.3"], may_store=True) as archive:
        assert archive.options[0].startswith("-XX:ArchiveClassesAtExit=")
    store(JAVA_17, "4.3")
    with archive_for(JAVA_17, ["4.3"], may_store=True) as archive:
        assert archive.options == (f"-XX:SharedArchiveFile={next(folder.iterdir())}",)


@pytest.mark.parametrize(
    ("java", "identity"),
    [(Java(Path("java"), "25.0.3"), "4.3"), (Java(Path("other"), "25.0.2"), "4.3"), (JAVA_25, "4.4")],
)
def test_another_java_or_another_spark_stores_its_own(folder: Path, java: Java, identity: str) -> None:
    store(JAVA_25, "4.3")
    store(java, identity)
    assert len(list(folder.iterdir())) == 2


def test_a_run_that_fails_stores_nothing_and_leaves_nothing(folder: Path) -> None:
    def fail() -> None:
        with archive_for(JAVA_25, ["4.3"], may_store=True) as archive:
            assert archive.unfinished
            archive.unfinished.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(folder.iterdir()) == []


def test_what_a_killed_run_left_unfinished_goes_and_what_another_stores_just_now_stays(folder: Path) -> None:
    (folder / "unfinished-1").mkdir(parents=True)
    (folder / "unfinished-1" / "spark-1").write_text("half")
    with archive_for(JAVA_25, ["4.3"], may_store=True) as archive:
        assert archive.unfinished
        assert list(folder.iterdir()) == [archive.unfinished.parent]
        with archive_for(JAVA_25, ["4.4"], may_store=True) as another:
            assert (another.options, another.unfinished) == ((), None)
        assert list(folder.iterdir()) == [archive.unfinished.parent]
        archive.unfinished.write_text("classes")
    [stored] = folder.iterdir()
    assert stored.read_text() == "classes"


def test_a_dry_run_stores_nothing(folder: Path) -> None:
    with archive_for(JAVA_25, ["4.3"], may_store=False) as archive:
        assert (archive.options, archive.unfinished) == ((), None)
    assert not folder.exists()


def test_java_that_ends_without_storing_leaves_nothing(folder: Path) -> None:
    with archive_for(JAVA_25, ["4.3"], may_store=True):
        pass
    assert list(folder.iterdir()) == []


def test_where_nothing_can_be_stored_spark_starts_all_the_same(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder.write_text("a file where the folder should be")
    with caplog.at_level(logging.INFO), archive_for(JAVA_25, ["4.3"], may_store=True) as archive:
        assert (archive.options, archive.unfinished) == ((), None)
    assert caplog.messages == [f"Spark starts slower than it could: {folder} cannot be written (File exists)"]


def test_a_run_on_spark_stores_classes_that_java_accepts(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    config = config_for(tmp_path, engine="spark")
    write_files(config.source, {"a.csv": csv_of(application("Ada Lim"))})
    publish(config)
    assert [row[:2] for row in outputs_of(config)[0]] == [("Ada", "Lim")]
    [stored] = folder.iterdir()
    jars = ":".join(map(str, java_gateway.jars()))
    # With the mode `on` Java ends with 1 when it cannot use what is stored.
    command = [
        str(find_java().command),
        *java_gateway.OPTIONS,
        f"-XX:AOTCache={stored}",
        "-XX:AOTMode=on",
        "-cp",
        jars,
        "-version",
    ]
    ran = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    assert ran.returncode == 0, ran.stdout + ran.stderr
