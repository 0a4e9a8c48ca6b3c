"""Configuration of section 4 as frozen models, and the locations of its files."""

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
from section4.core.dates import iso_day
from section4.core.record import Query

CONF = ROOT / "section4" / "conf"
QUERIES = ROOT / "section4" / "queries"
SQL = ROOT / "section4" / "sql"
MIGRATIONS = ROOT / "section4" / "migrations"
GRAFANA = ROOT / "section4" / "grafana"
OUTPUT = ROOT / "section4" / "output"
CLUSTER = ROOT / ".local" / "postgresql" / "section4"
REPORTS = ROOT / "section1" / "resource" / "dest" / "report"
LOADER, READER = "covid_loader", "grafana"
ROLES = (LOADER, READER)
ALL = "all"
LATEST = "latest"

SourceName = Literal["owid", "who", "jhu", "disease_sh", "covid19api"]


def _day(text: object) -> date:
    return iso_day(str(text))


def _last_day(text: object) -> date | None:
    return None if text == LATEST else _day(text)


def country_codes(codes: tuple[str, ...]) -> tuple[str, ...]:
    """Return the codes if all are countries, or (all,). Raises: ValueError."""
    wrong = [code for code in codes if not is_code(code) and codes != (ALL,)]
    if wrong:
        raise ValueError(f"{wrong[0]!r} is not a country code; expected codes such as SG, MY, or all")
    if not codes:
        raise ValueError("expected at least one country such as SG")
    return codes


def countries_of(text: str) -> tuple[str, ...]:
    """Return the country codes of an argument such as sg,MY or all. Raises: ValueError."""
    # Only ASCII letters have one capital each: the capital of the German sharp s is SS, which is South Sudan.
    codes = tuple(part.strip().upper() if part.isascii() else part for part in text.split(","))
    return country_codes((ALL,) if codes == (ALL.upper(),) else codes)


def _unique(sources: tuple[str, ...]) -> tuple[str, ...]:
    if not sources or len(set(sources)) < len(sources):
        raise ValueError("expected at least one source, each once, such as [owid, who]")
    return sources


def _http(address: str) -> str:
    if not re.match(r"https?://[^/\s]+/\S*$", address):
        raise ValueError("expected an address such as https://example.org/data.csv")
    return address


Address = Annotated[str, AfterValidator(_http)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]


class Addresses(Frozen):
    """The address of each source."""

    owid: Address
    who: Address
    jhu: Address
    disease_sh: Address
    covid19api: Address


class WebSettings(Frozen):
    """Limits of HTTP requests."""

    connect_seconds: Seconds
    read_seconds: Seconds
    total_seconds: Seconds
    largest_mb: Annotated[int, Field(ge=1, le=10_000)]
    retries: Annotated[int, Field(ge=0, le=10)]


class ProcessConfig(Frozen):
    """The daily job: sources in the order in which they are tried, countries and days."""

    sources: Annotated[tuple[SourceName, ...], AfterValidator(_unique)]
    countries: Annotated[tuple[str, ...], AfterValidator(country_codes)]
    first_day: Annotated[date, BeforeValidator(_day)]
    last_day: Annotated[date | None, BeforeValidator(_last_day)]
    addresses: Addresses
    web: WebSettings

    def query(
        self, countries: tuple[str, ...] | None = None, first: date | None = None, last: date | None = None
    ) -> Query:
        """Return the configured query; countries and days that are given replace the configured ones."""
        codes = countries or self.countries
        return Query(None if codes == (ALL,) else frozenset(codes), first or self.first_day, last or self.last_day)


def report_directory() -> Path:
    """Return section 1's report directory on the server, SECTION4_REPORTS or the default. Raises: UsageError."""
    directory = Path(os.environ.get("SECTION4_REPORTS") or REPORTS)
    if not directory.is_absolute() or ".." in directory.parts:
        raise UsageError(f"SECTION4_REPORTS: expected an absolute path such as {REPORTS}, got '{directory}'.")
    return directory


def load_process(name: str) -> ProcessConfig:
    """Return the configuration in a file of section4/conf, or at a path. Raises: UsageError."""
    in_conf = {path.name: path for path in CONF.glob("*.yaml")}
    return load(ProcessConfig, in_conf.get(name, Path(name)))


def load_server(path: Path) -> Server:
    """Return the server of a YAML file; passwords that the file omits come from the environment."""
    server = load(Server, path, "--postgresql-config")
    from_environment = server_from_environment("section4", ROLES, host=server.host)
    passwords = {**(from_environment.passwords if from_environment else {}), **server.passwords}
    return server.model_copy(update={"passwords": passwords})
