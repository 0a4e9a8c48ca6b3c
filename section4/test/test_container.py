"""Section 4 as users start it: healthy, ingesting by itself, its dashboard's questions answered, closed."""

import base64
import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_network
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from common.test.containers import Copy, Ran, alone, docker, free_port, inside, inspect
from common.test.waiting import wait_until
from common.test.web_server import Site
from common.test.web_server import site as serve
from section4.config import CONF, GRAFANA
from section4.test.support import PATHS, owid
from section4.test.test_pipeline import put

pytestmark = pytest.mark.needs("docker")

Fault = Callable[[str, str, str, str], None]

JOB, SERVER, DASHBOARD = "section4_python", "section4_postgresql", "section4_grafana"
CONTAINERS = (JOB, SERVER, DASHBOARD)
TODAY = datetime.now(UTC).date()
DAYS = [TODAY - timedelta(days=day) for day in range(14, 0, -1)]
# Reported: 7 a day; nothing on the 9th and 10th day, 70 on the 11th.
NEW = [7, 7, 7, 7, 7, 7, 7, 7, 0, 0, 70, 7, 7, 7]


def series(country: str, factor: int = 1) -> list[tuple[str, str, Any, Any, Any, Any]]:
    """Return a country's days."""
    return [
        (country, f"{day}", factor * new, factor * sum(NEW[: place + 1]), factor, factor * (place + 1))
        for place, (day, new) in enumerate(zip(DAYS, NEW, strict=True))
    ]


FIGURES = owid(*series("Singapore"), *series("Malaysia", 2))


def gateway() -> str:
    """Return the address by which containers reach this machine."""
    found = docker("network", "inspect", "bridge", "--format", "{{json (index .IPAM.Config 0)}}").stdout
    network = json.loads(found)
    # An engine that has just made the network does not tell its gateway: it is the first address.
    return network.get("Gateway") or str(ip_network(network["Subnet"])[1])


def configure(copy: Copy, address: str) -> None:
    """Let the sources of section4_process.yaml be at this address, and ask for two countries."""
    text = (CONF / "section4_process.yaml").read_text().replace("countries: [SG]", "countries: [MY, SG]")
    for name, path in PATHS.items():
        text = re.sub(rf"(?m)^  {name}: .*$", f"  {name}: {address}{path}", text)
    text = re.sub(r"(?m)^  retries: 4", "  retries: 0", text)
    (copy.root / "section4" / "conf" / "section4_process.yaml").write_text(text)
    copy.give_away()


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serve(host=gateway()) as served:
        served.answer("/owid.csv", FIGURES)
        yield served


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory, site: Site) -> Iterator[Copy]:
    ports = {"SECTION4_PORT": str(free_port()), "SECTION4_GRAFANA_PORT": str(free_port())}
    with alone(Copy(tmp_path_factory.mktemp("container"), "section4", **ports)) as copy:
        configure(copy, site.address)
        copy.runner("stop", "--purge", stdin="yes\n")
        copy.start()
        yield copy
        copy.runner("stop", "--purge", stdin="yes\n")


def records(copy: Copy, *arguments: str, stdin: str = "") -> str:
    """Return what the runner prints; it must succeed."""
    ran = copy.runner(*arguments, stdin=stdin)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def psql(copy: Copy, statement: str, role: str = "grafana") -> str:
    return records(copy, "psql", "--role", role, "-At", "-c", statement).strip()


def settings(copy: Copy) -> dict[str, str]:
    """Return what stands in .env."""
    lines = (line.split("=", 1) for line in (copy.root / ".env").read_text().splitlines() if line[:1].isalpha())
    return dict(lines)


def grafana(copy: Copy, path: str, body: object = None, password: str | None = None) -> Any:
    """Return what Grafana answers to its administrator."""
    secret = password or settings(copy)["SECTION4_GRAFANA_ADMIN_PASSWORD"]
    token = base64.b64encode(f"admin:{secret}".encode()).decode()
    headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}
    address = f"http://127.0.0.1:{settings(copy)['SECTION4_GRAFANA_PORT']}{path}"
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(address, data, headers), timeout=30) as answer:
        return json.load(answer)


