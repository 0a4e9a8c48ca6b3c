"""The command hour after hour: which files a batch takes, and what replaces what."""

import json
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from section1.config import CONF, ProcessConfig
from section1.core.columns import OUTPUTS, REASONS
from section1.main import SourceGone
from section1.operator.destination import ReportUnreadable
from section1.test.support import BATCH, application, bytes_of, config_for, csv_of, publish, write_files
from section1.test.test_manage import manage, published

SECOND, NEXT = f"{BATCH}-2", "2026-11-23T17"
FIRST_FILE = csv_of(application())
NEW_FILE = csv_of(application(mobile_no="123"))
NO_EMAIL = b"name,date_of_birth,mobile_no\nAda Lim,1990-12-10,91234567\n"
SUCCESSFUL_HEADER = b"first_name,last_name,date_of_birth,mobile_no,email,above_18,membership_id\n"
UNSUCCESSFUL_HEADER = (
    b"first_name,last_name,date_of_birth,mobile_no,email,above_18,reasons,"
    b"raw_name,raw_email,raw_date_of_birth,raw_mobile_no,raw_row,source_file\n"
)
EMPTY = {
    "successful_application/part-00000.csv": SUCCESSFUL_HEADER,
    "unsuccessful_application/part-00000.csv": UNSUCCESSFUL_HEADER,
}
NOTHING_TO_DO = f"batch {BATCH} is published and no file is new since; nothing to do\n"


@pytest.fixture
def config(tmp_path: Path) -> ProcessConfig:
    """Src and dest of a folder whose one file of one good row is published."""
    config = config_for(tmp_path)
    write_files(config.source, {"a.csv": FIRST_FILE})
    publish(config)
    return config


def report_of(config: ProcessConfig, batch: str = BATCH) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((config.destination / "report" / f"{batch}.json").read_text())
    return report


def everything_in(config: ProcessConfig) -> dict[str, bytes]:
    """Return every file a reader of the destination can see."""
    paths = (path for folder in (*OUTPUTS, "report") for path in (config.destination / folder).rglob("*"))
    return {str(path.relative_to(config.destination)): path.read_bytes() for path in paths if path.is_file()}


def cells_of(table: str) -> dict[str, str]:
    """Return what the closing table says, by its first column."""
    pairs = (re.split(r" {2,}", line.strip()) for line in table.splitlines())
    return {pair[0]: pair[-1] for pair in pairs if len(pair) == 2}


def file_read(name: str, content: bytes, rows: int) -> dict[str, Any]:
    return {"name": name, "bytes": len(content), "sha256": sha256(content).hexdigest(), "rows": rows}


def test_an_empty_folder_publishes_an_empty_batch(tmp_path: Path) -> None:
    config = config_for(tmp_path)
    write_files(config.source, {})
    assert manage(tmp_path).code == 0
    assert (published(tmp_path), bytes_of(config), report_of(config)["files"]) == ([BATCH], EMPTY, [])


def test_a_refused_file_is_named_with_its_reason_and_the_others_are_published(tmp_path: Path) -> None:
    config = config_for(tmp_path)
    write_files(config.source, {"a.csv": FIRST_FILE, "no email.csv": NO_EMAIL, "nothing.csv": b""})
    ran = manage(tmp_path)
    cells = cells_of(ran.out)
    assert (ran.code, ran.err, published(tmp_path)) == (3, "", [BATCH])
    assert (cells["files read"], cells["files refused"], cells["successful"]) == ("1", "2", "1")
    assert (cells["no email.csv"], cells["nothing.csv"]) == ("the column 'email' is missing", "has no bytes")


@pytest.mark.parametrize("name", ["a [copy].csv", "a:warning:.csv"])
def test_a_refused_file_is_named_as_it_is_called(tmp_path: Path, name: str) -> None:
    write_files(tmp_path / "src", {"a.csv": FIRST_FILE, name: b""})
    assert f"  {name}  " in manage(tmp_path).out


def test_when_every_file_is_refused_nothing_is_published(tmp_path: Path) -> None:
    write_files(tmp_path / "src", {"a.csv": NO_EMAIL, "b.csv": b""})
    ran = manage(tmp_path)
    problems = "a.csv: the column 'email' is missing; b.csv: has no bytes"
    assert ran == (
        1,
        "",
        f"section1_manage.py: no file can be read, nothing was published ({problems}); mend or remove them\n",
    )
    assert published(tmp_path) == []


