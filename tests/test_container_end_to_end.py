"""All sections in containers at once: an application becomes a member who buys; every container is hardened."""

import csv
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from common.paths import ROOT
from common.test.containers import Copy, alone, docker, free_port, inside, inspect
from common.test.waiting import wait_until
from common.test.web_server import site
from section1.test.container import NEVER
from section4.test.container import FIGURES, configure, gateway, grafana

pytestmark = pytest.mark.needs("docker")

SECTIONS = ("section1", "section2", "section4")
TOKEN = "a-webhook-token"
CAPABILITIES = {"CHOWN": 0, "DAC_OVERRIDE": 1, "FOWNER": 3, "SETGID": 6, "SETUID": 7}
# Processes that may run as root: the container's first process, cron, and the scripts that start the job.
ROOT_PROCESSES = re.compile(r"^(/sbin/docker-init|/bin/sh /app/docker/scheduled_|sh /app/docker/scheduled_|cron -f)")
PORT = {"section1": "SECTION1_UI_PORT", "section2": "SECTION2_PORT", "section4": "SECTION4_PORT"}


@dataclass(frozen=True)
class Platform:
    """A copy of the repository with the running containers of all sections."""

    root: Path
    sections: dict[str, Copy]

    def run(self, section: str, *arguments: str, stdin: str = "") -> str:
        """Return the output of a section's runner, which must succeed."""
        ran = self.sections[section].runner(*arguments, stdin=stdin)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def psql(self, role: str, statement: str) -> str:
        """Return the rows of a query that a role runs on the sales database."""
        return self.run("section2", "psql", "--role", role, "-qAt", "-c", statement).strip()

    def secrets(self) -> list[str]:
        """Return every generated password, and the webhook token."""
        lines = (self.root / ".env").read_text().splitlines()
        return [TOKEN, *(line.partition("=")[2] for line in lines if "PASSWORD=" in line)]


def services() -> dict[str, dict[str, object]]:
    """Return the compose service of each container."""
    found = {}
    for section in SECTIONS:
        for service in yaml.safe_load((ROOT / "docker" / f"{section}.compose.yaml").read_text())["services"].values():
            found[service["container_name"]] = service
    return found


CONTAINERS = services()
RUNNING = [name for name, service in CONTAINERS.items() if service["restart"] != "no"]  # the others exit after a start


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    root, never = tmp_path_factory.mktemp("platform"), {"SECTION1_SCHEDULE": NEVER, "SECTION4_SCHEDULE": NEVER}
    ports = {name: str(free_port()) for name in (*PORT.values(), "SECTION4_GRAFANA_PORT")}
    with ExitStack() as stack, site(host=gateway()) as sources:
        sources.answer("/owid.csv", FIGURES)
        sections = {}
        for name in SECTIONS:
            copy = Copy(root, name, ALERT_WEBHOOK_URL=f"http://127.0.0.1:9/{TOKEN}", **never, **ports)
            sections[name] = stack.enter_context(alone(copy))
            if name != "section1":
                copy.runner("stop", "--purge", stdin="yes\n")
                stack.callback(copy.runner, "stop", "--purge", stdin="yes\n")
        configure(sections["section4"], sources.address)
        (root / "section1/resource/src/application/zoe.csv").write_text(
            'name,email,date_of_birth,mobile_no\n"Dr. Zoe Walker, PhD",zoe@walker.net,12/10/1990,9123 4567\n'
        )
        sections["section1"].give_away()
        for name in SECTIONS:
            ran = sections[name].runner("start", *["--cluster"] * (name == "section1"))
            assert ran.returncode == 0, ran.stdout + ran.stderr
        yield Platform(root, sections)


