"""Section 4's job: ask the sources in turn, load what the first one says that can be used."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from common import database
from common.errors import JobError
from common.postgresql import Server
from common.progress import Progress
from section4.config import MIGRATIONS, ROLES, SQL, ProcessConfig, report_folder
from section4.core.country import name_of
from section4.core.record import Ask, BrokenOff, Record, Refused, Said, SourceBroken
from section4.operator.postgresql_operator import Loaded, ingestion
from section4.operator.web import Web
from section4.sources import covid19api, disease_sh, jhu, owid, sample, who
from section4.sources.asking import Place, Source

SOURCES: dict[str, Source] = {source.NAME: source for source in (owid, who, jhu, disease_sh, covid19api, sample)}
TRIES = 3

logger = logging.getLogger(__name__)


class NoSourceAnswers(JobError):
    """No source can be used; the database is as it was."""

    def __init__(self, sources: tuple[str, ...]) -> None:
        said = "the database is as it was; the lines above say why, and another run may find one that answers"
        super().__init__(f"none of {', '.join(sources)} can be used; {said}")


@dataclass(frozen=True)
class Request:
    """Whom to ask in turn, for what, at what time; a dry run leaves the database as it is."""

    sources: tuple[str, ...]
    ask: Ask
    now: datetime
    dry_run: bool = False


@dataclass(frozen=True)
class Outcome:
    """Who answered and what became of it; nothing was loaded when the server said that nothing is new."""

    source: str
    loaded: Loaded | None
    silent_about: tuple[str, ...] = ()


def create(server: Server, reports: Path | None = None) -> list[str]:
    """Bring the database, made if need be, to the newest version and let the roles in; returns what it lacked.

    `reports` is where the server finds section 1's reports; by default where this machine's environment says.
    """
    folder = reports or report_folder()
    lacking = database.create(server, MIGRATIONS, (SQL / "section4_database.sql").read_text(), ROLES)
    with server.connected() as connection, connection.cursor() as cursor:
        cursor.execute((SQL / "section4_reports.sql").read_text(), {"path": str(folder)})
        connection.commit()
    return lacking


def ingest(config: ProcessConfig, server: Server, request: Request, progress: Progress) -> Outcome:
    """Load what the first source that can be used says. Raises: NoSourceAnswers, JobError."""
    for name in request.sources:
        try:
            with progress.step(f"{name}: asking"):
                return _patiently(config, server, request, name, progress)
        except SourceBroken as broken:
            logger.warning("%s", broken)
    raise NoSourceAnswers(request.sources)


def _patiently(config: ProcessConfig, server: Server, request: Request, name: str, progress: Progress) -> Outcome:
    """Load what one source says; ask again when its answer breaks off, since another source has other figures."""
    for _ in range(TRIES - 1):
        try:
            return _load(config, server, request, name, progress)
        except BrokenOff as broken:
            logger.warning("%s; asking once more", broken)
    return _load(config, server, request, name, progress)


def _load(config: ProcessConfig, server: Server, request: Request, name: str, progress: Progress) -> Outcome:
    web, address = Web(name, config.web), _address(config, request, name)
    with ingestion(server, name, request.ask, request.now) as run:
        if web.unchanged(run.known_validators(address)):
            outcome = Outcome(name, None)
        else:
            watch = _Watch(name, request.ask, progress)
            said = watch.over(SOURCES[name].records(Place(address, web.get), request.ask))
            outcome = Outcome(name, run.load(said, forward=len(request.sources) > 1), watch.silent_about())
        run.note(outcome.loaded, address, web.validators())
        if not request.dry_run:
            run.commit()
        return outcome


def _address(config: ProcessConfig, request: Request, name: str) -> str:
    """Return where a source is, for the days that are asked for."""
    address: str = getattr(config.addresses, name, "")
    last = request.ask.last or request.now.date()
    return address.replace("{first}", f"{request.ask.first}").replace("{last}", f"{last}")


class _Watch:
    """Tells how far a source has come, and which countries it said nothing of."""

    def __init__(self, source: str, ask: Ask, progress: Progress) -> None:
        self._source, self._ask, self._progress = source, ask, progress
        self._countries: dict[str, None] = {}

    def over(self, said: Said) -> Iterator[Record | Refused]:
        """Pass on what the source says."""
        of = f" of {len(self._ask.countries)}" if self._ask.countries else ""
        for days, one in enumerate(said):
            if isinstance(one, Record) and one.country not in self._countries:
                self._countries[one.country] = None
                name = name_of(one.country)
                self._progress.update(
                    f"{self._source}: {name}, {len(self._countries)}{of} countries, {days:,} days before"
                )
            yield one

    def silent_about(self) -> tuple[str, ...]:
        """Return the countries that were asked for in vain."""
        return tuple(sorted((self._ask.countries or set()) - self._countries.keys()))
