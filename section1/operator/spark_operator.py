"""Spark runs the labelling as it is written, on one machine or many."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from importlib.metadata import version
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from py4j.clientserver import ClientServer
from py4j.protocol import Py4JError, Py4JNetworkError
from pyspark import SparkConf, SparkContext
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from section1.config import Rules, SparkSettings
from section1.operator.engine import EngineFailed
from section1.operator.java_gateway import JavaGone, gateway
from section1.operator.parts import part_name
from section1.operator.source import Source, SourceFile
from section1.util.columns import REQUIRED, SUCCESSFUL, UNSUCCESSFUL
from section1.util.label_sql import LABEL, TALLY, parameters
from section1.util.report import Counts

_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
    # The number of tasks, and so of part files, follows from the input and the configuration, not from the cores.
    "spark.sql.files.minPartitionNum": "1",
    "spark.sql.shuffle.partitions": "8",
    # The staging folder is private: what a task has written need not wait for the job's end to be moved.
    "spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version": "2",
    "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
    # No .crc file beside each file.
    "spark.hadoop.fs.file.impl": "org.apache.hadoop.fs.RawLocalFileSystem",
}
_READ: dict[str, Any] = {"header": True, "sep": ",", "quote": "", "escape": "", "lineSep": "\n", "mode": "FAILFAST"}
# Without these Spark alters what it writes: quotes, empty values and outer white space.
_WRITE: dict[str, Any] = {
    "header": True,
    "lineSep": "\n",
    "quote": '"',
    "escape": '"',
    "emptyValue": "",
    "ignoreLeadingWhiteSpace": False,
    "ignoreTrailingWhiteSpace": False,
}


class SparkEngine:
    """Labels on the configured master."""

    name = "spark"

    def __init__(self, settings: SparkSettings, rules: Rules, parts: int) -> None:
        self._settings = settings
        self._parameters = parameters(rules)
        self._parts = parts

    def versions(self) -> dict[str, str]:
        """Return Spark's version."""
        return {"pyspark": version("pyspark")}

    def label(self, source: Source, successful: Path, unsuccessful: Path) -> Counts:
        """Write the two sets as part files into the two folders, and count them. Raises: EngineFailed, JavaMissing."""
        with self._session(source) as spark:
            _application(spark, source).createOrReplaceTempView("application")
            labelled = spark.sql(LABEL.read_text(encoding="utf-8"), args=self._parameters)
            labelled.createOrReplaceTempView("labelled")
            self._write(labelled.where("reasons is null").select(*SUCCESSFUL), successful)
            self._write(labelled.where("reasons is not null").select(*UNSUCCESSFUL), unsuccessful)
            tally = spark.sql(TALLY.read_text(encoding="utf-8")).collect()
            return Counts.of([(row.reasons, row.n_rows, row.shared_membership_ids) for row in tally])

    @contextmanager
    def _session(self, source: Source) -> Iterator[SparkSession]:
        """Keep a session while the body runs, that splits the source into about as many tasks as parts are wanted."""
        with gateway(self._settings) as java:
            try:
                context = SparkContext(conf=self._conf(source, java), gateway=java)
                yield SparkSession(context)
                context.stop()
            except (Py4JNetworkError, ConnectionError):
                raise JavaGone from None
            except (PySparkException, Py4JError) as error:
                raise EngineFailed(self.name, error) from None  # while Java is there to tell its text
            finally:
                # They would hand the ended Java to the next session.
                SparkContext._gateway = SparkContext._jvm = SparkContext._active_spark_context = None

    def _conf(self, source: Source, java: ClientServer) -> SparkConf:
        conf = SparkConf(_jvm=java.jvm).setAppName("section1")
        conf.setAll(list(_SETTINGS.items()))
        size = sum(file.staged.stat().st_size for file in source.files)
        conf.set("spark.sql.files.maxPartitionBytes", str(max(1, -(-size // self._parts))))
        conf.set("spark.sql.files.openCostInBytes", "0")
        if self._settings.master.startswith("local"):
            conf.set("spark.driver.host", "127.0.0.1").set("spark.driver.bindAddress", "127.0.0.1")
        return conf

    def _write(self, rows: DataFrame, folder: Path) -> None:
        """Write `rows` as part files, under the names that the outputs use."""
        scratch = folder.with_name(f"{folder.name}.spark")
        rows.coalesce(self._parts).write.csv(f"file:{scratch}", **_WRITE)
        for number, part in enumerate(sorted(scratch.glob("part-*.csv"))):
            part.rename(folder / part_name(number))


def _application(spark: SparkSession, source: Source) -> DataFrame:
    """Return the rows of the files; those of one header are read together, by name."""
    names = F.array(*(F.lit(file.read.name) for file in source.files))
    source_file = F.element_at(names, F.right("_metadata.file_name", F.lit(7)).cast("int") + 1).alias("source_file")
    groups = groupby(sorted(source.files, key=attrgetter("columns")), key=attrgetter("columns"))
    relations = (
        (_plain(spark, columns, group) if columns else _parquet(spark, group)).select(*REQUIRED, "raw_row", source_file)
        for columns, group in groups
    )
    return reduce(DataFrame.unionAll, relations)


def _plain(spark: SparkSession, columns: Sequence[str], files: Iterable[SourceFile]) -> DataFrame:
    schema = StructType([StructField(column, StringType()) for column in columns])
    return spark.read.csv(_paths(files), schema, **_READ).withColumn("raw_row", F.lit(None).cast("string"))


def _parquet(spark: SparkSession, files: Iterable[SourceFile]) -> DataFrame:
    return spark.read.parquet(*_paths(files))


def _paths(files: Iterable[SourceFile]) -> list[str]:
    """Return the staged paths with the characters escaped that Hadoop takes for a pattern."""
    return ["file:" + "".join(f"\\{c}" if c in "\\*?[]{}," else c for c in str(file.staged)) for file in files]