def test_application_becomes_a_member_who_buys(platform: Platform) -> None:
    part = next((platform.root / "section1/resource/dest/successful_application").rglob("part-*.csv"))
    [applied] = [row for row in csv.DictReader(part.read_text().splitlines()) if row["email"] == "zoe@walker.net"]
    assert (applied["membership_id"], applied["mobile_no"]) == ("Walker_1218b", "91234567")

    assert "710" in platform.run("section2", "load-members")
    who = "from member where email = 'zoe@walker.net'"
    assert platform.psql("application", f"select membership_id {who}") == "Walker_1218b"

    platform.run("section2", "load", "--orders", "200", "--until", "2026-10-31")
    most = platform.psql("analytics", "select max(spent) from member_spending")
    item = platform.psql(
        "application", "select item_id from item where discontinued_at is null order by cost desc limit 1"
    )
    platform.psql(
        "application",
        f"begin; insert into orders (member_id) select member_id {who};"
        f" insert into order_line (order_id, item_id, quantity) select max(order_id), {item}, 900 from orders"
        f" where member_id = (select member_id {who});"
        " insert into payment (order_id, amount, method) select order_id, total_price, 'card' from orders"
        f" where member_id = (select member_id {who});"
        f" update orders set status = 'paid' where member_id = (select member_id {who}); commit",
    )
    shown = platform.run("section2", "query", "top10_highest_spending_member").splitlines()
    first = next(line.split() for line in shown if re.match(r" *\d", line))
    assert first[0] == platform.psql("application", f"select member_id {who}")
    assert float(first[-1].replace(",", "")) > float(most)
    platform.run("section2", "check")


def test_pipeline_dashboard_shows_the_batch_and_the_ingestion(platform: Platform) -> None:
    model = json.loads((platform.root / "section4/grafana/pipeline_dashboard.json").read_text())
    yesterday = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
    shown = {}
    for panel in model["panels"]:
        query = {"queries": panel["targets"], "from": yesterday, "to": "now"}
        [frame] = grafana(platform.sections["section4"], "/api/ds/query", query)["results"]["A"]["frames"]
        columns = [field["name"] for field in frame["schema"]["fields"]]
        shown[panel["title"]] = [
            dict(zip(columns, row, strict=True)) for row in zip(*frame["data"]["values"], strict=True)
        ]
    [totals] = shown["Batches in this time range"]
    assert (totals["Batches"], totals["Applications"], totals["Successful"]) == (1, 5_001, 710)
    assert shown["Applications: last batch"][0]["State"] == "fresh"
    assert shown["COVID-19: last ingestion"][0]["Source"] == "owid"
    assert sum(row["value"] for row in shown["Unsuccessful applications by reason"]) > 4_291
    dashboard = grafana(platform.sections["section4"], "/api/dashboards/uid/pipeline")["dashboard"]
    assert dashboard["title"] == model["title"]


