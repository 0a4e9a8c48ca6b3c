"""Reading section 1's committed batches."""

import json
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest

from common.batches import ReportInvalid
from section2.operator.application_batches import (
    Application,
    ApplicationsMissing,
    Batch,
    BatchInvalid,
    committed_batches,
)

HEADER = "first_name,last_name,date_of_birth,mobile_no,email,above_18,membership_id"
ADA = "Ada,Lim,19901210,91234567,ada@example.com,true,Lim_1218b"
HOUR = "2026-11-23T16"
ADVICE = "No member of the batch was loaded. Publish it again with section 1."


def add_report(destination: Path, batch: str, rows: int = 1) -> bytes:
    directory = destination / "report"
    directory.mkdir(exist_ok=True)
    content = json.dumps({"batch": batch, "counts": {"successful": rows}, "more": 1}).encode()
    (directory / f"{batch}.json").write_bytes(content)
    return content


def batch_of(directory: Path, parts: dict[str, str], rows: int = 1) -> Batch:
    for name, content in parts.items():
        (directory / name).write_text(content, encoding="utf-8")
    return Batch(HOUR, "0", directory, rows)


def test_batches_are_sorted_by_time(tmp_path: Path) -> None:
    names = ["2026-11-23T15-3", HOUR, f"{HOUR}-2", f"{HOUR}-10", "2026-11-23T17"]
    contents = {name: add_report(tmp_path, name, rows) for rows, name in enumerate(reversed(names))}
    assert committed_batches(tmp_path) == [
        Batch(name, sha256(contents[name]).hexdigest(), tmp_path / "successful_application" / name, 4 - index)
        for index, name in enumerate(names)
    ]


@pytest.mark.parametrize(("name", "key"), [(HOUR, f"{HOUR}-0001"), (f"{HOUR}-2", f"{HOUR}-0002")])
def test_key_pads_the_number_of_the_batch(name: str, key: str, tmp_path: Path) -> None:
    assert Batch(name, "0", tmp_path, 1).key == key


def test_destination_without_report_has_no_batch(tmp_path: Path) -> None:
    assert committed_batches(tmp_path) == []


def test_missing_destination_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(ApplicationsMissing) as caught:
        committed_batches(tmp_path / "x")
    message = "no such directory. Run section 1, or pass its destination with --applications."
    assert (str(caught.value), caught.value.exit_code) == (f"{tmp_path / 'x'}: {message}", 2)


def test_other_files_beside_reports_are_ignored(tmp_path: Path) -> None:
    add_report(tmp_path, HOUR)
    for name in (f".{HOUR}.json", f"{HOUR}.html", "notes"):
        (tmp_path / "report" / name).touch()
    assert [batch.name for batch in committed_batches(tmp_path)] == [HOUR]


def test_truncated_report_is_invalid(tmp_path: Path) -> None:
    add_report(tmp_path, HOUR)
    path = tmp_path / "report" / f"{HOUR}.json"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ReportInvalid) as caught:
        committed_batches(tmp_path)
    assert str(caught.value) == (
        f"{path}: not a valid report of this batch. Restore it, or remove it to withdraw the batch."
    )


def test_rows_are_numbered_across_parts(tmp_path: Path) -> None:
    numbers = Random(3).sample(range(40), 40)
    rows = {f"part-{number:05}.csv": ADA.replace("Ada", f"A{number:02}") for number in numbers}
    batch = batch_of(tmp_path, {name: f"{HEADER}\n{row}\n" for name, row in rows.items()}, 40)
    (tmp_path / ".part-00001.csv").touch()
    (tmp_path / "notes.txt").touch()
    assert [(row.row_number, row.first_name) for row in batch.applications()] == [
        (n + 1, f"A{n:02}") for n in range(40)
    ]


def test_columns_are_found_by_name(tmp_path: Path) -> None:
    lines = "membership_id,x,email,mobile_no,date_of_birth,last_name,first_name\nI,x,e,m,d,l,f\n"
    assert list(batch_of(tmp_path, {"a.csv": lines}).applications()) == [Application(1, "f", "l", "d", "m", "e", "I")]


def test_long_and_quoted_fields_are_read_unchanged(tmp_path: Path) -> None:
    name = 'A,"b\r\nc' + "é" * 1_000_000
    row = ADA.replace("Ada", '"' + name.replace('"', '""') + '"')
    [application] = batch_of(tmp_path, {"a.csv": f"{HEADER}\r\n{row}\r\n"}).applications()
    assert application.first_name == name


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "a.csv: missing column first_name"),
        (HEADER.replace("email", "mail"), "a.csv: missing column email"),
        (f"{HEADER}\n{ADA}\nAda,Lim\n", "a.csv: line 3 is not a valid row"),
        (f'{HEADER}\n"Ada"x,{ADA}\n', "a.csv: line 2 is not a valid row"),
        (f'{HEADER}\n{ADA},"', "a.csv: line 2 is not a valid row"),
        (f"{HEADER}\n{'A' * 17_000_000}{ADA}\n", "a.csv: line 2 is not a valid row"),
        (f"{HEADER}\n", ": found 0 rows, but the report counts 1"),
        (f"{HEADER}\n{ADA}\n{ADA}\n", ": found 2 rows, but the report counts 1"),
    ],
    ids=range(8),
)
def test_batch_that_differs_from_its_report_is_invalid(tmp_path: Path, content: str, problem: str) -> None:
    batch = batch_of(tmp_path, {"a.csv": content})
    with pytest.raises(BatchInvalid) as caught:
        list(batch.applications())
    where = f"{tmp_path}/" if problem.startswith("a") else f"{tmp_path}"
    assert str(caught.value) == f"{where}{problem}. {ADVICE}"


@pytest.mark.parametrize(
    ("content", "line"), [(f"{HEADER}\n".encode() + ADA.replace("Ada", "\xff").encode("latin-1"), 0), (b'"a"b,c\n', 1)]
)
def test_part_with_invalid_encoding_or_header_is_invalid(tmp_path: Path, content: bytes, line: int) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(BatchInvalid, match=rf"a\.csv: line {line} is not a valid row. {ADVICE}"):
        list(Batch(HOUR, "0", tmp_path, 1).applications())


def test_batch_without_directory_is_invalid(tmp_path: Path) -> None:
    with pytest.raises(BatchInvalid) as caught:
        list(Batch(HOUR, "0", tmp_path / "gone", 1).applications())
    assert str(caught.value) == f"{tmp_path}/gone: cannot be read (No such file or directory). {ADVICE}"
