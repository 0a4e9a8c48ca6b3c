"""The ingestion: try the sources in order, and load the first usable response."""

import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from common import database
from common.errors import JobError
from common.postgresql import Server
from common.progress import Progress
from section4.config import MIGRATIONS, ROLES, SQL, ProcessConfig, report_directory
from section4.core.country import name_of
from section4.core.record import IncompleteResponse, Query, Record, Records, SourceError
from section4.operator.postgresql_operator import Loaded, ingestion
from section4.operator.web import Web
from section4.sources import covid19api, disease_sh, jhu, owid, sample, who
from section4.sources.base import Endpoint, Source

SOURCES: dict[str, Source] = {source.NAME: source for source in (owid, who, jhu, disease_sh, covid19api, sample)}
TRIES = 3

logger = logging.getLogger(__name__)


class NoUsableSource(JobError):
    """All sources failed; the database is unchanged."""

    def __init__(self, sources: tuple[str, ...]) -> None:
        failed = f"{', '.join(sources)} failed, see the warnings above"
        super().__init__(f"no usable source: {failed}. The database is unchanged; run again later.")


@dataclass(frozen=True)
class Request:
    """Sources to try in order, the query, and the time of the run; a dry run leaves the database unchanged."""

    sources: tuple[str, ...]
    query: Query
    now: datetime
    dry_run: bool = False


@dataclass(frozen=True)
class Outcome:
    """The source that was used, its counts (None: not modified) and the countries missing from it."""

    source: str
    loaded: Loaded | None
    missing: tuple[str, ...] = ()


def create(server: Server, reports: Path | None = None) -> list[str]:
    """Create the database or migrate it to the newest version, and set role passwords; return the applied migrations.

    `reports` is the directory of section 1's reports on the server; the default is report_directory().
    """
    directory = reports or report_directory()
    applied = database.create(server, MIGRATIONS, (SQL / "section4_database.sql").read_text(), ROLES)
    with server.connected() as connection, connection.cursor() as cursor:
        cursor.execute((SQL / "section4_reports.sql").read_text(), {"path": str(directory)})
        connection.commit()
    return applied


def ingest(config: ProcessConfig, server: Server, request: Request, progress: Progress) -> Outcome:
    """Load the first usable source. Raises: NoUsableSource, JobError."""
    for name in request.sources:
        try:
            with progress.step(f"{name}: requesting"):
                return _load_with_retries(config, server, request, name, progress)
        except SourceError as error:
            logger.warning("%s", error)
    raise NoUsableSource(request.sources)


def _load_with_retries(
    config: ProcessConfig, server: Server, request: Request, name: str, progress: Progress
) -> Outcome:
    """Load one source; retry an incomplete response, because the next source would have other figures."""
    for _ in range(TRIES - 1):
        try:
            return _load(config, server, request, name, progress)
        except IncompleteResponse as error:
            logger.warning("%s; retrying", error)
    return _load(config, server, request, name, progress)


def _load(config: ProcessConfig, server: Server, request: Request, name: str, progress: Progress) -> Outcome:
    web, address = Web(name, config.web), _address(config, request, name)
    with ingestion(server, name, request.query, request.now) as run:
        if web.unchanged(run.known_validators(address)):
            outcome = Outcome(name, None)
        else:
            monitor = _Monitor(name, request.query, progress)
            records = monitor.watch(SOURCES[name].records(Endpoint(address, web.get), request.query))
            loaded = run.load(records, reject_outdated=len(request.sources) > 1)
            outcome = Outcome(name, loaded, monitor.missing())
        run.record(outcome.loaded, address, web.validators())
        if not request.dry_run:
            run.commit()
        return outcome


def _address(config: ProcessConfig, request: Request, name: str) -> str:
    """Return the configured address with the requested days; empty for the sample."""
    address: str = getattr(config.addresses, name, "")
    last = request.query.last or request.now.date()
    return address.replace("{first}", f"{request.query.first}").replace("{last}", f"{last}")


class _Monitor:
    """Reports the progress of a source, and collects the countries that it has."""

    def __init__(self, source: str, query: Query, progress: Progress) -> None:
        self._source, self._query, self._progress = source, query, progress
        self._countries: dict[str, None] = {}

    def watch(self, records: Records) -> Records:
        """Yield the records unchanged; report each new country."""
        total = f" of {len(self._query.countries)}" if self._query.countries else ""
        for days, record in enumerate(records):
            if isinstance(record, Record) and record.country not in self._countries:
                self._countries[record.country] = None
                count = f"{len(self._countries)}{total} countries"
                self._progress.update(f"{self._source}: {name_of(record.country)}, {count}, {days:,} days before")
            yield record

    def missing(self) -> tuple[str, ...]:
        """Return the requested countries without records."""
        return tuple(sorted((self._query.countries or set()) - self._countries.keys()))
