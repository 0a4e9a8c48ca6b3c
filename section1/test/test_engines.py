"""Both engines, one contract: every row in exactly one output, labelled as the oracle labels it."""

import string
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, seed, settings

from common.paths import ROOT
from section1.config import ProcessConfig
from section1.operator import duckdb_operator
from section1.test import nasty
from section1.test.nasty import cell, folders
from section1.test.oracle import judge
from section1.test.support import application, bytes_of, config_for, csv_of, outputs_of, publish, rows_of, write_files

REAL_FILE = ROOT.parent / "shared" / "data" / "applications" / "applications_dataset_1.csv"
MEGABYTE = 1 << 20
FILES_AT_ONCE = 1000

ENGINES = pytest.mark.parametrize("engine", ["duckdb", "spark"])

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
ODD_LINES = (",,,", " , 9123 ,31-02-1990, 12-34", "a,b,c", "a,b,c,d,e", '"a"b,c,d,e', "a\0,b,c,d", " ")


def label_everything(tmp_path: Path, engine: str, files: dict[str, bytes], **changes: object) -> ProcessConfig:
    """Publish a folder of these files and require what the oracle says of them."""
    config = config_for(tmp_path, engine=engine, **changes)
    write_files(config.source, files)
    report, verdict = publish(config).report, judge(files)
    assert {file.name: file.rows for file in report.files} == verdict.rows
    assert {file.name for file in report.refused} == verdict.refused
    assert outputs_of(config) == (Counter(verdict.successful), Counter(verdict.unsuccessful))
    return config


@ENGINES
def test_hand_made_and_generated_nasty_files_are_labelled_as_the_oracle_says(
    engine: str, tmp_path: Path, budget: Callable[[int, int], int], record: Callable[[dict[str, str]], None]
) -> None:
    files = list((HAND_MADE | nasty_files(budget(400, 10_000))).items())
    for start in range(0, len(files), FILES_AT_ONCE):
        label_everything(tmp_path / str(start), engine, dict(files[start : start + FILES_AT_ONCE]))
    record({"engine": engine, "files labelled as the oracle says": f"{len(files):,}"})


def test_each_nasty_value_by_itself_is_labelled_as_the_oracle_says(tmp_path: Path) -> None:
    names = [dress.format(core) for dress in nasty.DRESSES for core in nasty.CORES]
    names += ["Ada Mei Lim".replace(" ", gap) for gap in nasty.GAPS] + ["[", "@", "A", "Z", "a", "z"]
    emails = [f"{local}{amp}lin.com" for local in nasty.LOCALS for amp in nasty.AMPS]
    emails += [f"ada@{host}" for host in nasty.HOSTS] + ["a..b@lin.com", "a..b@lin..com", "a@lin.com..", "@..com"]
    emails += [f"{sign}@{sign}.com" for sign in string.printable if sign.isprintable()]
    days = [shape.format(*day) for shape in nasty.SHAPES for day in nasty.DAYS]
    plain = {"name": "Ada Lim", "email": "ada@lim.com", "date_of_birth": "1990-12-10", "mobile_no": "91234567"}
    values = {"name": names, "email": emails, "date_of_birth": days, "mobile_no": list(nasty.MOBILES)}
    rows = [plain | {column: value} for column in values for value in dict.fromkeys(values[column])]
    rows += [plain | {column: pad.format(value)} for column, value in plain.items() for pad in set(nasty.PADS)]
    lines = [",".join(cell(value.replace(nasty.WILD, "é"), "needed") for value in row.values()) for row in rows]
    assert len(lines) > 1_500
    label_everything(tmp_path, "duckdb", {"a.csv": csv_of(*lines, *ODD_LINES, *lines[:1], '"open')})


@pytest.mark.needs("shared_data")
@ENGINES
def test_the_real_file_gives_294_and_1705(engine: str, tmp_path: Path) -> None:
    config = label_everything(tmp_path, engine, {"real.csv": REAL_FILE.read_bytes()})
    successful, unsuccessful = outputs_of(config)
    assert (successful.total(), unsuccessful.total()) == (294, 1705)


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(files=folders())
def test_a_generated_nasty_folder_is_labelled_as_the_oracle_says(
    files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    if judge(files).rows:  # otherwise nothing can be read, and the job says so
        label_everything(tmp_path_factory.mktemp("nasty"), "duckdb", files)


def nasty_files(count: int) -> dict[str, bytes]:
    """Draw this many generated files, under names that differ."""
    files: dict[str, bytes] = {}

    @seed(20261123)
    @settings(max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(folders())
    def draw(folder: dict[str, bytes]) -> None:
        files.update(
            {f"{len(files) + number:06}{name}": content for number, (name, content) in enumerate(folder.items())}
        )

    draw()
    return dict(list(files.items())[:count])


def test_a_thousand_small_files_are_one_batch(tmp_path: Path) -> None:
    files = {f"{number:04}.csv": csv_of(application(mobile_no=f"9{number:07}")) for number in range(1000)}
    config = label_everything(tmp_path, "duckdb", files)
    assert outputs_of(config)[0].total() == 1000


@pytest.mark.parametrize(("engine", "parts"), [("duckdb", 3), ("spark", 3)])
def test_the_same_input_gives_the_same_bytes_in_as_many_parts_as_configured(
    engine: str, parts: int, tmp_path: Path
) -> None:
    files = {f"{n}.csv": csv_of(*(application(mobile_no=f"9{n}{row:06}") for row in range(50))) for n in range(7)}
    first = bytes_of(label_everything(tmp_path / "first", engine, files, parts=parts))
    again = bytes_of(label_everything(tmp_path / "again", engine, files, parts=parts))
    assert first == again
    assert len(first) == 2 * parts


def test_engines_write_the_same_bytes_of_one_file(tmp_path: Path) -> None:
    lines = [application(name=f" Ada\r{n} ,x", email='"a"b', date_of_birth='"", "') for n in range(9)]
    files = {"a.csv": csv_of(*lines, application())}
    on_duckdb, on_spark = (bytes_of(label_everything(tmp_path / e, e, files)) for e in ("duckdb", "spark"))
    assert on_duckdb == on_spark


def test_rows_stand_in_the_order_of_the_files(tmp_path: Path) -> None:
    files = {f"{n}.csv": csv_of(application(mobile_no=f"9000000{n}")) for n in range(5)}
    config = label_everything(tmp_path, "duckdb", files)
    rows = rows_of(config.destination / "successful_application" / "2026-11-23T16")
    assert [row[3] for row in rows] == ["90000000", "90000001", "90000002", "90000003", "90000004"]


def test_several_queries_write_the_same_bytes_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = config_for(tmp_path)
    write_files(config.source, {f"{n}.csv": csv_of(application(f"A{n} Lim"), application(name="")) for n in range(9)})
    publish(config)
    in_one = bytes_of(config)
    monkeypatch.setattr(duckdb_operator, "_BYTES_AT_ONCE", 200)  # two files
    publish(config, reprocess=True)
    assert bytes_of(config) == in_one
