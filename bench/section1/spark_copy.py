"""Spark's bare copy: the job's own Java, settings and options, but only read and write."""

import sys
from pathlib import Path

from pyspark import SparkContext
from pyspark.sql import SparkSession

from section1.config import load_process
from section1.core.columns import REQUIRED
from section1.operator.java_gateway import gateway
from section1.operator.spark_operator import BRIEF_BYTES, spark_conf

SCHEMA = ", ".join(f"{column} string" for column in REQUIRED)


def copy(source: Path, destination: Path) -> None:
    """Copy the rows of every file, in as many tasks as the job has."""
    size = sum(path.stat().st_size for path in source.glob("*.csv"))
    settings = load_process("section1_process.yaml").spark
    with gateway(settings, brief=size < BRIEF_BYTES) as java:
        context = SparkContext(conf=spark_conf(java, settings), gateway=java)
        rows = SparkSession(context).read.csv(
            f"file:{source}", SCHEMA, header=True, quote="", escape="", lineSep="\n", mode="FAILFAST"
        )
        rows.write.csv(f"file:{destination}", header=True, quote='"', escape='"', emptyValue="")
        context.stop()


if __name__ == "__main__":
    copy(Path(sys.argv[1]), Path(sys.argv[2]))
