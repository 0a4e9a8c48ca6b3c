"""Backup and restore."""

import gzip
import io

import pytest

from common.errors import Busy
from common.postgresql import Server
from common.test.databases import run_sql
from section2.main import create, differences
from section2.operator.backup import BackupFailed, backup, restore
from section2.test.support import Shop

pytestmark = pytest.mark.integration


def checksums(sales: Server) -> dict[str, str]:
    """Return a checksum of the rows of each table, and the last value of each sequence."""
    tables = run_sql(
        sales,
        "select c.oid::regclass::text from pg_class c where relnamespace = 'sales'::regnamespace and relkind = 'r'",
    )
    checksum = "select md5(coalesce(string_agg(t::text, ';' order by t::text), '')) from {} t"
    sums = {table: run_sql(sales, checksum.format(table))[0][0] for (table,) in tables}
    sequences = run_sql(sales, "select sequencename, last_value::text from pg_sequences where schemaname = 'sales'")
    return sums | dict(sequences)


def backup_of(server: Server) -> bytes:
    out = io.BytesIO()
    backup(server, out)
    return out.getvalue()


def databases_beside(server: Server) -> list[tuple[str]]:
    return list(run_sql(server, "select datname from pg_database where datname like %s", f"{server.database}_%"))


@pytest.fixture
def filled(sales: Server, shop: Shop) -> Server:
    """A database with orders in several statuses, settled and unsettled."""
    lamp, desk, member = shop.item("Lamp"), shop.item("Desk"), shop.member()
    shop.bought(member, {lamp: 1})
    for _ in range(2):
        run_sql(sales, "select sales.settle()")
    shop.bought(member, {lamp: 2, desk: 3}, status="paid")
    shop.refund(shop.bought(member, {desk: 3}))
    shop.order(member, {desk: 9})
    return sales


def test_restored_database_equals_the_original(filled: Server) -> None:
    before = checksums(filled)
    content = backup_of(filled)
    run_sql(filled, "update sales.item set cost = 99")
    assert checksums(filled) != before
    restore(filled, io.BytesIO(content))
    create(filled)
    assert checksums(filled) == before
    assert differences(filled).rows == []
    with filled.connected("loader") as connection:  # roles can connect, and triggers and sequences work
        shop = Shop(connection)
        shop.bought(shop.member("New"), {1: 1}, status="paid")
        connection.commit()
    assert differences(filled).rows == []


def test_restore_disconnects_clients(filled: Server, shop: Shop) -> None:
    restore(filled, io.BytesIO(backup_of(filled)))  # `shop` is connected
    assert run_sql(filled, "select count(*) from sales.orders") == [(4,)]


def test_damaged_backup_changes_nothing(filled: Server) -> None:
    before, content = checksums(filled), backup_of(filled)
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 1
    truncated = [content[:100], *(content[: int(share * len(content))] for share in (0.5, 0.99, 0.9999))]
    for damaged in (b"", *truncated, bytes(flipped), b"text", gzip.compress(b"text"), gzip.compress(b"")):
        with pytest.raises(BackupFailed, match="The database is unchanged"):
            restore(filled, io.BytesIO(damaged))
        assert checksums(filled) == before


def test_backup_of_another_database_changes_nothing(filled: Server, cluster: Server) -> None:
    before = checksums(filled)
    with pytest.raises(BackupFailed, match="the backup is of another database"):
        restore(filled, io.BytesIO(backup_of(cluster)))
    assert checksums(filled) == before
    assert databases_beside(filled) == []


def test_restore_removes_databases_of_a_killed_restore(filled: Server) -> None:
    for suffix in ("restoring", "replaced"):
        run_sql(filled, f"create database {filled.database}_{suffix}", autocommit=True)
    restore(filled, io.BytesIO(backup_of(filled)))
    assert databases_beside(filled) == []


def test_create_opens_a_database_that_a_killed_restore_closed(filled: Server, cluster: Server) -> None:
    before = checksums(filled)
    run_sql(cluster, f"alter database {filled.database} with allow_connections false", autocommit=True)
    create(filled)
    assert checksums(filled) == before


def test_only_one_restore_runs_at_a_time(filled: Server, cluster: Server) -> None:
    with cluster.connected() as connection, connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(hashtext('section2 restore'))")
        with pytest.raises(Busy, match="another restore") as raised:
            restore(filled, io.BytesIO())
    assert raised.value.exit_code == 75