def asked(copy: Copy, target: dict[str, Any]) -> list[tuple[object, ...]]:
    """Return the rows of a panel's statement, by the path that the dashboard takes in the browser."""
    statement = target["rawSql"].replace("${country:sqlstring}", "'SG'").replace("${compared:sqlstring}", "'MY','SG'")
    query = {**target, "rawSql": statement}
    answer = grafana(copy, "/api/ds/query", {"queries": [query], "from": f"{DAYS[0]}T00:00:00Z", "to": "now"})
    [frame] = answer["results"]["A"]["frames"]
    return list(zip(*frame["data"]["values"], strict=True))


def milliseconds(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)


def panels(uid: str = "covid") -> dict[str, dict[str, Any]]:
    model = json.loads((GRAFANA / f"{uid}_dashboard.json").read_text())
    return {panel["title"]: panel["targets"][0] for panel in model["panels"]}


def test_start_ends_healthy_with_the_dashboard_s_address_and_figures(started: Copy) -> None:
    for container in CONTAINERS:
        assert inspect(container, "{{.State.Health.Status}}") == "healthy"
    shown = records(started, "start")
    assert f"http://localhost:{settings(started)['SECTION4_GRAFANA_PORT']}/d/covid, as admin" in shown
    assert f"http://localhost:{settings(started)['SECTION4_GRAFANA_PORT']}/d/pipeline" in shown
    assert psql(started, "select count(*), sum(cases_new) from daily_cases where country_code = 'SG'") == "14|147"
    assert records(started, "status").count("running healthy") == 3
    assert (started.root / "section1/resource/dest/report").stat().st_uid == started.uid  # else section 1 fails


def test_a_second_start_changes_nothing(started: Copy) -> None:
    before = [inspect(name, "{{.Id}} {{.State.StartedAt}}") for name in CONTAINERS], settings(started)
    records(started, "start")
    assert ([inspect(name, "{{.Id}} {{.State.StartedAt}}") for name in CONTAINERS], settings(started)) == before


def test_the_dashboard_is_there_and_only_for_who_has_the_password(started: Copy) -> None:
    found = grafana(started, "/api/dashboards/uid/covid")["dashboard"]
    assert found["title"] == "COVID-19 by country"
    [source] = grafana(started, "/api/datasources")
    assert (source["uid"], source["user"]) == ("covid-postgresql", "grafana")
    for password in ("admin", "wrong"):
        with pytest.raises(OSError, match="401"):
            grafana(started, "/api/search", password=password)


def test_daily_cases(started: Copy) -> None:
    # Averages: six days have none; day 7 and 8 have 7; day 9: 6 x 7 / 7 = 6; day 10: 5; day 11: (28 + 70) / 7 = 14;
    # day 12: days 6, 7, 8, 11 and 12: (21 + 70 + 7) / 7 = 14; then 14, 14.
    averages = [None] * 6 + [7, 7, 6, 5, 14, 14, 14, 14]
    expected = [(milliseconds(day), new, average) for day, new, average in zip(DAYS, NEW, averages, strict=True)]
    assert asked(started, panels()["Confirmed cases a day"]) == expected


def test_deaths(started: Copy) -> None:
    expected = [(milliseconds(day), 1, 1 if place >= 6 else None) for place, day in enumerate(DAYS)]
    assert asked(started, panels()["Deaths a day"]) == expected


def test_cumulative(started: Copy) -> None:
    expected = [(milliseconds(day), sum(NEW[: place + 1]), place + 1) for place, day in enumerate(DAYS)]
    assert asked(started, panels()["Cases and deaths so far"]) == expected


