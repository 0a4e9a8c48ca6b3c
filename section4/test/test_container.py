"""Section 4's containers: start, Grafana's panels, ingestion, faults, privileges."""

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from urllib.error import HTTPError

import pytest

from common.test.containers import Copy, docker, inside, inspect
from common.test.waiting import wait_until
from common.test.web_server import Site
from section4.test.container import (
    CONTAINERS,
    DASHBOARD,
    DAYS,
    FIGURES,
    JOB,
    NEW,
    SERVER,
    dashboard,
    grafana,
    milliseconds,
    output,
    panels,
    psql,
    rows,
    served_to_containers,
    settings,
)
from section4.test.container import started as started_containers
from section4.test.support import put_report

pytestmark = pytest.mark.needs("docker")

Fault = Callable[[str, str, str, str], None]
ROWS = "select count(*) from daily_cases"
SUMS = "select count(*), sum(cases_total) from daily_cases"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with served_to_containers(FIGURES) as served:
        yield served


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory, site: Site) -> Iterator[Copy]:
    with started_containers(tmp_path_factory.mktemp("container"), site) as copy:
        yield copy


def is_healthy(container: str) -> bool:
    return inspect(container, "{{.State.Health.Status}}") == "healthy"


def error_of_ingestion(copy: Copy) -> str:
    """Return the error line of an ingestion, which must fail."""
    ran = copy.runner("ingest")
    assert ran.returncode == 1
    return next(line for line in (ran.stdout + ran.stderr).splitlines() if line.startswith("section4_"))


def test_start_ends_healthy_with_addresses_and_figures(started: Copy) -> None:
    assert all(map(is_healthy, CONTAINERS))
    shown = output(started, "start")
    address = f"http://localhost:{settings(started)['SECTION4_GRAFANA_PORT']}/d"
    assert f"{address}/covid, as admin" in shown
    assert f"{address}/pipeline" in shown
    assert psql(started, "select count(*), sum(cases_new) from daily_cases where country_code = 'SG'") == "14|147"
    assert output(started, "status").count("running healthy") == 3
    # Owned by root it would block section 1's job.
    assert (started.root / "section1/resource/dest/report").stat().st_uid == started.uid


def test_second_start_changes_nothing(started: Copy) -> None:
    before = [inspect(name, "{{.Id}} {{.State.StartedAt}}") for name in CONTAINERS], settings(started)
    output(started, "start")
    assert ([inspect(name, "{{.Id}} {{.State.StartedAt}}") for name in CONTAINERS], settings(started)) == before


def test_grafana_has_the_dashboard_and_requires_the_password(started: Copy) -> None:
    assert grafana(started, "/api/dashboards/uid/covid")["dashboard"]["title"] == "COVID-19 by country"
    [source] = grafana(started, "/api/datasources")
    assert (source["uid"], source["user"]) == ("covid-postgresql", "grafana")
    for password in ("admin", "wrong"):
        with pytest.raises(OSError, match="401"):
            grafana(started, "/api/search", password=password)


def expected_rows() -> dict[str, list[tuple[object, ...]]]:
    """Return the rows of the panels, by title, worked out by hand."""
    # Averages: six days have none; day 7 and 8 have 7; day 9: 6 x 7 / 7 = 6; day 10: 5; day 11: (28 + 70) / 7 = 14;
    # day 12: days 6, 7, 8, 11 and 12: (21 + 70 + 7) / 7 = 14; then 14, 14.
    averages = [*[None] * 6, 7, 7, 6, 5, 14, 14, 14, 14]
    mondays = [day for day in DAYS if day.weekday() == 0 and day + timedelta(days=6) <= DAYS[-1]]
    days = list(map(milliseconds, DAYS))
    return {
        "Confirmed cases per day": list(zip(days, NEW, averages, strict=True)),
        "Deaths per day": list(zip(days, [1] * 14, [*[None] * 6, *[1] * 8], strict=True)),
        "Cumulative cases and deaths": list(zip(days, accumulate(NEW), range(1, 15), strict=True)),
        "Confirmed cases per week": [
            (milliseconds(monday), sum(NEW[DAYS.index(monday) : DAYS.index(monday) + 7])) for monday in mondays
        ],
        # The first average is day 7's; a week later it is 14 instead of 7: growth of 100 %.
        "Weekly growth": [*((day, None) for day in days[7:13]), (days[13], 1.0)],
    }


