"""Loads what a source said into PostgreSQL: one transaction for rows, revisions and the ledger."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import psycopg2

from common.errors import Busy, UsageError, one_line
from common.postgresql import Cursor, Server, copy_rows
from section4.config import LOADER, SQL
from section4.core.country import name_of
from section4.core.record import Ask, Record, Refused, SourceBroken
from section4.operator.web import Validators
from section4.sources import sample


class SampleRefused(UsageError):
    """Made-up figures would stand among real ones."""

    def __init__(self) -> None:
        super().__init__(
            "sample: the database holds real figures, among which made-up ones must not stand; load them into another "
            "database, or remove the real ones first (section4_runner.sh stop --purge)"
        )


@dataclass(frozen=True)
class Loaded:
    """What became of a source's records."""

    inserted: int
    changed: int
    unchanged: int
    refused: Mapping[str, int]  # days by the names that are no country's


class Ingestion:
    """One run's transaction: nothing of it is there before `commit`."""

    def __init__(self, cursor: Cursor, source: str, ask: Ask, started_at: datetime) -> None:
        self._cursor, self._source, self._ask, self._started_at = cursor, source, ask, started_at
        self._started = time.monotonic()

    def known_validators(self, address: str) -> dict[str, Validators]:
        """Return by what a server can tell that what was loaded last still holds, if the same was asked for there."""
        self._cursor.execute(
            "select address, etag, last_modified from covid.validator where source = %s and asked = %s",
            [self._source, f"{self._ask} {address}"],
        )
        return {address: Validators(etag, modified) for address, etag, modified in self._cursor.fetchall()}

    def load(self, said: Iterable[Record | Refused], *, forward: bool) -> Loaded:
        """Load what the source says. Raises: SourceBroken when it says nothing, or what cannot be.

        `forward`: also when it ends long before what another source has said already, as one does that is frozen.
        """
        refused: Counter[str] = Counter()
        try:
            self._keep_apart_from_sample()
            self._cursor.execute(_statement("section4_staging"))
            rows = copy_rows(self._cursor, "staged_record", _records(said, refused))
            rows -= self._repetitions()
            if forward and self._ask.last is None:
                self._require_forward()
            self._add_countries()
            inserted, changed, blank = self._upsert()
            if rows == blank:
                raise SourceBroken(self._source, "has nothing of what was asked for")
        except (psycopg2.DataError, psycopg2.IntegrityError) as error:
            wrong = error.diag.constraint_name or type(error).__name__
            raise SourceBroken(self._source, f"says what cannot be ({wrong})") from None
        return Loaded(inserted, changed, rows - blank - inserted - changed, refused)

    def _keep_apart_from_sample(self) -> None:
        """Remove made-up figures before real ones come. Raises: SampleRefused where it is the other way round."""
        if self._source != sample.NAME:
            self._cursor.execute("select covid.remove_sample()")
            return
        self._cursor.execute("select from covid.daily_cases where source <> %s limit 1", [sample.NAME])
        if self._cursor.rowcount:
            raise SampleRefused

    def _repetitions(self) -> int:
        """Drop repetitions of the same figures; return how many. Raises: SourceBroken when a day has different ones."""
        self._cursor.execute(_statement("section4_repetitions"))
        [(dropped, example)] = self._cursor.fetchall()
        if example:
            raise SourceBroken(self._source, f"says two things of one day ({example})")
        return int(dropped)

    def _require_forward(self) -> None:
        self._cursor.execute(_statement("section4_backward"), {"source": self._source})
        for country, last_day, known_to in self._cursor.fetchall():
            raise SourceBroken(self._source, f"ends at {last_day}, but {country} is known up to {known_to}")

    def _add_countries(self) -> None:
        self._cursor.execute(
            "select country_code from staged_record except select country_code from covid.country order by country_code"
        )
        named = [(code, name_of(code)) for (code,) in self._cursor.fetchall()]
        self._cursor.executemany("insert into covid.country (country_code, name) values (%s, %s)", named)

    def _upsert(self) -> tuple[int, int, int]:
        """Insert and revise; return how many, and how many days without any figure were left out."""
        values = {"source": self._source, "fetched_at": self._started_at}
        self._cursor.execute(_statement("section4_upsert"), values)
        [(inserted, changed, blank)] = self._cursor.fetchall()
        return inserted, changed, blank

    def note(self, loaded: Loaded | None, address: str, validators: Mapping[str, Validators]) -> None:
        """Write the run into the ledger (None: nothing is new, said the server), and what the server is known by."""
        counts = loaded or Loaded(0, 0, 0, {})
        self._cursor.execute(
            _statement("section4_note"),
            {
                "source": self._source,
                "countries": sorted(self._ask.countries or ()),
                "first_day": self._ask.first,
                "last_day": self._ask.last,
                "started_at": self._started_at,
                "seconds": time.monotonic() - self._started,
                "inserted": counts.inserted,
                "changed": counts.changed,
                "unchanged": counts.unchanged,
                "refused": sum(counts.refused.values()),
                "refused_names": sorted(counts.refused),
                "outcome": "loaded" if loaded else "not modified",
            },
        )
        if loaded:  # now another source, or other days, have the last word
            self._cursor.execute("delete from covid.validator")
            self._cursor.executemany(
                "insert into covid.validator (address, source, asked, etag, last_modified) values (%s, %s, %s, %s, %s)",
                [(of, self._source, f"{self._ask} {address}", *said) for of, said in validators.items()],
            )

    def commit(self) -> None:
        """Let all of it be there."""
        self._cursor.connection.commit()


@contextmanager
def ingestion(server: Server, source: str, ask: Ask, now: datetime) -> Iterator[Ingestion]:
    """Give a transaction that nobody else's ingestion disturbs; what is not committed is undone. Raises: JobError."""
    with server.connected(LOADER) as connection, connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_xact_lock(hashtext('section4 ingestion'))")
        if cursor.fetchone() != (True,):
            raise Busy(f"database {server.database}", "ingestion")
        try:
            yield Ingestion(cursor, source, ask, now)
        finally:
            if not connection.closed:
                connection.rollback()  # closing alone lets go of the lock a moment later: too late for the next source


def last_run(server: Server, ask: Ask) -> tuple[str, datetime] | None:
    """Return the source of the last run that asked for at least this, and when that ended. Raises: JobError."""
    with server.connected(LOADER) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select source, started_at + make_interval(secs => seconds::double precision) from covid.ingestion_run"
            " where (countries = '{}' or (%(countries)s::text[] <> '{}' and countries @> %(countries)s::text[]))"
            " and first_day <= %(first_day)s"
            " and coalesce(last_day, 'infinity') >= coalesce(%(last_day)s::date, 'infinity')"
            " order by run_id desc limit 1",
            {"countries": list(ask.countries or ()), "first_day": ask.first, "last_day": ask.last},
        )
        rows = cursor.fetchall()
    return rows[0] if rows else None


def _records(said: Iterable[Record | Refused], refused: Counter[str]) -> Iterator[Record]:
    """Give the records; count the days of names that are refused."""
    for one in said:
        if isinstance(one, Refused):
            refused[one_line(one.name[:100])] += one.days
        else:
            yield one


def _statement(name: str) -> str:
    return (SQL / f"{name}.sql").read_text()
