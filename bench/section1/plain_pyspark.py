"""Labelling in plain PySpark: default settings, two writes and one count."""

import sys
from pathlib import Path

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from section1.config import load_process
from section1.core.columns import OUTPUTS, REQUIRED
from section1.core.label_sql import LABEL, parameters

SCHEMA = ", ".join(f"{column} string" for column in REQUIRED)


def label(source: Path, destination: Path) -> None:
    """Write the applications to the two outputs, one part file each, and count them."""
    spark = SparkSession.builder.getOrCreate()
    _application(spark, source).createOrReplaceTempView("application")
    rules = load_process("section1_process.yaml").rules
    labelled = spark.sql(LABEL.read_text(encoding="utf-8"), args=parameters(rules))
    for (output, columns), condition in zip(OUTPUTS.items(), ("is null", "is not null"), strict=True):
        rows = labelled.where(f"reasons {condition}").select(*columns).coalesce(1)
        rows.write.csv(str(destination / output), header=True, escape='"', emptyValue="")
    count(labelled)
    spark.stop()


def count(labelled: DataFrame) -> list[Row]:
    """Count each combination of reasons, and the membership IDs that several e-mail addresses share."""
    shared = F.col("membership_id").isNotNull() & (F.min("email") != F.max("email"))
    by_id = labelled.groupBy("reasons", "membership_id").agg(F.count("*").alias("rows"), shared.alias("shared"))
    return by_id.groupBy("reasons").agg(F.sum("rows"), F.count_if("shared")).collect()


def _application(spark: SparkSession, source: Path) -> DataFrame:
    rows = spark.read.csv(str(source), SCHEMA, header=True, escape='"')
    return rows.select(
        *REQUIRED, F.lit(None).cast("string").alias("raw_row"), F.col("_metadata.file_name").alias("source_file")
    )


if __name__ == "__main__":
    label(Path(sys.argv[1]), Path(sys.argv[2]))
