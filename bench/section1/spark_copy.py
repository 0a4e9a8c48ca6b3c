"""Plain copy in Spark: the engine's session and options, but only reading and writing."""

import sys
from pathlib import Path

from section1.config import load_process
from section1.core.columns import REQUIRED
from section1.operator.spark_operator import BRIEF_BYTES
from section1.operator.spark_session import spark_session

SCHEMA = ", ".join(f"{column} string" for column in REQUIRED)


def copy(source: Path, destination: Path) -> None:
    """Copy all rows, in as many tasks as the engine uses."""
    size = sum(path.stat().st_size for path in source.glob("*.csv"))
    settings = load_process("section1_process.yaml").spark
    with spark_session(settings, brief=size < BRIEF_BYTES) as spark:
        rows = spark.read.csv(f"file:{source}", SCHEMA, header=True, quote="", escape="", lineSep="\n", mode="FAILFAST")
        rows.write.csv(f"file:{destination}", header=True, quote='"', escape='"', emptyValue="")


if __name__ == "__main__":
    copy(Path(sys.argv[1]), Path(sys.argv[2]))
