"""Starts the Java process that Spark lives in: directly, without Spark's launcher, on any Java 17 or newer."""

import logging
import os
import signal
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import IO

import pyspark
from py4j.clientserver import ClientServer
from pyspark.java_gateway import launch_gateway

from common.errors import JobError
from section1.config import CONF, SparkSettings
from section1.operator.java import Java, find_java
from section1.operator.java_archive import Archive, archive_for

_SECONDS_TO_START = 120
_SECONDS_TO_STORE = 120
QUIET = f"-Dlog4j2.configurationFile={CONF / 'section1_log4j2.properties'}"
SPARK_HOME = Path(pyspark.__file__).parent
logger = logging.getLogger(__name__)
# What Spark reaches into of java.base; its own launcher opens the same.
_OPENED = (
    *("java.lang", "java.lang.invoke", "java.lang.reflect", "java.io", "java.net", "java.nio", "java.util"),
    *("java.util.concurrent", "java.util.concurrent.atomic", "sun.nio.ch", "sun.nio.cs", "sun.security.action"),
    "sun.util.calendar",
)
OPTIONS = (
    "-XX:+ExitOnOutOfMemoryError",  # Spark would hang
    "-XX:+UseParallelGC",  # a batch job wants throughput, not short pauses
    QUIET,
    # As Spark's own launcher: for Java's serialisation of lambdas, and for netty's buffers.
    "-Djdk.reflect.useDirectMethodHandle=false",
    "-Dio.netty.tryReflectionSetAccessible=true",
    *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED),
)


class JavaGone(JobError):
    """Java ended in the middle of the work."""

    def __init__(self) -> None:
        super().__init__(
            "Java ended in the middle of the work, perhaps for lack of memory (spark.driver_memory and, in a "
            "container, SECTION1_MEMORY give it more); nothing was published"
        )


class JavaDied(JobError):
    """Java ended, or hung, before Spark was up."""

    def __init__(self, last_words: str) -> None:
        super().__init__(f"Java could not start Spark ({last_words or 'it said nothing'}); nothing was published")


@contextmanager
def gateway(settings: SparkSettings, *, brief: bool = False, dry_run: bool = False) -> Iterator[ClientServer]:
    """Keep a Java process for Spark while the body runs; it ends with this one, however that ends.

    `brief` work is done before Java's second compiler has paid for itself. Raises: JavaMissing, JavaDied.
    """
    java, libraries = find_java(), jars()
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryFile("w+") as words,
        archive_of(java, libraries, may_store=not dry_run) as archive,
    ):
        connection = Path(folder, "connection")
        own = [f"-Djava.io.tmpdir={folder}", *archive.options, *_compilers(archive, brief)]
        process = subprocess.Popen(
            [str(java.command), *own, *_arguments(settings, libraries)],
            stdin=subprocess.PIPE,  # Spark's gateway ends when this closes
            stdout=words,
            stderr=words,
            start_new_session=True,  # an interrupt is this process's to handle
            env=_environment(settings, connection),
        )
        try:
            _await(process, connection, words)
            with closing(_connect(connection)) as client:
                yield client
            if archive.unfinished:
                _let_it_store(process)
        finally:
            _end(process, archive)


def archive_of(java: Java, jars: list[Path], *, may_store: bool) -> AbstractContextManager[Archive]:
    """Give the classes that this Java has stored of these jars, as long as nothing that they depend on has changed."""
    return archive_for(java, [pyspark.__version__, *OPTIONS, *map(_stamp, jars)], may_store=may_store)


def jars() -> list[Path]:
    """Return Spark's jars in an order that does not depend on the disk: stored classes are bound to it."""
    return sorted((SPARK_HOME / "jars").glob("*.jar"))


def _stamp(jar: Path) -> str:
    """Return what Java looks at to see whether the classes that it has stored are still those of the jar."""
    status = jar.stat()
    return f"{jar} {status.st_size} {int(status.st_mtime)}"


def _arguments(settings: SparkSettings, jars: list[Path]) -> list[str]:
    return [
        f"-Xmx{settings.driver_memory}",
        *OPTIONS,
        *("-cp", ":".join(map(str, jars))),
        *("org.apache.spark.deploy.SparkSubmit", "--master", settings.master, "pyspark-shell"),
    ]


def _compilers(archive: Archive, brief: bool) -> list[str]:
    """Leave Java's second compiler out of brief work, but not of a run whose profiles are stored for longer ones."""
    return ["-XX:TieredStopAtLevel=1"] if brief and not archive.unfinished else []


def _end(process: subprocess.Popen[bytes], archive: Archive) -> None:
    """End Java, with the child that stores its classes, and keep nothing that it has not finished by itself."""
    assert process.stdin is not None
    process.stdin.close()
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    if process.wait() != 0 and archive.unfinished:
        archive.unfinished.unlink(missing_ok=True)


def _environment(settings: SparkSettings, connection: Path) -> dict[str, str]:
    return {
        **os.environ,
        "_PYSPARK_DRIVER_CONN_INFO_PATH": str(connection),
        "SPARK_HOME": str(SPARK_HOME),
        "SPARK_CONNECT_MODE": "0",
        **_address(settings),
        "LC_ALL": "C.UTF-8",  # or Java cannot open files whose path is not ASCII
    }


def _let_it_store(process: subprocess.Popen[bytes]) -> None:
    """Wait until Java, whose work is done, has stored its classes and ended; without them all is well too."""
    logger.info("storing the classes that Java has loaded, once, so that Spark starts sooner from now on")
    assert process.stdin is not None
    process.stdin.close()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_SECONDS_TO_STORE)


def _address(settings: SparkSettings) -> dict[str, str]:
    """Let Spark's pages on one machine be seen from there alone, unless the environment says otherwise."""
    return {"SPARK_LOCAL_IP": "127.0.0.1", **os.environ} if settings.is_local else {}


def _await(java: subprocess.Popen[bytes], connection: Path, words: IO[str]) -> None:
    """Wait until Java says where it listens. Raises: JavaDied with its last line, in which no row can stand yet."""
    deadline = time.monotonic() + _SECONDS_TO_START
    while not connection.exists():
        if java.poll() is not None or time.monotonic() > deadline:
            words.seek(0)
            raise JavaDied((words.read().strip().splitlines() or [""])[-1])
        time.sleep(0.02)


def _connect(connection: Path) -> ClientServer:
    """Connect py4j to the running Java; pyspark takes port and secret from the environment alone."""
    port, size = struct.unpack_from("!ii", said := connection.read_bytes())
    place = {"PYSPARK_GATEWAY_PORT": str(port), "PYSPARK_GATEWAY_SECRET": said[8 : 8 + size].decode()}
    os.environ.update(place)
    try:
        return launch_gateway()  # type: ignore[no-untyped-call]
    finally:
        for name in place:
            del os.environ[name]