WRITABLE = {
    **{container: ["/app/section1/resource"] for container in CONTAINERS if container.startswith("section1")},
    "section1_python": ["/app/section1/log", "/app/section1/resource"],
    "section2_postgresql": ["/var/lib/postgresql"],
    "section2_schema": [],
    "section4_schema": [],
    "section4_postgresql": ["/var/lib/postgresql"],
    "section4_python": ["/app/section4/log"],
    "section4_grafana": [],
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_code_is_read_only(platform: Platform, container: str) -> None:
    mounts = json.loads(inspect(container, "{{json .Mounts}}"))
    assert not any(list(Path(mount["Source"]).rglob("*.py")) for mount in mounts if mount["Type"] == "bind")
    assert sorted(mount["Destination"] for mount in mounts if mount["RW"]) == WRITABLE[container]


@pytest.mark.parametrize("container", CONTAINERS)
def test_container_is_confined(platform: Platform, container: str) -> None:
    host = json.loads(inspect(container, "{{json .HostConfig}}"))
    assert (host["ReadonlyRootfs"], host["Privileged"], host["CapDrop"]) == (True, False, ["ALL"])
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert (host["Memory"] > 0, host["MemorySwap"], host["PidsLimit"] > 0) == (True, host["Memory"], True)
    assert {place["HostIp"] for places in (host["PortBindings"] or {}).values() for place in places} <= {"127.0.0.1"}
    assert (host["NetworkMode"], host["PidMode"], host["IpcMode"]) == (f"{container[:8]}_default", "", "private")
    assert all(
        "size=" in options and "exec" not in options.split(",") for options in (host.get("Tmpfs") or {}).values()
    )
    assert not any("docker.sock" in bind for bind in host["Binds"] or [])
    assert host["LogConfig"]["Config"]["max-size"] == "10m"


def processes(container: str) -> list[tuple[int, str]]:
    """Return the user and the command line of each process."""
    listed = docker("container", "top", container, "-eo", "pid,uid,args").stdout.splitlines()[1:]
    return [(int(line.split(None, 2)[1]), line.split(None, 2)[2]) for line in listed]


@pytest.mark.parametrize("container", RUNNING)
def test_processes_have_no_root_and_no_capability(platform: Platform, container: str) -> None:
    script = (
        'for p in /proc/[0-9]*; do grep -hE "^(Uid|CapEff):" "$p/status" 2>/dev/null | tr -s "\\t\\n" " "; echo; done'
    )
    statuses = [line.split() for line in inside(container, "sh", "-c", script).splitlines() if line.strip()]
    assert [line for line in statuses if line[1] != "0" and int(line[-1], 16) != 0] == []
    # A health check starts as root and becomes the owner of the mounted directory.
    wait_until(lambda: all(user or ROOT_PROCESSES.match(command) for user, command in processes(container)))


@pytest.mark.parametrize("container", RUNNING)
def test_capabilities_are_those_of_the_compose_file(platform: Platform, container: str) -> None:
    named = CONTAINERS[container].get("cap_add", [])
    assert isinstance(named, list)
    status = dict(
        line.split(":\t", 1)
        for line in docker("container", "exec", container, "cat", "/proc/1/status").stdout.splitlines()
    )
    assert int(status["CapBnd"], 16) == sum(1 << CAPABILITIES[name] for name in named)
    assert status["NoNewPrivs"] == "1"


@pytest.mark.parametrize("container", CONTAINERS)
def test_image_log_and_process_list_have_no_secret(platform: Platform, container: str) -> None:
    image = inspect(container, "{{.Config.Image}}")
    logs = docker("container", "logs", container)
    shown = {
        "image": docker("image", "inspect", image).stdout + docker("image", "history", "--no-trunc", image).stdout,
        "log": logs.stdout + logs.stderr,
        "processes": "\n".join(command for _, command in processes(container)),
    }
    assert [place for place, text in shown.items() for secret in platform.secrets() if secret in text] == []


def test_passwords_are_long_unique_and_private(platform: Platform) -> None:
    _, *passwords = platform.secrets()
    assert len(passwords) == len(set(passwords)) == 12
    assert {len(password) for password in passwords} == {48}
    assert (platform.root / ".env").stat().st_mode & 0o077 == 0


def test_default_passwords_are_rejected(platform: Platform) -> None:
    for container, user in (("section2_postgresql", "postgres"), ("section4_postgresql", "postgres")):
        for password in ("postgres", "password", "admin", ""):
            ran = docker(
                "container", "exec", "--env", f"PGPASSWORD={password}", container,
                *("psql", "--host=127.0.0.1", f"--username={user}", "--dbname=my_database", "-c", "select 1"),
            )  # fmt: skip
            assert ran.returncode == 2, ran.stdout


@pytest.mark.parametrize(
    ("container", "categories"),
    [
        ("section1_python", ("default", "section1", "build", "spark")),
        ("section4_python", ("default", "section4")),
    ],
)
def test_installed_packages_are_locked(platform: Platform, container: str, categories: tuple[str, ...]) -> None:
    lock = json.loads((ROOT / "Pipfile.lock").read_text())
    script = "import importlib.metadata as m, json; print(json.dumps({d.name: d.version for d in m.distributions()}))"
    installed = {
        name.lower().replace("_", "-").replace(".", "-"): number
        for name, number in json.loads(inside(container, "/opt/venv/bin/python3", "-c", script)).items()
    }
    pinned = {
        name.lower().replace("_", "-").replace(".", "-"): pin["version"].removeprefix("==")
        for category in categories
        for name, pin in lock[category].items()
    }
    from_venv = {name: number for name, number in installed.items() if name in ("pip", "setuptools")}
    assert installed.items() <= {**from_venv, **pinned}.items()
    assert all(pin["hashes"] for category in categories for pin in lock[category].values())
