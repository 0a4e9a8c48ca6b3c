"""The Spark engine, on one machine or a cluster."""

import shutil
from collections.abc import Iterable, Sequence
from functools import reduce
from importlib.metadata import version
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from pyspark.sql import Column, DataFrame, Observation, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from section1.config import Rules, SparkSettings
from section1.core.columns import NEEDS_QUOTES, REASONS, REQUIRED, SUCCESSFUL, UNSUCCESSFUL, header
from section1.core.comparison import Change
from section1.core.label_sql import COMPARE, LABEL, RELABEL, SHARED_IDS, parameters
from section1.core.parts import in_parts
from section1.core.plain_csv import BLOCK_BYTES
from section1.core.report import Counts
from section1.operator.parts import part_name
from section1.operator.source import Source, SourceFile
from section1.operator.spark_session import spark_session

BRIEF_BYTES = 16 << 20  # measured: 100,000 rows are faster with only Java's first compiler, a million are not
_READ: dict[str, Any] = {"header": True, "sep": ",", "quote": "", "escape": "", "lineSep": "\n", "mode": "FAILFAST"}
_READ_BACK: dict[str, Any] = {"quote": '"', "escape": '"', "multiLine": True, "lineSep": "\n", "mode": "FAILFAST"}


class SparkEngine:
    """Labels on the configured master."""

    name = "spark"

    def __init__(self, settings: SparkSettings, rules: Rules, parts: int) -> None:
        self._settings = settings
        self._parameters = parameters(rules)
        self._parts = parts

    def versions(self) -> dict[str, str]:
        return {"pyspark": version("pyspark")}

    def label(self, source: Source, successful: Path, unsuccessful: Path) -> Counts:
        lines = successful.with_name("lines")
        with spark_session(self._settings, brief=_is_brief(source)) as spark:
            tally = Observation("tally")
            _application(spark, source).createOrReplaceTempView("application")
            labelled = spark.sql(LABEL.read_text(encoding="utf-8"), args=self._parameters).observe(tally, *_tallied())
            output = F.when(F.col("reasons").isNull(), successful.name).otherwise(unsuccessful.name)
            quote = not all(file.needs_no_quotes for file in source.files)
            line = F.when(F.col("reasons").isNull(), _line(SUCCESSFUL, quote)).otherwise(_line(UNSUCCESSFUL, quote))
            written = labelled.select(line.alias("value"), output.alias("output"))
            written.write.partitionBy("output").text(f"file:{lines}")
            counts = _counts(tally, _shared_ids(spark, lines / f"output={successful.name}"))
        for directory, columns in ((successful, SUCCESSFUL), (unsuccessful, UNSUCCESSFUL)):
            _gather(lines / f"output={directory.name}", directory, header(columns), self._parts)
        return counts

    def compare(self, source: Source, other: Rules) -> list[Change]:
        relabel, label, compare = (path.read_text(encoding="utf-8") for path in (RELABEL, LABEL, COMPARE))
        with spark_session(self._settings, brief=_is_brief(source)) as spark:
            _application(spark, source).createOrReplaceTempView("application")
            spark.sql(label, args=self._parameters).createOrReplaceTempView("labelled")
            spark.sql(relabel).createOrReplaceTempView("application")
            spark.sql(label, args=parameters(other)).createOrReplaceTempView("labelled_again")
            return [Change(*row) for row in spark.sql(compare).collect()]


def _is_brief(source: Source) -> bool:
    """Return whether the job ends before Java's second compiler pays off."""
    return sum(file.read.bytes for file in source.files) < BRIEF_BYTES


def _application(spark: SparkSession, source: Source) -> DataFrame:
    """Return the rows of the files. Files with equal headers are read together."""
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
    """Return the staged paths, with Hadoop's pattern characters escaped."""
    return ["file:" + "".join(f"\\{c}" if c in "\\*?[]{}," else c for c in str(file.staged)) for file in files]


def _line(columns: Sequence[str], quote: bool) -> Column:
    """Return a line of CSV without its line end. Null is an empty field. `quote`: quote fields that need it."""
    fields = (F.coalesce(_quoted(column) if quote else F.col(column), F.lit("")) for column in columns)
    return F.concat(*[part for field in fields for part in (F.lit(","), field)][1:])


def _quoted(column: str) -> Column:
    """Return the column, in quotes if its value needs them."""
    quoted = F.concat(F.lit('"'), F.replace(column, F.lit('"'), F.lit('""')), F.lit('"'))
    return F.when(F.col(column).rlike(NEEDS_QUOTES.pattern), quoted).otherwise(F.col(column))


def _tallied() -> list[Column]:
    """Return the counts that Spark takes while it writes the rows."""
    by_reason = (F.count_if(F.contains("reasons", F.lit(reason))).alias(reason) for reason in REASONS)
    return [F.count(F.lit(1)).alias("rows"), F.count("reasons").alias("unsuccessful"), *by_reason]


def _shared_ids(spark: SparkSession, lines: Path) -> int:
    """Count the membership IDs of successful rows with different e-mail addresses."""
    if not lines.exists():
        return 0
    schema = StructType([StructField(column, StringType()) for column in SUCCESSFUL])
    spark.read.csv(f"file:{lines}", schema, **_READ_BACK).createOrReplaceTempView("successful")
    return int(spark.sql(SHARED_IDS.read_text(encoding="utf-8")).collect()[0].shared_ids)


def _counts(tally: Observation, shared_ids: int) -> Counts:
    found = tally.get
    return Counts(
        successful=found["rows"] - found["unsuccessful"],
        unsuccessful=found["unsuccessful"],
        reasons={reason: found[reason] for reason in REASONS},
        shared_membership_ids=shared_ids,
    )


def _gather(lines: Path, directory: Path, first_line: bytes, parts: int) -> None:
    """Concatenate the tasks' files in order into at most `parts` part files."""
    pieces = sorted(lines.glob("part-*"))
    for number, run in enumerate(in_parts(pieces, [piece.stat().st_size for piece in pieces], parts)):
        with (directory / part_name(number)).open("wb") as part:
            part.write(first_line)
            for piece in run:
                with piece.open("rb") as file:
                    shutil.copyfileobj(file, part, BLOCK_BYTES)
                piece.unlink()
