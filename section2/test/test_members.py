"""Members from section 1's committed batches."""

import hashlib
import json
from collections import Counter
from datetime import UTC
from pathlib import Path

import pytest

from common.errors import Busy, UsageError
from common.postgresql import Server, StatementFailed
from common.test.databases import run_sql
from section2.operator.application_batches import ApplicationsMissing, BatchInvalid
from section2.operator.member_loader import load_members
from section2.operator.order_loader import lock_loads

HEADER = "first_name,last_name,date_of_birth,mobile_no,email,above_18,membership_id"


def row(
    first: str = "Ada",
    last: str = "Lim",
    born: str = "19901210",
    mobile: str = "91234567",
    email: str = "",
    membership: str = "",
) -> str:
    """Return a successful application as section 1 writes it."""
    email = email or f"{first.lower()}@example.com"
    membership = membership or f"{last}_{hashlib.sha256(born.encode()).hexdigest()[:5]}"
    return f"{first},{last},{born},{mobile},{email},true,{membership}"


def publish(destination: Path, batch: str, *rows: str, header: str = HEADER, count: int | None = None) -> None:
    """Publish a batch as section 1 does."""
    folder = destination / "successful_application" / batch
    folder.mkdir(parents=True)
    (folder / "part-00000.csv").write_text("\n".join([header, *rows]) + "\n")
    (destination / "report").mkdir(exist_ok=True)
    report = {"batch": batch, "counts": {"successful": len(rows) if count is None else count}, "engine": "duckdb"}
    (destination / "report" / f"{batch}.json").write_text(json.dumps(report))


def members(sales: Server) -> list[tuple[str, ...]]:
    return list(run_sql(sales, "select first_name, last_name, mobile_no, email from sales.member order by member_id"))


def told(sales: Server, destination: Path) -> tuple[int, int, int, int, int]:
    done = load_members(sales, destination)
    return done.batches, done.inserted, done.updated, done.unchanged, done.rejected.total()


def test_members_are_inserted_updated_left_and_not_loaded_twice(sales: Server, tmp_path: Path) -> None:
    publish(tmp_path, "2026-11-23T16", row("Ada"), row("Bo"), row("Cy"))
    assert told(sales, tmp_path) == (1, 3, 0, 0, 0)
    assert told(sales, tmp_path) == (0, 0, 0, 0, 0)
    publish(tmp_path, "2026-11-23T17", row("Ada"), row("Bo", mobile="99999999"), row("Di"))
    assert told(sales, tmp_path) == (1, 1, 1, 1, 0)
    assert members(sales) == [
        ("Ada", "Lim", "91234567", "ada@example.com"),
        ("Bo", "Lim", "99999999", "bo@example.com"),
        ("Cy", "Lim", "91234567", "cy@example.com"),
        ("Di", "Lim", "91234567", "di@example.com"),
    ]


def test_a_batch_that_was_replaced_is_loaded_anew(sales: Server, tmp_path: Path) -> None:
    publish(tmp_path / "old", "2026-11-23T16", row("Ada"))
    publish(tmp_path / "new", "2026-11-23T16", row("Ada", mobile="88888888"), row("Bo"))
    load_members(sales, tmp_path / "old")
    assert told(sales, tmp_path / "new") == (1, 1, 1, 0, 0)


def test_what_the_shop_changed_since_is_not_undone_by_a_second_load(sales: Server, tmp_path: Path) -> None:
    publish(tmp_path, "2026-11-23T16", row("Ada"))
    load_members(sales, tmp_path)
    run_sql(sales, "update sales.member set mobile_no = '80000000'", role="application")
    load_members(sales, tmp_path)
    assert members(sales)[0][2] == "80000000"


def test_of_two_applications_of_one_person_the_later_one_holds(sales: Server, tmp_path: Path) -> None:
    early, late = row("Ada", mobile="90000001"), row("Ada", mobile="90000002", email="ADA@example.com")
    publish(tmp_path, "2026-11-23T16-10", row("Ada", mobile="90000004"))
    publish(tmp_path, "2026-11-23T16", early, late)
    publish(tmp_path, "2026-11-23T16-2", row("Ada", mobile="90000003"))
    assert told(sales, tmp_path) == (3, 1, 2, 1, 0)
    assert members(sales) == [("Ada", "Lim", "90000004", "ada@example.com")]


def test_an_older_batch_that_comes_late_changes_nothing_that_a_newer_one_said(sales: Server, tmp_path: Path) -> None:
    publish(tmp_path, "2026-11-23T10", row("Ada", mobile="90000010"))
    publish(tmp_path, "2026-11-23T12", row("Ada", mobile="90000010"), row("Bo", mobile="90000012"))
    load_members(sales, tmp_path)
    publish(tmp_path, "2026-11-23T11", row("Ada", mobile="90000011"), row("Bo", mobile="90000011"), row("Cy"))
    assert told(sales, tmp_path) == (1, 1, 0, 2, 0)
    assert [mobile for _, _, mobile, _ in members(sales)] == ["90000010", "90000012", "91234567"]


def test_two_people_with_one_membership_id_are_two_members(sales: Server, tmp_path: Path) -> None:
    publish(tmp_path, "2026-11-23T16", row("Ada"), row("Bea"))
    assert told(sales, tmp_path) == (1, 2, 0, 0, 0)