@pytest.mark.parametrize("title", expected_rows())
def test_panel_shows_the_rows(started: Copy, title: str) -> None:
    assert rows(started, panels()[title]) == expected_rows()[title]


def test_panels_of_comparison_freshness_and_runs(started: Copy) -> None:
    compared = rows(started, panels()["Countries compared: cases, 7-day average"])
    assert ([row[1:] for row in compared[-2:]], len(compared)) == ([("Malaysia", 28), ("Singapore", 14)], 28)
    [(state, source, last_day, days_old, last_run)] = rows(started, panels()["Data freshness"])
    assert (state, source, last_day, days_old) == ("fresh", "owid", f"{DAYS[-1]}", 1)
    assert str(last_run).endswith("UTC")
    assert rows(started, panels()["Ingestion runs"])[-1][1:8] == ("owid", "loaded", "MY, SG", 28, 0, 0, 0)


def test_annotation_and_variable(started: Copy) -> None:
    [annotation] = dashboard()["annotations"]["list"]
    assert rows(started, annotation["target"]) == [
        (milliseconds(DAYS[8]), milliseconds(DAYS[10]), "2 days without a report, then 70 cases")
    ]
    target = {**panels()["Ingestion runs"], "rawSql": dashboard()["templating"]["list"][0]["query"]}
    assert rows(started, target) == [("Malaysia", "MY"), ("Singapore", "SG")]


def test_pipeline_dashboard_reads_only_the_reports(started: Copy) -> None:
    assert grafana(started, "/api/dashboards/uid/pipeline")["dashboard"]["title"] == "Pipeline health"
    last_batch = panels("pipeline")["Applications: last batch"]
    assert rows(started, last_batch) == [("no batch yet", None, None, None)]
    directory = started.root / "section1" / "resource" / "dest" / "report"
    batch = f"{datetime.now(UTC):%Y-%m-%dT%H}"
    put_report(directory, batch, started_at=f"{batch}:00:00+00:00")
    [(state, name, _, minutes)] = rows(started, last_batch)
    assert (state, name) == ("fresh", batch)
    assert int(str(minutes)) < 5
    assert rows(started, panels("pipeline")["Batches in this time range"]) == [(1, 10, 7, 3, 0, 0)]
    mounted = "/app/section1/resource/dest"
    assert inside(SERVER, "ls", mounted).split() == ["report"]
    assert inside(SERVER, "sh", "-c", f"touch {mounted}/report/{batch}.json || echo refused") == "refused\n"
    with pytest.raises(AssertionError, match="permission denied"):
        psql(started, "select pg_read_file('/etc/passwd')")
    (directory / f"{batch}.json").unlink()


def test_ingest_runs_the_scheduled_job_or_takes_options(started: Copy, site: Site) -> None:
    site.answer("/owid.csv", FIGURES.replace(b",7,7,", b",8,8,", 1))
    assert "changed 1" in re.sub(" +", " ", output(started, "ingest"))
    site.answer("/owid.csv", FIGURES)
    shown = re.sub(" +", " ", output(started, "ingest", "--country", "SG"))
    assert "countries SG" in shown
    assert "changed 1" in shown


def test_cron_ingests_and_files_belong_to_the_owner(started: Copy) -> None:
    runs = psql(started, "select count(*) from ingestion_run")
    started.set(SECTION4_SCHEDULE="* * * * *")
    output(started, "start")
    wait_until(lambda: psql(started, "select count(*) from ingestion_run") != runs, seconds=90)
    started.set(SECTION4_SCHEDULE="30 6 * * *")
    output(started, "start")
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
        ("psql", "--role", "unknown; drop schema covid"),
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
def test_forbidden_argument_is_refused(started: Copy, arguments: tuple[str, ...]) -> None:
    before = psql(started, ROWS)
    ran = started.runner(*arguments)
    assert ran.returncode in (1, 2)
    assert "Traceback" not in ran.stderr
    assert psql(started, ROWS) == before


