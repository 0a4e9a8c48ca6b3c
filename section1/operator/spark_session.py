"""A Spark session, started with Spark's own launcher on any Java 17 or newer."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from threading import Thread

import pyspark
from py4j.protocol import Py4JError, Py4JNetworkError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from common.errors import JobError
from section1.config import CONF, SparkSettings
from section1.operator.engine import EngineFailed
from section1.operator.java import find_java

SPARK_HOME = Path(pyspark.__file__).parent
QUIET = f'"-Dlog4j2.configurationFile={CONF / "section1_log4j2.properties"}"'
_FAST_START = "-XX:TieredStopAtLevel=1"  # only the first of Java's compilers: the second one pays off in long runs
_JAVA_OPTIONS = (
    "-XX:+ExitOnOutOfMemoryError",  # otherwise Spark hangs
    "-XX:+UseParallelGC",  # a batch job needs throughput, not short pauses
    "-XX:-UsePerfData",  # no files outside of the scratch directory
    QUIET,
)
_SETTINGS = {
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
    # The tasks, and so the order of the rows, depend on the input and not on the number of cores.
    "spark.sql.files.minPartitionNum": "1",
    "spark.sql.files.maxPartitionBytes": "32m",
    "spark.sql.files.openCostInBytes": "0",
    # Otherwise a task sorts its rows by output first.
    "spark.sql.maxConcurrentOutputFileWriters": "2",
    "spark.sql.shuffle.partitions": "8",
    # The staging directory is private: a task's output need not wait there for the end of the job.
    "spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version": "2",
    "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
    # The default codec executes a library from the scratch directory, which a container forbids.
    "spark.shuffle.mapStatus.compression.codec": "lz4",
    # No .crc file beside each file.
    "spark.hadoop.fs.file.impl": "org.apache.hadoop.fs.RawLocalFileSystem",
}
_STOPPED = ("SparkContext was shut down", "stopped SparkContext")  # in the messages of a session that ended early


class JavaEnded(JobError):
    """Java ended during the job."""

    def __init__(self) -> None:
        super().__init__(
            "Java ended during the job, perhaps because memory ran out. Nothing was published. "
            "Raise spark.driver_memory and, in a container, SECTION1_MEMORY."
        )


class JavaNotStarted(JobError):
    """Java ended before Spark was ready."""

    def __init__(self, last_line: str) -> None:
        super().__init__(f"Java could not start Spark: {last_line or 'it printed no message'}. Nothing was published.")


class ClusterGone(JobError):
    """The cluster did not start the session, or ended it."""

    def __init__(self, master: str) -> None:
        super().__init__(
            f"{master}: no Spark master answered, or no executor stayed alive. Nothing was published. "
            "Read the logs of the master and the workers, or pass another --master."
        )


@contextmanager
def spark_session(settings: SparkSettings, *, brief: bool) -> Iterator[SparkSession]:
    """Keep a session while the body runs. `brief`: the work takes seconds, so that a fast start matters most.

    Raises: JavaMissing, JavaNotStarted, JavaEnded, ClusterGone, EngineFailed.
    """
    spark = _start(settings, brief)
    try:
        yield spark
    except (Py4JNetworkError, ConnectionError):
        raise JavaEnded from None
    except (PySparkException, Py4JError) as error:
        if not settings.is_local and any(text in str(error) for text in _STOPPED):
            raise ClusterGone(settings.master) from None
        raise EngineFailed("spark", error) from None
    finally:
        # In another thread, with another connection: after a signal this one waits until Java's job is done.
        stopping = Thread(target=_stop, args=(spark,))
        stopping.start()
        stopping.join()


def _stop(spark: SparkSession) -> None:
    with suppress(Py4JError, ConnectionError):  # Java has ended
        spark.stop()


def _start(settings: SparkSettings, brief: bool) -> SparkSession:
    log = _scratch() / "java.log"
    launch = {**find_java().environment(), "SECTION1_JAVA_LOG": str(log), "SPARK_LAUNCHER_OPTS": _FAST_START}
    if settings.is_local:  # Spark's pages are for this machine only
        launch["SPARK_LOCAL_IP"] = os.environ.get("SPARK_LOCAL_IP", "127.0.0.1")
    try:
        with _environment(launch):
            return SparkSession.Builder().config(map=spark_settings(settings, brief=brief)).getOrCreate()
    except (Py4JNetworkError, ConnectionError):
        raise JavaEnded from None
    except (PySparkException, Py4JError) as error:
        if isinstance(error, PySparkException) and error.getCondition() == "JAVA_GATEWAY_EXITED":
            raise JavaNotStarted(_last_line(log)) from None
        if not settings.is_local:
            raise ClusterGone(settings.master) from None
        raise EngineFailed("spark", error) from None


def spark_settings(settings: SparkSettings, *, brief: bool) -> dict[str, str | bool | float | int | None]:
    """Return the session's settings. A local session listens on this machine only."""
    java = [*_JAVA_OPTIONS, f'"-Djava.io.tmpdir={_scratch()}"', *([_FAST_START] if brief else [])]
    chosen: dict[str, str | bool | float | int | None] = {
        "spark.app.name": "section1",
        "spark.master": settings.master,
        "spark.driver.memory": settings.driver_memory,
        "spark.driver.extraJavaOptions": " ".join(java),
        **_SETTINGS,
    }
    if settings.is_local:
        return chosen | {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    chosen["spark.executor.extraJavaOptions"] = f"{QUIET} -XX:+ExitOnOutOfMemoryError"
    if secret := os.environ.get("_SPARK_AUTH_SECRET"):  # the nodes read this variable, a job does not
        chosen |= {"spark.authenticate": "true", "spark.authenticate.secret": secret}
    return chosen


@cache
def _scratch() -> Path:
    """Return this process's directory for Java's temporary files and log, removed when the process ends."""
    _scratch_directories.append(tempfile.TemporaryDirectory(prefix="section1-", ignore_cleanup_errors=True))
    return Path(_scratch_directories[0].name)


_scratch_directories: list[tempfile.TemporaryDirectory[str]] = []


def _last_line(log: Path) -> str:
    """Return Java's last message. It comes from before the first row was read."""
    with suppress(OSError):
        return (log.read_text(errors="replace").strip().splitlines() or [""])[-1]
    return ""


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set the variables while the body runs. The child processes that it starts keep them."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
