"""Spark's bare copy: the job's own Java, settings and options, but only read and write."""

import sys
from pathlib import Path

from py4j.clientserver import ClientServer
from pyspark import SparkConf, SparkContext
from pyspark.sql import SparkSession

from section1.config import load_process
from section1.operator.java_gateway import gateway
from section1.operator.spark_operator import SETTINGS
from section1.util.columns import REQUIRED

SCHEMA = ", ".join(f"{column} string" for column in REQUIRED)


def copy(source: Path, destination: Path) -> None:
    """Copy the rows of every file, into as many files as the job writes."""
    config = load_process("section1_process.yaml")
    size = sum(path.stat().st_size for path in source.glob("*.csv"))
    with gateway(config.spark) as java:
        context = SparkContext(conf=_conf(java, -(-size // config.parts)), gateway=java)
        rows = SparkSession(context).read.csv(
            f"file:{source}", SCHEMA, header=True, quote="", escape="", lineSep="\n", mode="FAILFAST"
        )
        rows.coalesce(config.parts).write.csv(f"file:{destination}", header=True, quote='"', escape='"', emptyValue="")
        context.stop()


def _conf(java: ClientServer, bytes_a_task: int) -> SparkConf:
    conf = SparkConf(_jvm=java.jvm).setAppName("section1").setAll(list(SETTINGS.items()))
    conf.set("spark.driver.host", "127.0.0.1").set("spark.driver.bindAddress", "127.0.0.1")
    return conf.set("spark.sql.files.maxPartitionBytes", str(bytes_a_task))


if __name__ == "__main__":
    copy(Path(sys.argv[1]), Path(sys.argv[2]))
