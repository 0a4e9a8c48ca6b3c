"""Section 4's containers for tests: their sources, runner, database and Grafana."""

import base64
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from common.test.containers import Copy, alone, docker, free_port
from common.test.web_server import Site
from common.test.web_server import site as serve
from section4.config import CONF, GRAFANA
from section4.test.support import PATHS, owid

JOB, SERVER, DASHBOARD = CONTAINERS = ("section4_python", "section4_postgresql", "section4_grafana")
TODAY = datetime.now(UTC).date()
DAYS = [TODAY - timedelta(days=day) for day in range(14, 0, -1)]
# New cases of Singapore: 7 per day; none on the 9th and 10th day, 70 on the 11th.
NEW = [7, 7, 7, 7, 7, 7, 7, 7, 0, 0, 70, 7, 7, 7]


def series(country: str, factor: int = 1) -> list[tuple[Any, ...]]:
    """Return the days of a country for an owid response."""
    return [
        (country, day, factor * new, factor * sum(NEW[:number]), factor, factor * number)
        for number, (day, new) in enumerate(zip(DAYS, NEW, strict=True), 1)
    ]


FIGURES = owid(*series("Singapore"), *series("Malaysia", 2))


def gateway() -> str:
    """Return the address at which containers reach this machine."""
    found = docker("network", "inspect", "bridge", "--format", "{{json (index .IPAM.Config 0)}}").stdout
    network = json.loads(found)
    # A new engine does not list the gateway of its network: it is the first address.
    return network.get("Gateway") or str(ip_network(network["Subnet"])[1])


def configure(copy: Copy, address: str) -> None:
    """Configure the sources at this address, and two countries."""
    text = (CONF / "section4_process.yaml").read_text().replace("countries: [SG]", "countries: [MY, SG]")
    for name, path in PATHS.items():
        text = re.sub(rf"(?m)^  {name}: .*$", f"  {name}: {address}{path}", text)
    text = re.sub(r"(?m)^  retries: 4", "  retries: 0", text)
    (copy.root / "section4" / "conf" / "section4_process.yaml").write_text(text)
    copy.give_away()


@contextmanager
def served_to_containers(figures: bytes) -> Iterator[Site]:
    """Yield a web server that containers reach, with these figures as owid's response."""
    with serve(host=gateway()) as site:
        site.answer("/owid.csv", figures)
        yield site


@contextmanager
def started(directory: Path, site: Site, **variables: str) -> Iterator[Copy]:
    """Yield a copy of the repository whose containers run with an empty database; purge it at the end."""
    ports = {"SECTION4_PORT": str(free_port()), "SECTION4_GRAFANA_PORT": str(free_port())}
    with alone(Copy(directory, "section4", **ports, **variables)) as copy:
        configure(copy, site.address)
        copy.runner("stop", "--purge", stdin="yes\n")
        copy.start()
        yield copy
        copy.runner("stop", "--purge", stdin="yes\n")


def output(copy: Copy, *arguments: str, stdin: str = "") -> str:
    """Return the output of a runner's command, which must succeed."""
    ran = copy.runner(*arguments, stdin=stdin)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def psql(copy: Copy, statement: str, role: str = "grafana") -> str:
    return output(copy, "psql", "--role", role, "-At", "-c", statement).strip()


def settings(copy: Copy) -> dict[str, str]:
    """Return the variables in .env."""
    lines = (line.split("=", 1) for line in (copy.root / ".env").read_text().splitlines() if line[:1].isalpha())
    return dict(lines)


def grafana(copy: Copy, path: str, body: object = None, password: str | None = None) -> Any:
    """Return the response of Grafana to its administrator."""
    secret = password or settings(copy)["SECTION4_GRAFANA_ADMIN_PASSWORD"]
    token = base64.b64encode(f"admin:{secret}".encode()).decode()
    headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}
    address = f"http://127.0.0.1:{settings(copy)['SECTION4_GRAFANA_PORT']}{path}"
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(address, data, headers), timeout=30) as response:
        return json.load(response)


def rows(copy: Copy, target: dict[str, Any]) -> list[tuple[object, ...]]:
    """Return the rows of a panel's query, through the API that the dashboard uses in the browser."""
    sql = target["rawSql"].replace("${country:sqlstring}", "'SG'").replace("${compared:sqlstring}", "'MY','SG'")
    query = {**target, "rawSql": sql}
    response = grafana(copy, "/api/ds/query", {"queries": [query], "from": f"{DAYS[0]}T00:00:00Z", "to": "now"})
    [frame] = response["results"]["A"]["frames"]
    return list(zip(*frame["data"]["values"], strict=True))


def dashboard(uid: str = "covid") -> Any:
    return json.loads((GRAFANA / f"{uid}_dashboard.json").read_text())


def panels(uid: str = "covid") -> dict[str, dict[str, Any]]:
    """Return the query of each panel by its title."""
    return {panel["title"]: panel["targets"][0] for panel in dashboard(uid)["panels"]}


def milliseconds(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
