"""Section 1's configuration as frozen types. Source of the rules: the membership policy, section1/README.md."""

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
    """Refuse text that is not all of `pattern`."""

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
    except (ZoneInfoNotFoundError, ValueError, OSError, RecursionError):  # the last one of a thousand folders
        raise ValueError("expected a time zone such as Asia/Singapore") from None
    return name


def _folder(text: object) -> Path:
    if not isinstance(text, str | Path) or str(text).strip() in ("", "null", "~"):
        raise ValueError("expected a directory such as section1/resource/dest")
    return ROOT / text


def slot(shape: str) -> str:
    """Name the place of a date shape among the four that can be told apart, such as 'dash_year_first'."""
    return ("dash" if "-" in shape else "slash") + ("_year_first" if shape.startswith("yyyy") else "_year_last")


def _one_a_slot(shapes: tuple[str, ...]) -> tuple[str, ...]:
    if not shapes:
        raise ValueError("expected at least one shape such as [yyyy-MM-dd]")
    for shape in shapes:
        rivals = [other for other in shapes if slot(other) == slot(shape)]
        if len(rivals) > 1:
            raise ValueError(f"{' and '.join(rivals)} cannot be told apart. Keep one.")
    return shapes


def _some(endings: tuple[str, ...]) -> tuple[str, ...]:
    if not endings:
        raise ValueError("expected at least one ending such as [com, net]")
    return endings


Folder = Annotated[Path, BeforeValidator(_folder)]
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
    """What makes an application successful."""

    as_of: Annotated[date, BeforeValidator(_day)]
    adult_age: Annotated[int, Field(ge=0, le=150)]
    email_endings: Annotated[tuple[Ending, ...], AfterValidator(_some)]
    date_shapes: Annotated[tuple[Shape, ...], AfterValidator(_one_a_slot)]


class SparkSettings(Frozen):
    """Where Spark works, and with how much memory."""

    master: Master
    driver_memory: Memory

    @property
    def is_local(self) -> bool:
        """Whether all the work is done in one process."""
        return self.master.startswith("local")


class DuckdbSettings(Frozen):
    """How much memory DuckDB may take before it works on disk."""

    memory_limit: DuckdbMemory


class ProcessConfig(Frozen):
    """One hourly job: from where, to where, by which rules, on which engine."""

    engine: Literal["spark", "duckdb"]
    source: Folder
    destination: Folder
    time_zone: Annotated[str, AfterValidator(_time_zone)]
    parts: Annotated[int, Field(ge=1, le=1000)]
    spark: SparkSettings
    duckdb: DuckdbSettings
    rules: Rules


def on_master(config: ProcessConfig, master: str) -> ProcessConfig:
    """Return the configuration, but on Spark, and on this master. Raises: UsageError."""
    try:
        spark = SparkSettings(master=master, driver_memory=config.spark.driver_memory)
    except ValidationError:
        raise UsageError(f"--master: {master!r} is no Spark master (e.g. spark://host:7077)") from None
    return config.model_copy(update={"engine": "spark", "spark": spark})


def load_process(name: str, option: str = "--task-config") -> ProcessConfig:
    """Return the configuration that `option` names: a file of section1/conf, or a path. Raises: UsageError."""
    in_conf = {path.name: path for path in CONF.glob("*.yaml")}
    return load(ProcessConfig, in_conf.get(name, Path(name)), option)
