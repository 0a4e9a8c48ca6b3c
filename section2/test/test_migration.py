"""Migrations from an empty database and from each older version."""

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from common.database import migrate
from common.embedded_postgresql import binaries
from common.postgresql import Server, StatementFailed
from common.test.databases import run_sql
from section2.config import MIGRATIONS
from section2.main import create, differences
from section2.test.support import NOW, Shop

pytestmark = pytest.mark.integration

VERSIONS = [
    "section2_create",
    "section2_create_2_rules",
    "section2_create_3_teams",
    "section2_create_4_aggregates",
    "section2_create_5_aggregate_views",
    "section2_create_6_comments",
]


@pytest.fixture
def empty(cluster: Server) -> Server:
    """A database without a schema."""
    run_sql(cluster, "drop database if exists migrated with (force)", autocommit=True)
    run_sql(cluster, "create database migrated template template0", autocommit=True)
    return cluster.model_copy(update={"database": "migrated"})


def schema(server: Server) -> str:
    """Return the schema as written by pg_dump, without its random key."""
    directory = binaries()
    assert directory
    dumped = subprocess.run(
        [directory / "pg_dump", "--schema-only", "-h", server.host, "-U", "postgres", "-n", "sales", server.database],
        capture_output=True,
        text=True,
        check=True,
    )
    return re.sub(r"\\(un)?restrict \w+", "", dumped.stdout)


def test_empty_database_gets_every_version_once(empty: Server) -> None:
    assert create(empty) == VERSIONS
    assert create(empty) == []


@pytest.mark.parametrize("version", [2, 3, 4, 5])
def test_older_version_is_migrated_and_keeps_its_data(empty: Server, sales: Server, version: int) -> None:
    assert migrate(empty, MIGRATIONS, version) == VERSIONS[:version]
    with empty.connected() as connection:
        connection.autocommit = True
        shop = Shop(connection)
        shop.rows("set search_path = sales")
        lamp, desk, ada, bo = shop.item("Lamp"), shop.item("Desk", "20.00"), shop.member("Ada"), shop.member("Bo")
        shop.bought(ada, {lamp: 2, desk: 1})
        shop.bought(bo, {lamp: 5}, status="paid")
        shop.refund(shop.bought(bo, {desk: 7}))
        shop.order(ada, {desk: 1}, NOW)
        before = shop.rows("select * from orders order by order_id")
    assert create(empty) == VERSIONS[version:]
    assert run_sql(empty, "select * from sales.orders order by order_id") == before
    assert run_sql(empty, "select * from sales.member_spending order by 1") == [(ada, 40, 1), (bo, 50, 1)]
    assert run_sql(empty, "select * from sales.item_sales order by 1") == [(lamp, 7, 2), (desk, 1, 1)]
    assert differences(empty).rows == []
    assert schema(empty) == schema(sales)


def test_failed_version_is_rolled_back_completely(empty: Server, tmp_path: Path) -> None:
    for path in MIGRATIONS.glob("*.sql"):
        (tmp_path / path.name).write_text(path.read_text())
    (tmp_path / "section2_create_7_broken.sql").write_text(
        "-- depends: section2_create_6_comments\nset role sales_owner;\ncreate table sales.half ();\nselect 1 / 0;\n"
    )
    with pytest.raises(StatementFailed):
        migrate(empty, tmp_path)
    assert run_sql(empty, "select to_regclass('sales.half')") == [(None,)]
    (tmp_path / "section2_create_7_broken.sql").write_text(
        "-- depends: section2_create_6_comments\ncreate table sales.half ();\n"
    )
    assert migrate(empty, tmp_path) == ["section2_create_7_broken"]


def test_lock_of_a_killed_migration_is_removed(empty: Server) -> None:
    migrate(empty, MIGRATIONS, 1)
    run_sql(empty, "insert into public.yoyo_lock (locked, ctime, pid) values (1, now(), 4711)")
    assert migrate(empty, MIGRATIONS) == VERSIONS[1:]


def test_concurrent_migrations_wait_for_each_other(empty: Server) -> None:
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: migrate(empty, MIGRATIONS), range(4)))
    assert sorted(done, key=len) == [[], [], [], VERSIONS]
