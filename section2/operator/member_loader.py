"""Upserts the members of section 1's committed batches: each batch once, all batches in one transaction."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from common.postgresql import Cursor, Server, copy_rows
from section2.config import LOADER, SQL
from section2.operator.application_batches import Batch, committed_batches
from section2.operator.order_loader import lock_loads


@dataclass
class Upserted:
    """Counts of the applications that were read, by result."""

    batches: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: Counter[str] = field(default_factory=Counter)


def load_members(server: Server, destination: Path) -> Upserted:
    """Upsert the members of every batch that is not loaded yet. Raises: JobError."""
    total = Upserted()
    batches = committed_batches(destination)
    with server.connected(LOADER) as connection, connection.cursor() as cursor:
        lock_loads(cursor, server)
        cursor.execute("select batch, report_sha256 from sales.application_batch")
        loaded = set(cursor.fetchall())
        cursor.execute(
            "create temporary table staged_member (row_number integer, first_name text, last_name text,"
            " date_of_birth text, mobile_no text, email text, membership_id text) on commit drop"
        )
        for batch in batches:
            if (batch.name, batch.report_sha256) not in loaded:
                _load(cursor, batch, total)
        connection.commit()
    return total


def _load(cursor: Cursor, batch: Batch, total: Upserted) -> None:
    cursor.execute("truncate staged_member")
    copy_rows(cursor, "staged_member", batch.applications())
    cursor.execute((SQL / "section2_load_members.sql").read_text(), {"batch": batch.key})
    [(inserted, updated, read, rejected)] = cursor.fetchall()
    unchanged = read - inserted - updated - sum(rejected.values())
    cursor.execute(
        "insert into sales.application_batch (batch, report_sha256, inserted, updated, unchanged, refused)"
        " values (%s, %s, %s, %s, %s, %s) on conflict (batch) do update set"
        " report_sha256 = excluded.report_sha256, inserted = excluded.inserted, updated = excluded.updated,"
        " unchanged = excluded.unchanged, refused = excluded.refused, loaded_at = now()",
        [batch.name, batch.report_sha256, inserted, updated, unchanged, sum(rejected.values())],
    )
    total.batches += 1
    total.inserted += inserted
    total.updated += updated
    total.unchanged += unchanged
    total.rejected.update(rejected)
