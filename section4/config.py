"""Section 4's configuration as frozen types, and where its files are."""

import os
import re
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from common.config import Frozen, load
from common.errors import UsageError
from common.paths import ROOT
from common.postgresql import Server, server_from_environment
from section4.core.country import is_code
from section4.core.days import iso_day
from section4.core.record import Ask

CONF = ROOT / "section4" / "conf"
QUERIES = ROOT / "section4" / "queries"
SQL = ROOT / "section4" / "sql"
MIGRATIONS = ROOT / "section4" / "migrations"
CLUSTER = ROOT / ".local" / "postgresql" / "section4"
REPORTS = ROOT / "section1" / "resource" / "dest" / "report"
GRAFANA = ROOT / "section4" / "grafana"
LOADER, READER = "covid_loader", "grafana"
ROLES = (LOADER, READER)
ALL = "all"
LATEST = "latest"

SourceName = Literal["owid", "who", "jhu", "disease_sh", "covid19api"]


def _day(text: object) -> date:
    return iso_day(str(text))


def _last_day(text: object) -> date | None:
    """Return a date, or None for the latest that there is."""
    return None if text == LATEST else _day(text)


def country_codes(codes: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse what is no code of a country; all stands alone. Raises: ValueError."""
    wrong = [code for code in codes if not is_code(code) and codes != (ALL,)]
    if wrong:
        raise ValueError(f"has {wrong[0]!r}, which is no country's code (e.g. [SG, MY], or [all])")
    if not codes:
        raise ValueError("is empty; name at least one country (e.g. [SG])")
    return codes


def _once(sources: tuple[str, ...]) -> tuple[str, ...]:
    if not sources or len(set(sources)) < len(sources):
        raise ValueError("must name each source once, and at least one (e.g. [owid, who])")
    return sources


def _http(address: str) -> str:
    if not re.match(r"https?://[^/\s]+/\S*$", address):
        raise ValueError("is no address (e.g. https://example.org/data.csv)")
    return address


Address = Annotated[str, AfterValidator(_http)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]


class Addresses(Frozen):
    """Where each source is."""

    owid: Address
    who: Address
    jhu: Address
    disease_sh: Address
    covid19api: Address


class WebSettings(Frozen):
    """How patient and how careful the job is with a server."""

    connect_seconds: Seconds
    read_seconds: Seconds
    total_seconds: Seconds
    largest_mb: Annotated[int, Field(ge=1, le=10_000)]
    retries: Annotated[int, Field(ge=0, le=10)]


class ProcessConfig(Frozen):
    """One daily job: whom to ask, about which countries and days."""

    sources: Annotated[tuple[SourceName, ...], AfterValidator(_once)]
    countries: Annotated[tuple[str, ...], AfterValidator(country_codes)]
    first_day: Annotated[date, BeforeValidator(_day)]
    last_day: Annotated[date | None, BeforeValidator(_last_day)]
    addresses: Addresses
    web: WebSettings

    def ask(self, countries: tuple[str, ...] | None = None, first: date | None = None, last: date | None = None) -> Ask:
        """Return what is to be asked for, with other countries or days where they are given."""
        codes = countries or self.countries
        return Ask(None if codes == (ALL,) else frozenset(codes), first or self.first_day, last or self.last_day)


def report_folder() -> Path:
    """Return where the server finds section 1's reports: by SECTION4_REPORTS, else here. Raises: UsageError."""
    folder = Path(os.environ.get("SECTION4_REPORTS") or REPORTS)
    if not folder.is_absolute() or ".." in folder.parts:
        raise UsageError(f"SECTION4_REPORTS: '{folder}' is no absolute path; give one such as {REPORTS}")
    return folder


def load_process(name: str) -> ProcessConfig:
    """Return the configuration that is named: a file of section4/conf, or a path. Raises: UsageError."""
    in_conf = {path.name: path for path in CONF.glob("*.yaml")}
    return load(ProcessConfig, in_conf.get(name, Path(name)))


def load_server(path: Path) -> Server:
    """Return the server that a file names; passwords of roles that it leaves out are the environment's."""
    server = load(Server, path, "--postgresql-config")
    named = server_from_environment("section4", ROLES, host=server.host)
    passwords = {**(named.passwords if named else {}), **server.passwords}
    return server.model_copy(update={"passwords": passwords})
