"""What was measured becomes tables, verdicts and a picture; nobody is lost who failed or was not run."""

from pathlib import Path

import pytest

from bench.arguments import number_of_rows
from bench.measure import Spread, Summary
from bench.section1.contenders import DUCKDB, FLOOR, IMPORTS, PANDAS, POLARS, SPARK, SPARK_COPY, STOCK
from bench.section1.kept import Measured, add, measured_now, read
from bench.section1.plot import apart, draw
from bench.section1.report import section, short, size_table
from bench.section1.rounds import Size
from bench.section1.targets import targets_table


def took(wall: float, megabytes: float = 100) -> Summary:
    return Summary(*(Spread(value, value, value) for value in (wall, wall, megabytes * 1e6)))


SMALL: Size = {DUCKDB: took(0.6), SPARK: took(5, 800), STOCK: "not run: no Java on this machine", IMPORTS: took(0.2)}
MILLION: Size = {DUCKDB: took(5), SPARK: took(30, 900), POLARS: took(2), PANDAS: "failed: killed by signal 9"}
LARGE: Size = {DUCKDB: took(48, 600), SPARK: took(390), POLARS: took(30), FLOOR: took(12, 50)}


def cells(table: str) -> list[list[str]]:
    """Return what stands in a Markdown table below its header."""
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]


def test_targets_are_judged_where_their_sizes_were_run() -> None:
    assert cells(targets_table({5_000: SMALL, 1_000_000: MILLION})) == [
        ["DuckDB, 5k rows: wall / import floor", "3", "3", "pass"],
        ["Spark, 5k rows: wall / stock launch", "0.45", "not measured", ""],
    ]


def test_a_target_that_is_missed_fails() -> None:
    sizes = {1_000_000: MILLION, 10_000_000: LARGE | {SPARK: "failed", SPARK_COPY: took(100)}}
    assert [row[2:] for row in cells(targets_table(sizes))] == [
        ["1.6", "FAIL"],
        ["600", "FAIL"],
        ["not measured", ""],
        ["9.6", "pass"],
        ["not measured", ""],
    ]


def test_who_failed_stands_in_the_table_with_the_reason() -> None:
    assert ["pandas", "failed: killed by signal 9", "", "", "", "", ""] in cells(size_table(MILLION))


def test_ratios_are_those_of_wall_cpu_and_peak() -> None:
    assert cells(size_table(LARGE))[0][4:] == ["4.00 / 4.00 / 12.00", "1.60 / 1.60 / 6.00", ""]


def kept_of(sizes: dict[int, Size]) -> dict[int, Measured]:
    return {rows: measured_now(f"Measured on day {rows}.", 3, size) for rows, size in sizes.items()}


def test_the_section_names_the_sizes_that_were_never_measured_and_when_the_others_were() -> None:
    text = section(kept_of({5_000: SMALL, 1_000_000: MILLION}))
    assert "Not measured yet: 100k, 10M rows." in text
    assert "3 runs. Measured on day 5000." in text
    assert "3 runs. Measured on day 1000000." in text


def test_a_size_that_is_measured_again_replaces_itself_and_no_other_small_sizes_first(tmp_path: Path) -> None:
    path, known = tmp_path / "section1.json", kept_of({10_000_000: LARGE, 5_000: MILLION})
    add(path, 10_000_000, known[10_000_000])
    add(path, 5_000, known[5_000])
    known[5_000] = kept_of({5_000: SMALL})[5_000]
    again = add(path, 5_000, known[5_000])
    assert again == known == read(path)
    assert list(again) == [5_000, 10_000_000]
    assert again[10_000_000].size == LARGE


def test_nothing_is_kept_at_first(tmp_path: Path) -> None:
    assert read(tmp_path / "section1.json") == {}


@pytest.mark.parametrize("sizes", [{1_000_000: MILLION}, {5_000: SMALL, 1_000_000: MILLION, 10_000_000: LARGE}])
def test_the_picture_is_drawn_whatever_was_run(sizes: dict[int, Size], tmp_path: Path) -> None:
    draw(sizes, tmp_path / "section1.png")
    assert (tmp_path / "section1.png").read_bytes().startswith(b"\x89PNG")


def test_labels_that_would_touch_are_moved_apart_and_others_stay() -> None:
    low, high, far = apart([0.50, 0.51, 0.9], 0.05)
    assert (round(high - low, 3), round(low + high, 3), far) == (0.05, 1.01, 0.9)


@pytest.mark.parametrize(("text", "rows"), [("5k", 5_000), ("1M", 1_000_000), ("70", 70)])
def test_a_number_of_rows_is_read_and_written_alike(text: str, rows: int) -> None:
    assert (number_of_rows(text), short(rows)) == (rows, text)
