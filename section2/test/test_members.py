"""Members from section 1's committed batches."""

import hashlib
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from common.errors import Busy
from common.postgresql import Server, StatementFailed
from common.progress import Progress
from common.test.databases import run_sql
from section1.config import load_process
from section1.main import Request, run
from section2.operator.application_batches import BatchInvalid
from section2.operator.member_loader import load_members
from section2.operator.order_loader import lock_loads

pytestmark = pytest.mark.integration

HEADER = "first_name,last_name,date_of_birth,mobile_no,email,above_18,membership_id"
HOUR = "2026-11-23T16"


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


def publish(destination: Path, batch: str, *rows: str, count: int | None = None) -> None:
    """Publish a batch as section 1 does."""
    directory = destination / "successful_application" / batch
    directory.mkdir(parents=True)
    (directory / "part-00000.csv").write_text("\n".join([HEADER, *rows]) + "\n")
    (destination / "report").mkdir(exist_ok=True)
    report = {"batch": batch, "counts": {"successful": len(rows) if count is None else count}, "engine": "duckdb"}
    (destination / "report" / f"{batch}.json").write_text(json.dumps(report))


def members(sales: Server) -> list[tuple[str, ...]]:
    return list(run_sql(sales, "select first_name, last_name, mobile_no, email from sales.member order by member_id"))


def load(sales: Server, destination: Path) -> tuple[int, int, int, int, int]:
    """Load members; return batches, inserted, updated, unchanged, rejected."""
    done = load_members(sales, destination)
    return done.batches, done.inserted, done.updated, done.unchanged, done.rejected.total()


def test_members_are_inserted_and_updated_once(sales: Server, tmp_path: Path) -> None:
    publish(tmp_path, HOUR, row("Ada"), row("Bo"), row("Cy"))
    assert load(sales, tmp_path) == (1, 3, 0, 0, 0)
    assert load(sales, tmp_path) == (0, 0, 0, 0, 0)
    publish(tmp_path, "2026-11-23T17", row("Ada"), row("Bo", mobile="99999999"), row("Di"))
    assert load(sales, tmp_path) == (1, 1, 1, 1, 0)
    assert members(sales) == [
        ("Ada", "Lim", "91234567", "ada@example.com"),
        ("Bo", "Lim", "99999999", "bo@example.com"),
        ("Cy", "Lim", "91234567", "cy@example.com"),
        ("Di", "Lim", "91234567", "di@example.com"),
    ]


def test_replaced_batch_is_loaded_again(sales: Server, tmp_path: Path) -> None:
    publish(tmp_path / "old", HOUR, row("Ada"))
    publish(tmp_path / "new", HOUR, row("Ada", mobile="88888888"), row("Bo"))
    load(sales, tmp_path / "old")
    assert load(sales, tmp_path / "new") == (1, 1, 1, 0, 0)


def test_second_load_keeps_changes_of_the_shop(sales: Server, tmp_path: Path) -> None:
    publish(tmp_path, HOUR, row("Ada"))
    load(sales, tmp_path)
    run_sql(sales, "update sales.member set mobile_no = '80000000'", role="application")
    load(sales, tmp_path)
    assert members(sales)[0][2] == "80000000"


def test_latest_application_of_a_person_wins(sales: Server, tmp_path: Path) -> None:
    early, late = row("Ada", mobile="90000001"), row("Ada", mobile="90000002", email="ADA@example.com")
    publish(tmp_path, f"{HOUR}-10", row("Ada", mobile="90000004"))
    publish(tmp_path, HOUR, early, late)
    publish(tmp_path, f"{HOUR}-2", row("Ada", mobile="90000003"))
    assert load(sales, tmp_path) == (3, 1, 2, 1, 0)
    assert members(sales) == [("Ada", "Lim", "90000004", "ada@example.com")]


def test_older_batch_loaded_later_overwrites_nothing(sales: Server, tmp_path: Path) -> None:
    publish(tmp_path, "2026-11-23T10", row("Ada", mobile="90000010"))
    publish(tmp_path, "2026-11-23T12", row("Ada", mobile="90000010"), row("Bo", mobile="90000012"))
    load(sales, tmp_path)
    publish(tmp_path, "2026-11-23T11", row("Ada", mobile="90000011"), row("Bo", mobile="90000011"), row("Cy"))
    assert load(sales, tmp_path) == (1, 1, 0, 2, 0)
    assert [mobile for _, _, mobile, _ in members(sales)] == ["90000010", "90000012", "91234567"]


def test_persons_with_one_membership_id_are_two_members(sales: Server, tmp_path: Path) -> None:
    publish(tmp_path, HOUR, row("Ada"), row("Bea"))
    assert load(sales, tmp_path) == (1, 2, 0, 0, 0)


def test_invalid_applications_are_rejected_by_reason(sales: Server, tmp_path: Path) -> None:
    publish(
        tmp_path,
        HOUR,
        row("Ada"),
        row("Bo" * 101),
        row("Cy", last="L" * 10_000_000),
        row("Di", born="20240231"),
        row("Ed", born="1990-12-1"),
        row("Flo", mobile="9123456"),
        row("Gus", email="gus@"),
        row("Hal", membership="Lim_00000"),
        row("Ida", last="", membership="_1218b"),
    )
    done = load_members(sales, tmp_path)
    assert done.rejected == Counter(
        name_too_long=2, birthday_invalid=2, mobile_invalid=1, email_invalid=1, membership_id_differs=1, name_missing=1
    )
    assert (done.inserted, done.updated, done.unchanged) == (1, 0, 0)
    assert [name for name, *_ in members(sales)] == ["Ada"]


def test_special_characters_in_names_are_loaded_unchanged(sales: Server, tmp_path: Path) -> None:
    name = 'A,"b\t\\N\\.\nc'
    publish(tmp_path, HOUR, row('"' + name.replace('"', '""') + '"', email="n@example.com"))
    load(sales, tmp_path)
    assert members(sales)[0][0] == name


def test_invalid_batch_fails_the_whole_load(sales: Server, tmp_path: Path) -> None:
    publish(tmp_path, "2026-11-23T15", row("Ada"))
    publish(tmp_path, HOUR, row("Bo"), count=2)
    with pytest.raises(BatchInvalid, match="found 1 rows, but the report counts 2"):
        load(sales, tmp_path)
    assert members(sales) == []


def test_sample_batch_of_section_1_is_loaded_completely(sales: Server, tmp_path: Path) -> None:
    config = load_process("section1_process.yaml").model_copy(update={"destination": tmp_path, "engine": "duckdb"})
    successful = run(config, Request(HOUR, datetime.now(UTC)), Progress()).report.counts.successful
    assert successful > 100
    batches, inserted, updated, unchanged, rejected = load(sales, tmp_path)
    assert (batches, inserted + updated + unchanged, rejected) == (1, successful, 0)


def test_error_of_the_server_contains_no_personal_data(sales: Server, tmp_path: Path) -> None:
    publish(tmp_path, HOUR, row("Marguerite"))
    run_sql(sales, "alter table sales.member add constraint none check (first_name is null)")
    with pytest.raises(StatementFailed) as raised:
        load(sales, tmp_path)
    assert "Marguerite" not in str(raised.value)
    assert "none" in str(raised.value)


def test_members_are_not_loaded_during_another_load(sales: Server, tmp_path: Path) -> None:
    publish(tmp_path, HOUR, row("Ada"))
    with sales.connected("loader") as connection, connection.cursor() as cursor:
        lock_loads(cursor, sales)
        with pytest.raises(Busy, match="another load"):
            load(sales, tmp_path)
    assert members(sales) == []