def test_only_csv_files_of_the_folder_itself_are_read(tmp_path: Path) -> None:
    config = config_for(tmp_path)
    names = ["B.CSV", "a.csv", "c.CsV", ".d.csv", "e.csv.bak", "f.txt", "csv"]
    write_files(config.source, {name: csv_of(application(), application(name=name)) for name in names})
    write_files(config.source / "g.csv", {"h.csv": FIRST_FILE})
    assert manage(tmp_path).code == 0
    assert [file["name"] for file in report_of(config)["files"]] == ["B.CSV", "a.csv", "c.CsV"]


def test_the_report_tells_files_counts_and_reasons_and_nothing_personal(tmp_path: Path) -> None:
    config = config_for(tmp_path)
    mixed = csv_of(
        *(application(), application(email="eve@lim.net"), application(mobile_no="1", email="a@b.org")),
        *(application(name=""), application(date_of_birth="2004-01-02"), "a,b", application(date_of_birth="")),
    )
    write_files(config.source, {"a.csv": mixed, "b.csv": b"", "c.csv": csv_of()})
    assert manage(tmp_path).code == 3
    report = report_of(config)
    assert set(report.pop("versions")) == {"python", "duckdb", "sqlglot"}
    assert set(report.pop("seconds")) == {"reading", "labelling"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00", report.pop("started_at"))
    assert report == {
        "batch": BATCH,
        "engine": "duckdb",
        "files": [file_read("a.csv", mixed, 7), file_read("c.csv", csv_of(), 0)],
        "skipped": [],
        "refused": [{"name": "b.csv", "problem": "has no bytes"}],
        "rows": 7,
        "counts": {
            "successful": 2,
            "unsuccessful": 5,
            "reasons": dict(zip(REASONS, (1, 1, 1, 1, 0, 1, 1), strict=True)),
            "shared_membership_ids": 1,
        },
    }


def test_a_second_run_without_a_new_file_says_so_in_one_line_and_changes_nothing(
    config: ProcessConfig, tmp_path: Path
) -> None:
    before = everything_in(config)
    assert manage(tmp_path) == (0, NOTHING_TO_DO, "")
    assert everything_in(config) == before


def test_a_second_run_whose_only_new_file_is_refused_names_it(config: ProcessConfig, tmp_path: Path) -> None:
    (config.source / "b.csv").write_bytes(NO_EMAIL)
    ran = manage(tmp_path)
    assert ran == (3, f"{NOTHING_TO_DO}refused: b.csv: the column 'email' is missing\n", "")
    assert published(tmp_path) == [BATCH]


def test_a_new_file_in_the_same_hour_is_published_beside_the_first_batch(config: ProcessConfig, tmp_path: Path) -> None:
    before = everything_in(config)
    (config.source / "b.csv").write_bytes(NEW_FILE)
    assert manage(tmp_path).code == 0
    assert published(tmp_path) == [BATCH, SECOND]
    assert everything_in(config).items() > before.items()
    report = report_of(config, SECOND)
    assert report["files"] == [file_read("b.csv", NEW_FILE, 1)]
    assert report["skipped"] == [{"name": "a.csv", "sha256": sha256(FIRST_FILE).hexdigest(), "batch": BATCH}]


def test_content_that_a_batch_holds_is_skipped_under_any_name_and_said_so_in_the_next_hour(
    config: ProcessConfig, tmp_path: Path
) -> None:
    write_files(config.source, {"renamed.csv": FIRST_FILE, "z.csv": NEW_FILE})
    ran = manage(tmp_path, batch=NEXT)
    assert (ran.code, cells_of(ran.out)["files skipped, in a batch already"]) == (0, "1")
    report = report_of(config, NEXT)
    assert report["skipped"] == [{"name": "renamed.csv", "sha256": sha256(FIRST_FILE).hexdigest(), "batch": BATCH}]
    assert (report["files"], report["rows"]) == ([file_read("z.csv", NEW_FILE, 1)], 1)


def test_an_hour_without_new_files_publishes_its_empty_batch(config: ProcessConfig, tmp_path: Path) -> None:
    assert manage(tmp_path, batch=NEXT).code == 0
    assert (published(tmp_path), bytes_of(config, NEXT)) == ([BATCH, NEXT], EMPTY)


def test_replacing_a_batch_of_unchanged_input_gives_the_same_bytes(config: ProcessConfig, tmp_path: Path) -> None:
    before = bytes_of(config)
    assert manage(tmp_path, "--reprocess").code == 0
    assert (published(tmp_path), bytes_of(config)) == ([BATCH], before)


def test_replacing_a_batch_judges_by_the_rules_of_today(config: ProcessConfig, tmp_path: Path) -> None:
    shipped = (CONF / "section1_process.yaml").read_text()
    (tmp_path / "strict.yaml").write_text(shipped.replace("adult_age: 18", "adult_age: 99"))
    assert manage(tmp_path, "--reprocess", "--task-config", "strict.yaml").code == 0
    row = b"Ada,Lim,19901210,91234567,ada@lim.com,false,under_18,Ada Lim,ada@lim.com,1990-12-10,91234567,,a.csv\n"
    assert (published(tmp_path), bytes_of(config)) == (
        [BATCH],
        EMPTY | {"unsuccessful_application/part-00000.csv": UNSUCCESSFUL_HEADER + row},
    )


def test_a_later_batch_of_an_hour_can_be_replaced_too(config: ProcessConfig, tmp_path: Path) -> None:
    (config.source / "b.csv").write_bytes(NEW_FILE)
    publish(config)
    before = bytes_of(config, SECOND)
    assert manage(tmp_path, "--reprocess", batch=SECOND).code == 0
    assert (published(tmp_path), bytes_of(config, SECOND)) == ([BATCH, SECOND], before)


def test_a_batch_whose_file_is_gone_is_not_replaced(config: ProcessConfig, tmp_path: Path) -> None:
    before = everything_in(config)
    write_files(config.source, {"b.csv": NEW_FILE})
    ran = manage(tmp_path, "--reprocess")
    problem = f"--reprocess: batch {BATCH} holds files that cannot be read any more (a.csv); put them back"
    assert ran == (SourceGone.exit_code, "", f"section1_manage.py: {problem}\n")
    assert (SourceGone.exit_code, everything_in(config)) == (2, before)


def test_replacing_a_batch_whose_file_has_another_batchs_content_now_is_refused(tmp_path: Path) -> None:
    config = config_for(tmp_path)
    write_files(config.source, {"a.csv": FIRST_FILE})
    publish(config)
    write_files(config.source, {"a.csv": NEW_FILE})
    publish(config, NEXT)
    before = everything_in(config)
    with pytest.raises(SourceGone):
        publish(config, reprocess=True)
    assert everything_in(config) == before


def test_a_copy_of_a_report_counts_for_nothing(config: ProcessConfig) -> None:
    report = config.destination / "report" / f"{BATCH}.json"
    for name in (f"{BATCH}.backup.json", f"._{BATCH}.json", "notes.json"):
        report.with_name(name).write_bytes(report.read_bytes())
    assert publish(config, reprocess=True).report.rows == 1


def test_a_report_under_the_name_of_another_batch_is_refused(config: ProcessConfig) -> None:
    report = config.destination / "report" / f"{BATCH}.json"
    report.with_name(f"{NEXT}.json").write_bytes(report.read_bytes())
    with pytest.raises(ReportUnreadable, match=f"{NEXT}.json: is no report of this batch"):
        publish(config, f"{NEXT}")


def test_replacing_a_batch_that_is_not_there_publishes_it_and_says_so(tmp_path: Path) -> None:
    config = config_for(tmp_path)
    write_files(config.source, {"a.csv": FIRST_FILE})
    ran = manage(tmp_path, "--reprocess")
    assert (ran.code, ran.out.splitlines()[0].strip()) == (0, f"batch {BATCH}: published, none replaced")


def test_folder_names_of_the_destination_are_no_values(tmp_path: Path) -> None:
    config = config_for(tmp_path, destination=tmp_path / "name=Eve" / "raw_row=1" / "[*]")
    write_files(config.source, {"a.csv": FIRST_FILE, "b.csv": FIRST_FILE.replace(b"\n", b"\r\n")})
    assert publish(config).report.counts.successful == 2
    assert b"Eve" not in b"".join(bytes_of(config).values())


def test_a_file_and_a_link_among_the_leftovers_are_removed_too(config: ProcessConfig, tmp_path: Path) -> None:
    (config.destination / ".staging" / ".DS_Store").touch()
    link = config.destination / "successful_application" / "2020-01-01T00"
    link.symlink_to(tmp_path)
    publish(config, NEXT)
    assert (link.is_symlink(), tmp_path.exists(), list((config.destination / ".staging").iterdir())) == (
        False,
        True,
        [],
    )