def test_weekly_totals(started: Copy) -> None:
    weeks: dict[date, int] = {}
    for day, new in zip(DAYS, NEW, strict=True):
        monday = day - timedelta(days=day.weekday())
        weeks[monday] = weeks.get(monday, 0) + new
    shown = [week for week in weeks if week >= DAYS[0] and week + timedelta(days=6) <= DAYS[-1]]
    assert asked(started, panels()["Confirmed cases a week"]) == [(milliseconds(week), weeks[week]) for week in shown]


def test_growth(started: Copy) -> None:
    # The first average is day 7's; a week later it is 14, against 7: twice as much, 100 % more.
    assert asked(started, panels()["Growth within a week"]) == [
        *((milliseconds(day), None) for day in DAYS[7:13]),
        (milliseconds(DAYS[13]), 1.0),
    ]


def test_comparison(started: Copy) -> None:
    rows = asked(started, panels()["Countries compared, 7-day averages of cases"])
    assert [row[1:] for row in rows[-2:]] == [("Malaysia", 28), ("Singapore", 14)]
    assert len(rows) == 28


def test_freshness(started: Copy) -> None:
    [(state, source, last_day, days_old, last_run)] = asked(started, panels()["How fresh is this?"])
    assert (state, source, last_day, days_old) == ("fresh", "owid", f"{DAYS[-1]}", 1)
    assert str(last_run).endswith("UTC")


def test_runs(started: Copy) -> None:
    first = asked(started, panels()["Ingestion runs"])[-1]
    assert first[1:8] == ("owid", "loaded", "MY, SG", 28, 0, 0, 0)


def test_reporting_gaps(started: Copy) -> None:
    [annotation] = json.loads((GRAFANA / "covid_dashboard.json").read_text())["annotations"]["list"]
    assert asked(started, annotation["target"]) == [
        (milliseconds(DAYS[8]), milliseconds(DAYS[10]), "2 days without a report; 70 cases came then")
    ]


def test_the_variable_lists_the_countries(started: Copy) -> None:
    model = json.loads((GRAFANA / "covid_dashboard.json").read_text())
    target = {**panels()["Ingestion runs"], "rawSql": model["templating"]["list"][0]["query"]}
    assert asked(started, target) == [("Malaysia", "MY"), ("Singapore", "SG")]


def test_the_pipeline_s_dashboard_reads_section_1_s_reports_and_nothing_else(started: Copy) -> None:
    assert grafana(started, "/api/dashboards/uid/pipeline")["dashboard"]["title"] == "Pipeline health"
    assert asked(started, panels("pipeline")["Applications: last batch"]) == [("no batch yet", None, None, None)]
    folder = started.root / "section1" / "resource" / "dest" / "report"
    batch = f"{datetime.now(UTC):%Y-%m-%dT%H}"
    put(folder, batch, started_at=f"{batch}:00:00+00:00")
    [(state, name, _, minutes)] = asked(started, panels("pipeline")["Applications: last batch"])
    assert (state, name) == ("fresh", batch)
    assert int(str(minutes)) < 5
    assert asked(started, panels("pipeline")["Batches in this time range"]) == [(1, 10, 7, 3, 0, 0)]
    assert inside(SERVER, "ls", "/app/section1/resource/dest").split() == ["report"]
    assert (
        inside(SERVER, "sh", "-c", f"touch /app/section1/resource/dest/report/{batch}.json || echo refused")
        == "refused\n"
    )
    with pytest.raises(AssertionError, match="permission denied"):
        psql(started, "select pg_read_file('/etc/passwd')")
    (folder / f"{batch}.json").unlink()


def test_ingest_now_by_the_schedule_s_command_or_with_arguments(started: Copy, site: Site) -> None:
    site.answer("/owid.csv", FIGURES.replace(b",7,7,", b",8,8,", 1))
    assert "changed 1" in re.sub(" +", " ", records(started, "ingest"))
    site.answer("/owid.csv", FIGURES)
    shown = re.sub(" +", " ", records(started, "ingest", "--country", "SG"))
    assert "countries SG" in shown
    assert "changed 1" in shown


