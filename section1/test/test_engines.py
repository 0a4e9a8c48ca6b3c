"""Both engines, one contract: every row in exactly one output, labelled as the oracle labels it."""

import string
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from section1.operator import duckdb_operator
from section1.test import difficult_files
from section1.test.difficult_files import cell, directories
from section1.test.engines import ENGINES, HAND_MADE, SPARK_IF_SLOW, generated_files, label_as_oracle
from section1.test.oracle import judge
from section1.test.support import (
    BATCH,
    application,
    bytes_of,
    config_for,
    csv_of,
    outputs_of,
    publish,
    rows_of,
    write_files,
)

FILES_AT_ONCE = 1000
ODD_LINES = (",,,", " , 9123 ,31-02-1990, 12-34", "a,b,c", "a,b,c,d,e", '"a"b,c,d,e', "a\0,b,c,d", " ")


@pytest.mark.integration
@pytest.mark.full("rules")
@ENGINES
def test_difficult_files_are_labelled_as_the_oracle_does(
    engine: str, tmp_path: Path, budget: Callable[[int, int], int], record: Callable[[dict[str, str]], None]
) -> None:
    files = list((HAND_MADE | generated_files(budget(400, 10_000))).items())
    for start in range(0, len(files), FILES_AT_ONCE):
        label_as_oracle(tmp_path / str(start), engine, dict(files[start : start + FILES_AT_ONCE]))
    record({"engine": engine, "files labelled as the oracle does": f"{len(files):,}"})


def test_each_difficult_value_is_labelled_as_the_oracle_does(tmp_path: Path) -> None:
    pools = difficult_files
    names = [dress.format(core) for dress in pools.DRESSES for core in pools.CORES]
    names += ["Ada Mei Lim".replace(" ", gap) for gap in pools.GAPS] + ["[", "@", "A", "Z", "a", "z"]
    emails = [f"{local}{at}lin.com" for local in pools.LOCALS for at in pools.AT_SIGNS]
    emails += [f"ada@{host}" for host in pools.HOSTS] + ["a..b@lin.com", "a..b@lin..com", "a@lin.com..", "@..com"]
    emails += [f"{sign}@{sign}.com" for sign in string.printable if sign.isprintable()]
    days = [shape.format(*day) for shape in pools.SHAPES for day in pools.DAYS]
    plain = {"name": "Ada Lim", "email": "ada@lim.com", "date_of_birth": "1990-12-10", "mobile_no": "91234567"}
    values = {"name": names, "email": emails, "date_of_birth": days, "mobile_no": list(pools.MOBILES)}
    rows = [plain | {column: value} for column in values for value in dict.fromkeys(values[column])]
    rows += [plain | {column: pad.format(value)} for column, value in plain.items() for pad in set(pools.PADS)]
    lines = [",".join(cell(value.replace(pools.ANY, "é"), "needed") for value in row.values()) for row in rows]
    assert len(lines) > 1_500
    label_as_oracle(tmp_path, "duckdb", {"a.csv": csv_of(*lines, *ODD_LINES, *lines[:1], '"open')})


@ENGINES
def test_real_file_has_294_successful_and_1705_other_rows(engine: str, tmp_path: Path, real_data: Path) -> None:
    real = (real_data / "applications" / "applications_dataset_1.csv").read_bytes()
    successful, unsuccessful = outputs_of(label_as_oracle(tmp_path, engine, {"real.csv": real}))
    assert (successful.total(), unsuccessful.total()) == (294, 1705)


@pytest.mark.slow
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(files=directories())
def test_generated_directory_is_labelled_as_the_oracle_does(
    files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    if judge(files).rows:  # otherwise every file is refused
        label_as_oracle(tmp_path_factory.mktemp("difficult"), "duckdb", files)


@SPARK_IF_SLOW
def test_same_input_gives_the_same_bytes_in_three_parts(engine: str, tmp_path: Path) -> None:
    files = {f"{n}.csv": csv_of(*(application(mobile_no=f"9{n}{row:06}") for row in range(50))) for n in range(7)}
    first = bytes_of(label_as_oracle(tmp_path / "first", engine, files, parts=3))
    again = bytes_of(label_as_oracle(tmp_path / "again", engine, files, parts=3))
    assert first == again
    assert len(first) == 2 * 3


@pytest.mark.integration
def test_engines_write_the_same_bytes(tmp_path: Path) -> None:
    lines = [application(name=f" Ada\r{n} ,x", email='"a"b', date_of_birth='"", "') for n in range(9)]
    files = {"a.csv": csv_of(*lines, application())}
    on_duckdb, on_spark = (bytes_of(label_as_oracle(tmp_path / e, e, files)) for e in ("duckdb", "spark"))
    assert on_duckdb == on_spark


def test_rows_are_in_the_order_of_the_files(tmp_path: Path) -> None:
    files = {f"{n}.csv": csv_of(application(mobile_no=f"9000000{n}")) for n in range(5)}
    config = label_as_oracle(tmp_path, "duckdb", files)
    rows = rows_of(config.destination / "successful_application" / BATCH)
    assert [row[3] for row in rows] == ["90000000", "90000001", "90000002", "90000003", "90000004"]


def test_several_queries_write_the_same_bytes_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = config_for(tmp_path)
    write_files(config.source, {f"{n}.csv": csv_of(application(f"A{n} Lim"), application(name="")) for n in range(9)})
    publish(config)
    in_one = bytes_of(config)
    monkeypatch.setattr(duckdb_operator, "_BYTES_AT_ONCE", 200)  # two files
    publish(config, reprocess=True)
    assert bytes_of(config) == in_one