def test_start_without_usable_source_fails_and_keeps_figures(started: Copy, site: Site, fault: Fault) -> None:
    figures = site.replies.pop("/owid.csv")
    assert error_of_ingestion(started)
    wait_until(lambda: started.runner("status").returncode == 1)
    again = started.runner("start")
    assert again.returncode == 1
    assert "no source answers" in again.stderr
    assert psql(started, ROWS) == "28"
    site.replies["/owid.csv"] = figures
    assert output(started, "ingest")
    at_once = started.runner("start")  # before Docker's next health check
    assert (at_once.returncode, "ingesting again" in at_once.stderr) == (0, False)
    fault("no source answers", "section 4", "no source answers", "the next ingestion")


def test_ingestion_without_network_keeps_figures(started: Copy, fault: Fault) -> None:
    docker("network", "disconnect", "section4_default", JOB)
    try:
        error = error_of_ingestion(started)
    finally:
        docker("network", "connect", "section4_default", JOB)
    assert psql(started, ROWS) == "28"
    assert output(started, "ingest")
    fault("no network", "section 4", re.sub(r"\(.*\)", "(...)", error), "the next ingestion with a network")


def test_killed_server_restarts_with_its_data(started: Copy, fault: Fault) -> None:
    before = psql(started, ROWS)
    restarts = inspect(SERVER, "{{.RestartCount}}")
    os.kill(int(inspect(SERVER, "{{.State.Pid}}")), 9)
    wait_until(lambda: inspect(SERVER, "{{.RestartCount}}") != restarts)
    wait_until(lambda: is_healthy(SERVER))
    assert psql(started, ROWS) == before
    fault("PostgreSQL is killed", "section 4", "status: starting", "restarts by itself")


def test_ingestion_waits_for_a_slow_server(started: Copy, fault: Fault) -> None:
    docker("container", "pause", SERVER)
    try:
        with subprocess.Popen(["sh", str(started.root / "section4_runner.sh"), "ingest"], text=True) as ingestion:
            try:
                time.sleep(5)
                assert ingestion.poll() is None
                docker("container", "unpause", SERVER)
                assert ingestion.wait(60) == 0
            finally:
                ingestion.kill()  # else leaving the block waits for a process that hangs
    finally:
        docker("container", "unpause", SERVER)
    fault("PostgreSQL is slow", "section 4", "the ingestion takes longer", "not needed")


def test_stopped_server_fails_ingestions_and_panels(started: Copy, fault: Fault) -> None:
    before = psql(started, SUMS)
    docker("container", "stop", SERVER)
    try:
        error = error_of_ingestion(started)
        assert ": cannot connect to PostgreSQL at section4" in error
        assert grafana(started, "/api/health")["database"] == "ok"  # Grafana's own database
        with pytest.raises(HTTPError) as refused:
            rows(started, panels()["Data freshness"])
        assert refused.value.code in (400, 500)
        refused.value.close()
        assert started.runner("status").returncode == 1
    finally:
        docker("container", "start", SERVER)
    wait_until(lambda: is_healthy(SERVER))
    assert psql(started, SUMS) == before
    assert rows(started, panels()["Data freshness"]) != []
    output(started, "ingest")
    fault("PostgreSQL is stopped", "section 4", re.sub(r"\(.*\)", "(...)", error), "the next ingestion after its start")
    fault("Grafana without its database", "section 4", "panels show an error", "the next refresh after its start")


def test_figures_survive_stop_and_start(started: Copy) -> None:
    before = psql(started, SUMS)
    output(started, "stop")
    for container in CONTAINERS:
        assert docker("container", "ls", "--all", "--quiet", "--filter", f"name={container}").stdout == ""
    output(started, "start")
    assert psql(started, SUMS) == before


def test_containers_have_only_the_passwords_they_need(started: Copy) -> None:
    needed = {
        SERVER: {"SECTION4_POSTGRES_PASSWORD"},
        JOB: {"SECTION4_COVID_LOADER_PASSWORD"},
        DASHBOARD: {"SECTION4_GRAFANA_PASSWORD", "SECTION4_GRAFANA_ADMIN_PASSWORD"},
    }
    passwords = {name: value for name, value in settings(started).items() if name.endswith("PASSWORD")}
    for container, names in needed.items():
        environment = inspect(container, "{{.Config.Env}}")
        assert {name for name, value in passwords.items() if value in environment} == names