def test_a_batch_without_its_report_does_not_count(sales: Server, tmp_path: Path) -> None:
    publish(tmp_path, "2026-11-23T16", row("Ada"))
    publish(tmp_path, "2026-11-23T17", row("Bo"))
    (tmp_path / "report" / "2026-11-23T17.json").unlink()
    assert told(sales, tmp_path) == (1, 1, 0, 0, 0)


def test_applications_that_are_no_member_are_refused_by_reason(sales: Server, tmp_path: Path) -> None:
    publish(
        tmp_path,
        "2026-11-23T16",
        row("Ada"),
        row("Bo" * 101),
        row("Cy", last="L" * 10_000_000),
        row("Di", born="20240231"),
        row("Ed", born="1990-12-1"),
        row("Flo", mobile="9123456"),
        row("Gus", email="gus@"),
        row("Hal", membership="Lim_00000"),
        row("Ida", last=" "[:0], membership="_1218b"),
    )
    done = load_members(sales, tmp_path)
    assert done.rejected == Counter(
        name_too_long=2, birthday_invalid=2, mobile_invalid=1, email_invalid=1, membership_id_differs=1, name_missing=1
    )
    assert (done.inserted, done.updated, done.unchanged) == (1, 0, 0)
    assert [name for name, *_ in members(sales)] == ["Ada"]


def test_names_with_commas_quotes_tabs_backslashes_and_line_ends_arrive_as_they_are(
    sales: Server, tmp_path: Path
) -> None:
    nasty = 'A,"b\t\\N\\.\nc'
    publish(tmp_path, "2026-11-23T16", row('"' + nasty.replace('"', '""') + '"', email="n@example.com"))
    load_members(sales, tmp_path)
    assert members(sales)[0][0] == nasty


@pytest.mark.parametrize("column", HEADER.replace("above_18,", "").split(","))
def test_a_file_with_a_missing_column_changes_nothing(sales: Server, tmp_path: Path, column: str) -> None:
    publish(tmp_path, "2026-11-23T15", row("Ada"))
    publish(tmp_path, "2026-11-23T16", row("Bo"), header=HEADER.replace(column, "other"))
    with pytest.raises(BatchInvalid, match=f"part-00000.csv: missing column {column}. No member"):
        load_members(sales, tmp_path)
    assert members(sales) == []


def test_a_file_that_lacks_rows_changes_nothing(sales: Server, tmp_path: Path) -> None:
    publish(tmp_path, "2026-11-23T16", row("Ada"), count=2)
    with pytest.raises(BatchInvalid, match="found 1 rows, but the report counts 2"):
        load_members(sales, tmp_path)
    assert members(sales) == []


@pytest.mark.parametrize("broken", ["Ada,Lim\n", '"Ada,Lim\n', "Ada,Lim,19901210,91234567,a@b.com,true\n"])
def test_a_broken_row_changes_nothing(sales: Server, tmp_path: Path, broken: str) -> None:
    publish(tmp_path, "2026-11-23T16", row("Ada"), broken)
    with pytest.raises(BatchInvalid, match="is not a valid row"):
        load_members(sales, tmp_path)
    assert members(sales) == []


def test_a_broken_report_and_a_missing_folder_are_told_in_a_line(sales: Server, tmp_path: Path) -> None:
    with pytest.raises(ApplicationsMissing, match="Run section 1"):
        load_members(sales, tmp_path / "none")
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "2026-11-23T16.json").write_text("{")
    with pytest.raises(BatchInvalid, match="not a valid report"):
        load_members(sales, tmp_path)
    assert issubclass(ApplicationsMissing, UsageError)


def test_the_sample_batch_of_section_1_loads_in_whole(sales: Server, tmp_path: Path) -> None:
    from datetime import datetime

    from common.progress import Progress
    from section1.config import load_process
    from section1.main import Request, run

    config = load_process("section1_process.yaml").model_copy(update={"destination": tmp_path, "engine": "duckdb"})
    outcome = run(config, Request("2026-11-23T16", datetime.now(UTC)), Progress())
    assert outcome.report.counts.successful > 100
    done = load_members(sales, tmp_path)
    assert done.inserted + done.updated + done.unchanged == outcome.report.counts.successful
    assert done.rejected == Counter()


def test_an_error_of_the_server_names_no_person(sales: Server, tmp_path: Path) -> None:
    publish(tmp_path, "2026-11-23T16", row("Marguerite"))
    run_sql(sales, "alter table sales.member add constraint none check (first_name is null)")
    with pytest.raises(StatementFailed) as raised:
        load_members(sales, tmp_path)
    assert "Marguerite" not in str(raised.value)
    assert "none" in str(raised.value)


def test_members_are_not_loaded_beside_another_load(sales: Server, tmp_path: Path) -> None:
    publish(tmp_path, "2026-11-23T16", row("Ada"))
    with sales.connected("loader") as connection, connection.cursor() as cursor:
        lock_loads(cursor, sales)
        with pytest.raises(Busy, match="another load is in progress"):
            load_members(sales, tmp_path)
    assert members(sales) == []