def test_cron_ingests_by_itself_and_all_files_belong_to_the_owner(started: Copy) -> None:
    runs = psql(started, "select count(*) from ingestion_run")
    started.set(SECTION4_SCHEDULE="* * * * *")
    records(started, "start")
    wait_until(lambda: psql(started, "select count(*) from ingestion_run") != runs, seconds=90)
    started.set(SECTION4_SCHEDULE="30 6 * * *")
    records(started, "start")
    section = started.root / "section4"
    assert [path for path in section.rglob("*") if path.lstat().st_uid != started.uid] == []
    assert "ingestion: loaded" in (section / "log" / "data_pipeline.log").read_text()


@pytest.mark.parametrize(
    "arguments",
    [
        ("psql", "-c", "delete from daily_cases"),
        ("psql", "-c", "set default_transaction_read_only = off; delete from daily_cases"),
        ("psql", "--role", "covid_loader", "-c", "drop table covid.daily_cases"),
        ("psql", "--role", "covid_loader", "-c", "delete from covid.daily_cases"),
        ("psql", "--role", "nobody; drop schema covid"),
        ("psql", "--role"),
        ("ingest", "--country", "SG'; drop schema covid cascade; --"),
        ("ingest", "--source", "owid; rm -rf /"),
        ("ingest", "--from", "$(reboot)"),
        ("start", "now"),
        ("stop", "--all"),
        ("nonsense",),
    ],
    ids=" ".join,
)
def test_what_does_not_belong_into_an_argument_is_refused(started: Copy, arguments: tuple[str, ...]) -> None:
    before = psql(started, "select count(*) from daily_cases")
    ran: Ran = started.runner(*arguments)
    assert ran.returncode in (1, 2)
    assert "Traceback" not in ran.stderr
    assert psql(started, "select count(*) from daily_cases") == before


def test_when_no_source_answers_start_says_so_and_the_figures_stay(started: Copy, site: Site, fault: Fault) -> None:
    figures = site.replies.pop("/owid.csv")
    ran = started.runner("ingest")
    assert ran.returncode == 1
    wait_until(lambda: started.runner("status").returncode == 1)
    again = started.runner("start")
    assert again.returncode == 1
    assert "no source answers yet" in again.stderr
    assert psql(started, "select count(*) from daily_cases") == "28"
    site.replies["/owid.csv"] = figures
    assert records(started, "ingest")
    at_once = started.runner("start")  # while Docker has not made another check
    assert (at_once.returncode, "query the sources again" in at_once.stderr) == (0, False)
    fault("no source answers", "section 4", "no source answers yet", "the next ingestion")


def test_without_a_network_the_figures_stay(started: Copy, fault: Fault) -> None:
    docker("network", "disconnect", "section4_default", JOB)
    try:
        ran = started.runner("ingest")
        said_so = next(line for line in (ran.stdout + ran.stderr).splitlines() if line.startswith("section4_"))
        assert ran.returncode == 1
    finally:
        docker("network", "connect", "section4_default", JOB)
    assert psql(started, "select count(*) from daily_cases") == "28"
    assert records(started, "ingest")
    fault("no network", "section 4", re.sub(r"\(.*\)", "(...)", said_so), "the next ingestion, once site is one")


def test_a_killed_server_comes_back_with_all_that_was_committed(started: Copy, fault: Fault) -> None:
    before = psql(started, "select count(*) from daily_cases")
    restarts = inspect(SERVER, "{{.RestartCount}}")
    os.kill(int(inspect(SERVER, "{{.State.Pid}}")), 9)
    wait_until(lambda: inspect(SERVER, "{{.RestartCount}}") != restarts)
    wait_until(lambda: inspect(SERVER, "{{.State.Health.Status}}") == "healthy")
    assert psql(started, "select count(*) from daily_cases") == before
    fault("PostgreSQL is killed", "section 4", "status: starting", "it restarts by itself")


