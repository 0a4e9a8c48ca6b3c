"""Results of section 1's benchmark: stored, and shown as tables, verdicts and a plot."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.arguments import number_of_rows
from bench.measure import Spread, Summary
from bench.section1 import pandas_job, polars_job
from bench.section1.contenders import DUCKDB, IMPORTS, IO_BASELINE, PANDAS, PLAIN_PYSPARK, POLARS, SPARK, SPARK_COPY
from bench.section1.plot import draw
from bench.section1.report import section, short, size_table
from bench.section1.rounds import Size, rows_of
from bench.section1.store import Result, add, read
from bench.section1.targets import targets_table


def summary(wall: float, megabytes: float = 100) -> Summary:
    return Summary(*(Spread(value, value, value) for value in (wall, wall, megabytes * 1e6)))


SMALL: Size = {
    DUCKDB: summary(0.6),
    SPARK: summary(5, 800),
    PLAIN_PYSPARK: "failed: exit code 1",
    IMPORTS: summary(0.2),
}
MILLION: Size = {DUCKDB: summary(5), SPARK: summary(30, 900), POLARS: summary(2), PANDAS: "failed: killed by signal 9"}
LARGE: Size = {DUCKDB: summary(48, 600), SPARK: summary(390), POLARS: summary(30), IO_BASELINE: summary(12, 50)}


def results(sizes: dict[int, Size]) -> dict[int, Result]:
    return {rows: Result.of(f"Measured on day {rows}.", 3, size) for rows, size in sizes.items()}


def cells(table: str) -> list[list[str]]:
    """Return the cells of a Markdown table below its header."""
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]


def test_targets_table_has_only_measured_sizes() -> None:
    assert cells(targets_table({5_000: SMALL, 1_000_000: MILLION})) == [
        ["DuckDB, 5k rows: wall / import baseline", "3", "3", "pass"],
        ["Spark, 5k rows: wall / plain PySpark", "0.8", "not measured", ""],
    ]


def test_targets_table_has_verdicts() -> None:
    sizes = {1_000_000: MILLION, 10_000_000: LARGE | {SPARK: "failed", SPARK_COPY: summary(100)}}
    assert [row[2:] for row in cells(targets_table(sizes))] == [
        ["1.6", "FAIL"],
        ["600", "FAIL"],
        ["not measured", ""],
        ["9.6", "pass"],
        ["not measured", ""],
    ]


def test_size_table_has_failures_and_ratios() -> None:
    assert ["pandas", "failed: killed by signal 9", "", "", "", "", ""] in cells(size_table(MILLION))
    assert cells(size_table(LARGE))[0][4:] == ["4.00 / 4.00 / 12.00", "1.60 / 1.60 / 6.00", ""]


def test_section_lists_missing_sizes_and_origins() -> None:
    text = section(results({5_000: SMALL, 1_000_000: MILLION}))
    assert "Not measured yet: 100k, 10M rows." in text
    assert "Runs: 3.\nMeasured on day 5000." in text
    assert "Runs: 3.\nMeasured on day 1000000." in text


def test_store_replaces_one_size_and_sorts(tmp_path: Path) -> None:
    path = tmp_path / "section1.json"
    assert read(path) == {}
    expected = results({5_000: SMALL, 10_000_000: LARGE})
    add(path, 10_000_000, expected[10_000_000])
    add(path, 5_000, results({5_000: MILLION})[5_000])
    stored = add(path, 5_000, expected[5_000])
    assert stored == expected == read(path)
    assert list(stored) == [5_000, 10_000_000]
    assert stored[10_000_000].size == LARGE


@pytest.mark.parametrize("sizes", [{1_000_000: MILLION}, {5_000: SMALL, 1_000_000: MILLION, 10_000_000: LARGE}])
def test_draw_writes_a_png(sizes: dict[int, Size], tmp_path: Path) -> None:
    draw(sizes, tmp_path / "section1.png")
    assert (tmp_path / "section1.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("text", "rows"), [("5k", 5_000), ("1M", 1_000_000), ("70", 70)])
def test_number_of_rows_round_trips(text: str, rows: int) -> None:
    assert (number_of_rows(text), short(rows)) == (rows, text)


@pytest.mark.integration
@pytest.mark.parametrize("label", [polars_job.label, pandas_job.label], ids=["polars", "pandas"])
def test_comparison_jobs_label_plain_rows(label: Callable[[Path, Path], None], tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "name,email,date_of_birth,mobile_no\n"
        "Dr. Ada Mei Lim PhD,ada@lim.com,1990/12/10,9123 4567\n"
        ",ada@lim.org,2010-01-02,123\n"
        "Ada Lim,ada@lim.net,31-02-1990,91234567\n"
    )
    label(tmp_path, tmp_path / "dest")
    found = {row for row in rows_of(tmp_path / "dest") if "first_name" not in row}
    assert found == {
        ("Ada Mei", "Lim", "19901210", "91234567", "ada@lim.com", "true", "Lim_1218b"),
        (
            *("", "", "20100102", "123", "ada@lim.org", "false", "name_missing;mobile_invalid;under_18;email_invalid"),
            *("", "ada@lim.org", "2010-01-02", "123", "", "a.csv"),
        ),
        (
            *("Ada", "Lim", "", "91234567", "ada@lim.net", "", "birthday_invalid"),
            *("Ada Lim", "ada@lim.net", "31-02-1990", "91234567", "", "a.csv"),
        ),
    }
