"""The container's schedule, time zone, settings and messages."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from common.test.containers import docker, free_port
from common.test.schedule_support import TOKEN
from common.test.waiting import wait_until
from section1.test.container import NAME, NEVER, inside, inspect
from section1.test.container_faults import BEGINS, COMPLETED, DONE, Site, health, listening_at, started, without_times

pytestmark = pytest.mark.needs("docker")

FAILED, REFUSED = "the run failed with exit code 2", "[Errno 111] Connection refused"
PARTS = "section1_process.yaml: parts: expected an integer such as 18, got 'none'."


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with started(Site(tmp_path_factory.mktemp("container"))) as site:
        yield site


@pytest.fixture
def site(container: Site) -> Site:
    return container.ready()


def test_start_catches_up_once(site: Site) -> None:
    assert site.runner("stop").returncode == 0
    site.start()
    assert site.state() == COMPLETED
    batches = site.batches()
    assert site.runner("stop").returncode == 0
    site.start()
    assert (site.batches(), site.logged().count(BEGINS)) == (batches, 1)
    nothing = "section1: the current batch is published, nothing to catch up\n"
    assert docker("container", "logs", NAME).stdout.endswith(nothing)


def test_cron_uses_another_time_zone_and_publishes_no_file_twice(site: Site) -> None:
    assert site.runner("run-now").returncode == 0
    now = datetime.now(ZoneInfo("Asia/Kathmandu"))
    hours = f"{now:%H},{now + timedelta(hours=1):%H}"  # Singapore's is two or three hours later
    site.set(TZ="Asia/Kathmandu", SECTION1_SCHEDULE=f"* {hours} * * *")
    site.start()
    assert inside("date", "+%z") == "+0545\n"
    assert inside("crontab", "-l") == f"* {hours} * * * /app/docker/scheduled_job.sh\n"
    wait_until(lambda: site.logged().count(DONE) >= 2, seconds=90)
    assert site.state() == COMPLETED
    site.set(TZ="Asia/Singapore", SECTION1_SCHEDULE=NEVER)
    site.start()
    assert site.state() == COMPLETED


@pytest.mark.parametrize(("schedule", "problem"), [("61 * * * *", " (bad minute)"), ("rm -rf /", "")])
def test_start_refuses_an_invalid_schedule(site: Site, schedule: str, problem: str) -> None:
    before = site.committed_files()
    site.set(SECTION1_SCHEDULE=schedule)
    ran = site.runner("start")
    site.set(SECTION1_SCHEDULE=NEVER)
    expected = f"SECTION1_SCHEDULE: expected a cron schedule such as '0 * * * *', got '{schedule}'{problem}"
    refusal = f"{expected}. Change it in .env."
    assert (ran.returncode, f"(section1: {refusal})" in ran.stderr.splitlines()[-1]) == (1, True)
    assert (site.committed_files(), site.logged()) == (before, [])


def test_start_names_an_invalid_configuration_until_it_is_fixed(site: Site) -> None:
    before = site.committed_files()
    assert site.runner("stop").returncode == 0
    site.configure(parts="none")
    ran = site.runner("start")
    assert (ran.returncode, f"{NAME} is running starting ({PARTS})" in ran.stderr.splitlines()[-1]) == (1, True)
    assert (site.runner("run-now").returncode, health()) == (2, (1, f"unhealthy: {PARTS}"))
    assert (site.committed_files(), site.last_run()) == (before, (2, FAILED))
    site.configure(parts="1")
    assert site.runner("run-now").returncode == 0
    assert site.state() == COMPLETED


def test_webhook_gets_one_message_per_change(site: Site) -> None:
    host, port = inspect("{{range .NetworkSettings.Networks}}{{.Gateway}}{{end}}"), free_port()
    site.set(ALERT_WEBHOOK_URL=f"http://{host}:{port}/hook?token={TOKEN}")
    site.start()
    site.reset()
    away = site.source.rename(site.source.with_name("away"))
    assert (site.runner("run-now").returncode, site.last_run()) == (2, (2, FAILED))
    assert f"the alert 'failed' was not delivered ({REFUSED}). The next run tries again." in site.logged()
    with listening_at(host, port) as listener:
        assert [site.runner("run-now").returncode for _ in range(2)] == [2, 2]
        away.rename(site.source)
        assert [site.runner("run-now").returncode for _ in range(2)] == [0, 0]
    messages = json.loads(without_times(json.dumps(listener.heard)))
    common = {"job": "section1", "at": "TIME"}
    assert messages == [
        {**common, "event": "failed", "exit_code": 2, "text": f"section1: {FAILED}"},
        {**common, "event": "recovered", "exit_code": 0, "text": "section1: runs succeed again"},
    ]
    assert (site.state(), TOKEN in site.log.read_text()) == (COMPLETED, False)
