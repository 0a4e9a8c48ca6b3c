"""Configuration of section 1 as frozen models. Source of the rules: section1/README.md, "Rules"."""

import re
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from common.config import Frozen, load
from common.errors import UsageError
from common.paths import ROOT

CONF = ROOT / "section1" / "conf"
SQL = ROOT / "section1" / "sql"


def _matching(pattern: str, expected: str) -> AfterValidator:
    """Return a validator for text that matches `pattern` completely."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text, re.ASCII):
            raise ValueError(f"expected {expected}")
        return text

    return AfterValidator(check)


def _day(text: object) -> date:
    try:
        if not re.fullmatch(r"(19|[2-9]\d)\d\d-\d\d-\d\d", str(text), re.ASCII):
            raise ValueError
        return datetime.strptime(str(text), "%Y-%m-%d").date()
    except ValueError:
        raise ValueError("expected a date since 1900 such as 2022-01-01") from None


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (
        ZoneInfoNotFoundError,
        ValueError,
        OSError,
        RecursionError,
    ):  # RecursionError: very long paths
        raise ValueError("expected a time zone such as Asia/Singapore") from None
    return name


def _directory(text: object) -> Path:
    if not isinstance(text, str | Path) or str(text).strip() in ("", "null", "~"):
        raise ValueError("expected a directory such as section1/resource/dest")
    return ROOT / text


def slot(shape: str) -> str:
    """Return the kind of a date shape by separator and position of the year, such as 'dash_year_first'."""
    return ("dash" if "-" in shape else "slash") + ("_year_first" if shape.startswith("yyyy") else "_year_last")


def _one_per_slot(shapes: tuple[str, ...]) -> tuple[str, ...]:
    if not shapes:
        raise ValueError("expected at least one shape such as [yyyy-MM-dd]")
    for shape in shapes:
        rivals = [other for other in shapes if slot(other) == slot(shape)]
        if len(rivals) > 1:
            raise ValueError(f"{' and '.join(rivals)} are ambiguous. Keep one.")
    return shapes


def _not_empty(endings: tuple[str, ...]) -> tuple[str, ...]:
    if not endings:
        raise ValueError("expected at least one ending such as [com, net]")
    return endings


Directory = Annotated[Path, BeforeValidator(_directory)]
Memory = Annotated[str, _matching(r"[1-9][0-9]{0,6}[kmg]", "an amount of memory for Java such as 1g")]
DuckdbMemory = Annotated[str, _matching(r"[1-9][0-9]{0,6}(KB|MB|GB)", "an amount of memory for DuckDB such as 512MB")]
Ending = Annotated[str, _matching(r"[A-Za-z0-9-]+", "the last label of a host such as com")]
Master = Annotated[
    str,
    _matching(
        r"local(\[([1-9][0-9]*|\*)\])?|yarn|(spark|k8s)://\S+", "a Spark master such as local[*] or spark://host:7077"
    ),
]
Shape = Literal[
    "yyyy-MM-dd", "yyyy-dd-MM", "yyyy/MM/dd", "yyyy/dd/MM", "MM/dd/yyyy", "dd/MM/yyyy", "MM-dd-yyyy", "dd-MM-yyyy"
]


class Rules(Frozen):
    """Conditions for a successful application."""

    as_of: Annotated[date, BeforeValidator(_day)]
    adult_age: Annotated[int, Field(ge=0, le=150)]
    email_endings: Annotated[tuple[Ending, ...], AfterValidator(_not_empty)]
    date_shapes: Annotated[tuple[Shape, ...], AfterValidator(_one_per_slot)]


class SparkSettings(Frozen):
    """Spark's master and memory."""

    master: Master
    driver_memory: Memory

    @property
    def is_local(self) -> bool:
        """True if Spark runs in one process."""
        return self.master.startswith("local")


class DuckdbSettings(Frozen):
    """DuckDB's memory limit, above which it uses the disk."""

    memory_limit: DuckdbMemory


class ProcessConfig(Frozen):
    """Configuration of the hourly job."""

    engine: Literal["spark", "duckdb"]
    source: Directory
    destination: Directory
    time_zone: Annotated[str, AfterValidator(_time_zone)]
    parts: Annotated[int, Field(ge=1, le=1000)]
    spark: SparkSettings
    duckdb: DuckdbSettings
    rules: Rules


def on_master(config: ProcessConfig, master: str) -> ProcessConfig:
    """Return the configuration for Spark on this master. Raises: UsageError."""
    try:
        spark = SparkSettings(master=master, driver_memory=config.spark.driver_memory)
    except ValidationError:
        raise UsageError(f"--master: expected a Spark master such as spark://host:7077, got {master!r}.") from None
    return config.model_copy(update={"engine": "spark", "spark": spark})


def load_process(name: str, option: str = "--task-config") -> ProcessConfig:
    """Return the configuration in a file of section1/conf or in a path. Raises: UsageError, which names `option`."""
    in_conf = {path.name: path for path in CONF.glob("*.yaml")}
    return load(ProcessConfig, in_conf.get(name, Path(name)), option)
