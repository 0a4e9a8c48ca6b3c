"""Both engines for tests: a mark, a wrapper that interferes, and the comparison with the oracle."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, seed, settings

from section1 import main
from section1.config import ProcessConfig
from section1.core.report import Counts
from section1.main import engine_of
from section1.operator.engine import Engine
from section1.operator.source import Source
from section1.test.difficult_files import directories
from section1.test.oracle import judge
from section1.test.support import application, config_for, csv_of, outputs_of, publish, write_files

SPARK_IF_SLOW = pytest.mark.parametrize("engine", ["duckdb", pytest.param("spark", marks=pytest.mark.slow)])
ENGINES = pytest.mark.parametrize("engine", ["duckdb", pytest.param("spark", marks=pytest.mark.integration)])
MEGABYTE = 1 << 20
HAND_MADE = {
    "a.csv": csv_of(application(), application(name="")),
    "b,{1}[*]?.CSV": csv_of(application(name="李小龍"), application(name="அருள் குமார்")),
    "big.csv": csv_of(
        *(application(name="x" * MEGABYTE) for _ in range(3)),
        application(name="Mr " * (MEGABYTE // 3) + "Lee"),
        application(name="Lee" + " Jr" * (MEGABYTE // 3)),
        application(name='"' + "," * MEGABYTE + '"'),
        application(email="@" * MEGABYTE),
        application(email="." * MEGABYTE + "@a.com"),
        application(email="a@" + "a." * (MEGABYTE // 2) + "com"),
        application(email="a@" + "." * MEGABYTE + "com"),
        application(date_of_birth="0" * MEGABYTE),
        application(mobile_no="-" * MEGABYTE + "91234567"),
        '"' + "y" * MEGABYTE,
    ),
    "c d%20é.csv": b"mobile_no,extra,Name,date_of_birth, EMAIL \n91234567,x,Ada Lim,12/10/1990,a@b.net\n",
    "crlf.csv": b"\xef\xbb\xbf" + csv_of(application(name='"Lim, Ada"'), "").replace(b"\n", b"\r\n"),
    "empty.csv": b"",
    "header.csv": csv_of(),
}


def label_as_oracle(tmp_path: Path, engine: str, files: dict[str, bytes], **changes: object) -> ProcessConfig:
    """Publish these files and require exactly the oracle's result."""
    config = config_for(tmp_path, engine=engine, **changes)
    write_files(config.source, files)
    report, verdict = publish(config).report, judge(files)
    assert {file.name: file.rows for file in report.files} == verdict.rows
    assert {file.name for file in report.refused} == verdict.refused
    assert outputs_of(config) == (Counter(verdict.successful), Counter(verdict.unsuccessful))
    return config


def generated_files(count: int) -> dict[str, bytes]:
    """Return this many difficult files under different names; the same ones every time."""
    files: dict[str, bytes] = {}

    @seed(20261123)
    @settings(max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(directories())
    def draw(drawn: dict[str, bytes]) -> None:
        files.update(
            {f"{len(files) + number:06}{name}": content for number, (name, content) in enumerate(drawn.items())}
        )

    draw()
    return dict(list(files.items())[:count])


class Interfering:
    """An engine that calls functions before and after it labels, and reports `lost` successful rows too few."""

    name = "interfering"

    def __init__(
        self, engine: Engine, before: Callable[[Source], object], after: Callable[[Path], object], lost: int = 0
    ) -> None:
        self._engine, self._before, self._after, self._lost = engine, before, after, lost

    def versions(self) -> dict[str, str]:
        return {}

    def label(self, source: Source, successful: Path, unsuccessful: Path) -> Counts:
        self._before(source)
        counts = self._engine.label(source, successful, unsuccessful)
        self._after(successful)
        return counts.model_copy(update={"successful": counts.successful - self._lost})


def interfere(
    monkeypatch: pytest.MonkeyPatch,
    before: Callable[[Source], object] = lambda _: None,
    after: Callable[[Path], object] = lambda _: None,
    lost: int = 0,
) -> None:
    """Make runs use an interfering engine around the configured one."""
    monkeypatch.setattr(main, "engine_of", lambda config: Interfering(engine_of(config), before, after, lost))
