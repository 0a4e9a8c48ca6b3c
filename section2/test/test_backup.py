"""A backup brings every table back as it was; a broken one changes nothing."""

import gzip
import io
from pathlib import Path

import pytest

from common.errors import Busy
from common.postgresql import Server
from common.test.databases import run_sql
from section2.main import create, differences
from section2.operator.backup import BackupFailed, backup, restore
from section2.test.support import Shop


def checksums(sales: Server) -> dict[str, str]:
    """Return a checksum of all rows of each table, and of what each sequence gives next."""
    tables = run_sql(
        sales,
        "select c.oid::regclass::text from pg_class c where relnamespace = 'sales'::regnamespace and relkind = 'r'",
    )
    sums = {
        table: run_sql(sales, f"select md5(coalesce(string_agg(t::text, ';' order by t::text), '')) from {table} t")[0][
            0
        ]
        for (table,) in tables
    }
    sequences = run_sql(sales, "select sequencename, last_value::text from pg_sequences where schemaname = 'sales'")
    return sums | dict(sequences)


@pytest.fixture
def filled(sales: Server, shop: Shop) -> Server:
    """A database with some of everything, deltas and settled rows among them."""
    lamp, desk, member = shop.item("Lamp"), shop.item("Desk"), shop.member()
    shop.bought(member, {lamp: 1})
    for _ in range(2):
        run_sql(sales, "select sales.settle()")
    shop.bought(member, {lamp: 2, desk: 3}, status="paid")
    shop.refund(shop.bought(member, {desk: 3}))
    shop.order(member, {desk: 9})
    return sales


def test_a_restored_database_equals_the_one_that_was_backed_up(filled: Server, tmp_path: Path) -> None:
    before = checksums(filled)
    with (tmp_path / "sales.backup").open("wb") as handle:
        backup(filled, handle)
    run_sql(filled, "update sales.item set cost = 99")
    assert checksums(filled) != before
    with (tmp_path / "sales.backup").open("rb") as handle:
        restore(filled, handle)
    create(filled)
    assert checksums(filled) == before
    assert differences(filled).rows == []
    with filled.connected("loader") as connection:  # the teams are let in, the rules and numbers go on
        shop = Shop(connection)
        shop.bought(shop.member("New"), {1: 1}, status="paid")
        connection.commit()
    assert differences(filled).rows == []


def test_a_restore_throws_out_who_is_connected(filled: Server, shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "sales.backup"
    with path.open("wb") as handle:
        backup(filled, handle)
    with path.open("rb") as handle:  # `shop` is connected all the while
        restore(filled, handle)
    assert run_sql(filled, "select count(*) from sales.orders") == [(4,)]


@pytest.mark.parametrize("cut", [0, 100, 0.5, 0.99, 0.9999])
def test_a_broken_backup_changes_nothing(filled: Server, tmp_path: Path, cut: float) -> None:
    path = tmp_path / "sales.backup"
    with path.open("wb") as handle:
        backup(filled, handle)
    content = path.read_bytes()
    path.write_bytes(content[: int(cut if cut >= 1 else cut * len(content))])
    before = checksums(filled)
    with path.open("rb") as handle, pytest.raises(BackupFailed, match="The database is unchanged"):
        restore(filled, handle)
    assert checksums(filled) == before


@pytest.mark.parametrize(
    "content",
    [b"no backup", gzip.compress(b"no backup"), gzip.compress(b"")],
    ids=["no archive", "no backup", "nothing"],
)
def test_what_is_no_backup_changes_nothing(filled: Server, content: bytes) -> None:
    before = checksums(filled)
    with pytest.raises(BackupFailed):
        restore(filled, io.BytesIO(content))
    assert checksums(filled) == before


def test_a_backup_with_a_flipped_bit_changes_nothing(filled: Server) -> None:
    out = io.BytesIO()
    backup(filled, out)
    content = bytearray(out.getvalue())
    before = checksums(filled)
    content[len(content) // 2] ^= 1
    with pytest.raises(BackupFailed):
        restore(filled, io.BytesIO(content))
    assert checksums(filled) == before


def test_a_restore_that_was_killed_leaves_nothing_in_the_way_of_the_next(filled: Server, tmp_path: Path) -> None:
    path = tmp_path / "sales.backup"
    with path.open("wb") as handle:
        backup(filled, handle)
    for suffix in ("restoring", "replaced"):
        run_sql(filled, f"create database {filled.database}_{suffix}", autocommit=True)
    with path.open("rb") as handle:
        restore(filled, handle)
    left = run_sql(filled, "select datname from pg_database where datname like %s", f"{filled.database}_%")
    assert left == []


def test_a_backup_of_another_database_changes_nothing(filled: Server, cluster: Server) -> None:
    before, out = checksums(filled), io.BytesIO()
    backup(cluster, out)
    out.seek(0)
    with pytest.raises(BackupFailed, match="the backup is of another database"):
        restore(filled, out)
    assert checksums(filled) == before
    assert run_sql(filled, "select datname from pg_database where datname like %s", f"{filled.database}_%") == []


def test_one_restore_at_a_time(filled: Server, cluster: Server) -> None:
    with cluster.connected() as connection, connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(hashtext('section2 restore'))")
        with pytest.raises(Busy, match="another restore is in progress") as raised:
            restore(filled, io.BytesIO())
    assert raised.value.exit_code == 75


def test_a_database_that_a_killed_restore_left_closed_is_opened_by_create(filled: Server, cluster: Server) -> None:
    before = checksums(filled)
    run_sql(cluster, f"alter database {filled.database} with allow_connections false", autocommit=True)
    create(filled)
    assert checksums(filled) == before