def test_a_server_that_is_slow_is_waited_for(started: Copy, fault: Fault) -> None:
    docker("container", "pause", SERVER)
    try:
        with subprocess.Popen(["sh", str(started.root / "section4_runner.sh"), "ingest"], text=True) as ingestion:
            time.sleep(5)
            assert ingestion.poll() is None
            docker("container", "unpause", SERVER)
            assert ingestion.wait(60) == 0
    finally:
        docker("container", "unpause", SERVER)
    fault("PostgreSQL is slow", "section 4", "the ingestion takes longer", "nothing to heal")


def test_without_its_server_an_ingestion_says_so_and_the_dashboard_shows_no_figures(
    started: Copy, fault: Fault
) -> None:
    before = psql(started, "select count(*), sum(cases_total) from daily_cases")
    docker("container", "stop", SERVER)
    try:
        ran = started.runner("ingest")
        said_so = next(line for line in (ran.stdout + ran.stderr).splitlines() if line.startswith("section4_"))
        assert (ran.returncode, ": cannot connect to PostgreSQL at section4" in said_so) == (1, True)
        assert grafana(started, "/api/health")["database"] == "ok"  # its own
        with pytest.raises(HTTPError) as refused:
            asked(started, panels()["How fresh is this?"])
        assert refused.value.code in (400, 500)
        refused.value.close()
        assert started.runner("status").returncode == 1
    finally:
        docker("container", "start", SERVER)
    wait_until(lambda: inspect(SERVER, "{{.State.Health.Status}}") == "healthy")
    assert psql(started, "select count(*), sum(cases_total) from daily_cases") == before
    assert asked(started, panels()["How fresh is this?"]) != []
    records(started, "ingest")
    fault("PostgreSQL is down", "section 4", re.sub(r"\(.*\)", "(...)", said_so), "the next ingestion, once it is up")
    fault("Grafana without its database", "section 4", "panels show an error", "the next refresh, once it is up")


def test_figures_survive_stop_and_start(started: Copy) -> None:
    before = psql(started, "select count(*), sum(cases_total) from daily_cases")
    records(started, "stop")
    for container in CONTAINERS:
        assert docker("container", "ls", "--all", "--quiet", "--filter", f"name={container}").stdout == ""
    records(started, "start")
    assert psql(started, "select count(*), sum(cases_total) from daily_cases") == before


def test_each_container_has_what_it_needs_and_no_more(started: Copy) -> None:
    for container in CONTAINERS:
        assert inspect(container, "{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}}") == "true [ALL]"
        assert "no-new-privileges" in inspect(container, "{{.HostConfig.SecurityOpt}}")
        memory, processes = inspect(container, "{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}}").split()
        assert 0 < int(memory) <= 1 << 30
        assert 0 < int(processes) <= 512
        bindings = json.loads(inspect(container, "{{json .HostConfig.PortBindings}}")) or {}
        assert {place["HostIp"] for places in bindings.values() for place in places} <= {"127.0.0.1"}
    assert inspect(DASHBOARD, "{{.HostConfig.CapAdd}}") == "[]"
    assert [status for status in inside(SERVER, "cat", "/proc/1/status").splitlines() if "CapEff" in status] == [
        "CapEff:\t0000000000000000"
    ]


def test_each_container_knows_the_passwords_that_it_needs_and_no_other(started: Copy) -> None:
    knows = {
        SERVER: {"SECTION4_POSTGRES_PASSWORD"},
        JOB: {"SECTION4_COVID_LOADER_PASSWORD"},
        DASHBOARD: {"SECTION4_GRAFANA_PASSWORD", "SECTION4_GRAFANA_ADMIN_PASSWORD"},
    }
    passwords = {name: value for name, value in settings(started).items() if name.endswith("PASSWORD")}
    assert len(set(passwords.values())) == 4
    for container, names in knows.items():
        environment = inspect(container, "{{.Config.Env}}")
        log = docker("container", "logs", container)
        image = docker("image", "history", "--no-trunc", inspect(container, "{{.Config.Image}}")).stdout
        assert {name for name, value in passwords.items() if value in environment} == names
        assert not any(value in log.stdout + log.stderr + image for value in passwords.values())
