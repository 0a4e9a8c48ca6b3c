"""Loads records into PostgreSQL: rows, revisions and the run record in one transaction."""

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
from section4.core.record import Query, Record, SourceError, UnknownName
from section4.operator.web import Validators
from section4.sources import sample


class SampleRefused(UsageError):
    """Synthetic figures must not be mixed with real ones."""

    def __init__(self) -> None:
        super().__init__(
            "cannot load the sample: the database holds real figures. "
            "Use another database, or remove them with section4_runner.sh stop --purge."
        )


@dataclass(frozen=True)
class Loaded:
    """Counts of a load."""

    inserted: int
    changed: int
    unchanged: int
    refused: Mapping[str, int]  # days by name that is not a country's


class Ingestion:
    """The transaction of one run: nothing is visible before `commit`."""

    def __init__(self, cursor: Cursor, source: str, query: Query, started_at: datetime) -> None:
        self._cursor, self._source, self._query, self._started_at = cursor, source, query, started_at
        self._started = time.monotonic()

    def known_validators(self, address: str) -> dict[str, Validators]:
        """Return the validators of the last load by address, if that load had the same query and source address."""
        self._cursor.execute(
            "select address, etag, last_modified from covid.validator where source = %s and asked = %s",
            [self._source, f"{self._query} {address}"],
        )
        return {address: Validators(etag, modified) for address, etag, modified in self._cursor.fetchall()}

    def load(self, records: Iterable[Record | UnknownName], *, reject_outdated: bool) -> Loaded:
        """Load the records. Raises: SourceError when there are none, or when they are invalid.

        `reject_outdated`: raise it also when the data end long before another source's, as in a source without updates.
        """
        refused: Counter[str] = Counter()
        try:
            self._separate_sample()
            self._cursor.execute(_sql("section4_staging"))
            rows = copy_rows(self._cursor, "staged_record", _known(records, refused))
            rows -= self._drop_duplicates()
            if reject_outdated and self._query.last is None:
                self._reject_outdated()
            self._add_countries()
            inserted, changed, blank = self._upsert()
            if rows == blank:
                raise SourceError(self._source, "no figures for the requested countries and days")
        except (psycopg2.DataError, psycopg2.IntegrityError) as error:
            constraint = error.diag.constraint_name or type(error).__name__
            raise SourceError(self._source, f"a value is out of range ({constraint})") from None
        return Loaded(inserted, changed, rows - blank - inserted - changed, refused)

    def _separate_sample(self) -> None:
        """Remove synthetic figures before a load of real ones. Raises: SampleRefused in the opposite case."""
        if self._source != sample.NAME:
            self._cursor.execute("select covid.remove_sample()")
            return
        self._cursor.execute("select from covid.daily_cases where source <> %s limit 1", [sample.NAME])
        if self._cursor.rowcount:
            raise SampleRefused

    def _drop_duplicates(self) -> int:
        """Drop duplicates with equal figures, and return their number. Raises: SourceError for different figures."""
        self._cursor.execute(_sql("section4_duplicates"))
        [(dropped, country, day)] = self._cursor.fetchall()
        if country:
            raise SourceError(self._source, f"conflicting figures for {country} on {day}")
        return int(dropped)

    def _reject_outdated(self) -> None:
        self._cursor.execute(_sql("section4_outdated"), {"source": self._source})
        for country, last_day, known_to in self._cursor.fetchall():
            problem = f"outdated: {country} ends on {last_day}, another source had figures up to {known_to}"
            raise SourceError(self._source, problem)

    def _add_countries(self) -> None:
        self._cursor.execute(
            "select country_code from staged_record except select country_code from covid.country order by country_code"
        )
        countries = [(code, name_of(code)) for (code,) in self._cursor.fetchall()]
        self._cursor.executemany("insert into covid.country (country_code, name) values (%s, %s)", countries)

    def _upsert(self) -> tuple[int, int, int]:
        """Return the numbers of rows inserted, rows changed, and new days skipped because they have no figures."""
        values = {"source": self._source, "fetched_at": self._started_at}
        self._cursor.execute(_sql("section4_upsert"), values)
        [(inserted, changed, blank)] = self._cursor.fetchall()
        return inserted, changed, blank

    def record(self, loaded: Loaded | None, address: str, validators: Mapping[str, Validators]) -> None:
        """Write the run record (None: not modified), and the validators for the next run."""
        counts = loaded or Loaded(0, 0, 0, {})
        self._cursor.execute(
            _sql("section4_run"),
            {
                "source": self._source,
                "countries": sorted(self._query.countries or ()),
                "first_day": self._query.first,
                "last_day": self._query.last,
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
        if loaded:  # the validators of other sources and queries no longer describe the rows
            self._cursor.execute("delete from covid.validator")
            self._cursor.executemany(
                "insert into covid.validator (address, source, asked, etag, last_modified) values (%s, %s, %s, %s, %s)",
                [(url, self._source, f"{self._query} {address}", *headers) for url, headers in validators.items()],
            )

    def commit(self) -> None:
        self._cursor.connection.commit()


@contextmanager
def ingestion(server: Server, source: str, query: Query, now: datetime) -> Iterator[Ingestion]:
    """Open the transaction of a run, exclusively; roll back what is not committed. Raises: JobError."""
    with server.connected(LOADER) as connection, connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_xact_lock(hashtext('section4 ingestion'))")
        if cursor.fetchone() != (True,):
            raise Busy(f"database {server.database}", "ingestion")
        try:
            yield Ingestion(cursor, source, query, now)
        finally:
            if not connection.closed:
                connection.rollback()  # after close() alone, the lock may still be held when the next source starts


def last_run(server: Server, query: Query) -> tuple[str, datetime] | None:
    """Return the source and end of the last run whose query included this one. Raises: JobError."""
    with server.connected(LOADER) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select source, started_at + make_interval(secs => seconds::double precision) from covid.ingestion_run"
            " where (countries = '{}' or (%(countries)s::text[] <> '{}' and countries @> %(countries)s::text[]))"
            " and first_day <= %(first_day)s"
            " and coalesce(last_day, 'infinity') >= coalesce(%(last_day)s::date, 'infinity')"
            " order by run_id desc limit 1",
            {"countries": list(query.countries or ()), "first_day": query.first, "last_day": query.last},
        )
        rows = cursor.fetchall()
    return rows[0] if rows else None


def _known(records: Iterable[Record | UnknownName], refused: Counter[str]) -> Iterator[Record]:
    """Yield the records of countries; count the days of other names in `refused`."""
    for record in records:
        if isinstance(record, UnknownName):
            refused[one_line(record.name[:100])] += record.days
        else:
            yield record


def _sql(name: str) -> str:
    return (SQL / f"{name}.sql").read_text()
