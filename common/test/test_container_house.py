"""All sections in containers at once: an application becomes a member and the buyer who spends most; all are closed."""

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
TOKEN = "a-token-that-is-nobody-s"
CAPABILITIES = {"CHOWN": 0, "DAC_OVERRIDE": 1, "FOWNER": 3, "SETGID": 6, "SETUID": 7}
# What may be root: the container's first process, cron, and what hands over to the job's user.
PARENTS = re.compile(r"^(/sbin/docker-init|/bin/sh /app/docker/scheduled_|sh /app/docker/scheduled_|cron -f)")
PORT = {"section1": "SECTION1_UI_PORT", "section2": "SECTION2_PORT", "section4": "SECTION4_PORT"}


@dataclass(frozen=True)
class House:
    """A copy of the repository, whose sections' containers are all at work."""

    root: Path
    sections: dict[str, Copy]

    def says(self, section: str, *arguments: str, stdin: str = "") -> str:
        """Return what a section's runner prints; it must succeed."""
        ran = self.sections[section].runner(*arguments, stdin=stdin)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def psql(self, role: str, statement: str) -> str:
        """Return what the sales database answers to a role."""
        return self.says("section2", "psql", "--role", role, "-qAt", "-c", statement).strip()

    def secrets(self) -> list[str]:
        """Return every password that was made, and the token."""
        lines = (self.root / ".env").read_text().splitlines()
        return [TOKEN, *(line.partition("=")[2] for line in lines if "PASSWORD=" in line)]


def services() -> dict[str, dict[str, object]]:
    """Return what the compose files say of each container that runs on."""
    found = {}
    for section in SECTIONS:
        for service in yaml.safe_load((ROOT / "docker" / f"{section}.compose.yaml").read_text())["services"].values():
            if service.get("profiles") != ["schema"]:
                found[service["container_name"]] = service
    return found


CONTAINERS = services()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    root, never = tmp_path_factory.mktemp("house"), {"SECTION1_SCHEDULE": NEVER, "SECTION4_SCHEDULE": NEVER}
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
        (root / "section1/resource/src/application/walk.csv").write_text(
            'name,email,date_of_birth,mobile_no\n"Dr. Zoe Walker, PhD",zoe@walker.net,12/10/1990,9123 4567\n'
        )
        sections["section1"].give_away()
        for name in SECTIONS:
            ran = sections[name].runner("start", *["--cluster"] * (name == "section1"))
            assert ran.returncode == 0, ran.stdout + ran.stderr
        yield House(root, sections)


def test_from_application_to_sale(house: House) -> None:
    part = next((house.root / "section1/resource/dest/successful_application").rglob("part-*.csv"))
    [applied] = [row for row in csv.DictReader(part.read_text().splitlines()) if row["email"] == "zoe@walker.net"]
    assert (applied["membership_id"], applied["mobile_no"]) == ("Walker_1218b", "91234567")

    assert "710" in house.says("section2", "load-members")
    who = "from member where email = 'zoe@walker.net'"
    assert house.psql("application", f"select membership_id {who}") == "Walker_1218b"

    house.says("section2", "load", "--orders", "200", "--until", "2026-10-31")
    most = house.psql("analytics", "select max(spent) from member_spending")
    item = house.psql(
        "application", "select item_id from item where discontinued_at is null order by cost desc limit 1"
    )
    house.psql(
        "application",
        f"begin; insert into orders (member_id) select member_id {who};"
        f" insert into order_line (order_id, item_id, quantity) select max(order_id), {item}, 900 from orders"
        f" where member_id = (select member_id {who});"
        " insert into payment (order_id, amount, method) select order_id, total_price, 'card' from orders"
        f" where member_id = (select member_id {who});"
        f" update orders set status = 'paid' where member_id = (select member_id {who}); commit",
    )
    shown = house.says("section2", "query", "top10_highest_spending_member").splitlines()
    first = next(line.split() for line in shown if re.match(r" *\d", line))
    assert first[0] == house.psql("application", f"select member_id {who}")
    assert float(first[-1].replace(",", "")) > float(most)
    house.says("section2", "check")


def test_the_pipeline_s_dashboard_shows_the_batch_and_the_ingestion(house: House) -> None:
    model = json.loads((house.root / "section4/grafana/pipeline_dashboard.json").read_text())
    yesterday = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
    shown = {}
    for panel in model["panels"]:
        query = {"queries": panel["targets"], "from": yesterday, "to": "now"}
        [frame] = grafana(house.sections["section4"], "/api/ds/query", query)["results"]["A"]["frames"]
        columns = [field["name"] for field in frame["schema"]["fields"]]
        shown[panel["title"]] = [
            dict(zip(columns, row, strict=True)) for row in zip(*frame["data"]["values"], strict=True)
        ]
    [totals] = shown["Batches in this time range"]
    assert (totals["Batches"], totals["Applications"], totals["Successful"]) == (1, 5_001, 710)
    assert shown["Applications: last batch"][0]["State"] == "fresh"
    assert shown["COVID-19: last ingestion"][0]["Source"] == "owid"
    assert sum(row["value"] for row in shown["Reasons why they were unsuccessful"]) > 4_291
    assert grafana(house.sections["section4"], "/api/dashboards/uid/pipeline")["dashboard"]["title"] == model["title"]


WRITABLE = {
    **{container: ["/app/section1/resource"] for container in CONTAINERS if container.startswith("section1")},
    "section1_python": ["/app/section1/log", "/app/section1/resource"],
    "section2_postgresql": ["/var/lib/postgresql"],
    "section4_postgresql": ["/var/lib/postgresql"],
    "section4_python": ["/app/section4/log"],
    "section4_grafana": [],
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_no_code_can_be_written(house: House, container: str) -> None:
    mounts = json.loads(inspect(container, "{{json .Mounts}}"))
    assert not any(list(Path(mount["Source"]).rglob("*.py")) for mount in mounts if mount["Type"] == "bind")
    assert sorted(mount["Destination"] for mount in mounts if mount["RW"]) == WRITABLE[container]


@pytest.mark.parametrize("container", CONTAINERS)
def test_nothing_is_left_open(house: House, container: str) -> None:
    host = json.loads(inspect(container, "{{json .HostConfig}}"))
    assert (host["ReadonlyRootfs"], host["Privileged"], host["CapDrop"]) == (True, False, ["ALL"])
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert (host["Memory"] > 0, host["MemorySwap"], host["PidsLimit"] > 0) == (True, host["Memory"], True)
    assert {place["HostIp"] for places in (host["PortBindings"] or {}).values() for place in places} <= {"127.0.0.1"}
    assert (host["NetworkMode"], host["PidMode"], host["IpcMode"]) == (f"{container[:8]}_default", "", "private")
    assert all("size=" in options and "exec" not in options.split(",") for options in host["Tmpfs"].values())
    assert not any("docker.sock" in bind for bind in host["Binds"])
    assert host["LogConfig"]["Config"]["max-size"] == "10m"


def processes(container: str) -> list[tuple[int, str]]:
    """Return the user and the command line of each process."""
    listed = docker("container", "top", container, "-eo", "pid,uid,args").stdout.splitlines()[1:]
    return [(int(line.split(None, 2)[1]), line.split(None, 2)[2]) for line in listed]


@pytest.mark.parametrize("container", CONTAINERS)
def test_nobody_works_as_root_or_with_a_capability(house: House, container: str) -> None:
    script = (
        'for p in /proc/[0-9]*; do grep -hE "^(Uid|CapEff):" "$p/status" 2>/dev/null | tr -s "\\t\\n" " "; echo; done'
    )
    told = [line.split() for line in inside(container, "sh", "-c", script).splitlines() if line.strip()]
    assert [line for line in told if line[1] != "0" and int(line[-1], 16) != 0] == []
    # A health check is root for a moment, until it has become the owner.
    wait_until(lambda: all(user or PARENTS.match(command) for user, command in processes(container)))


@pytest.mark.parametrize("container", CONTAINERS)
def test_capabilities_are_those_that_compose_names_and_no_new_ones_are_to_be_had(house: House, container: str) -> None:
    named = CONTAINERS[container].get("cap_add", [])
    assert isinstance(named, list)
    status = dict(
        line.split(":\t", 1)
        for line in docker("container", "exec", container, "cat", "/proc/1/status").stdout.splitlines()
    )
    assert int(status["CapBnd"], 16) == sum(1 << CAPABILITIES[name] for name in named)
    assert status["NoNewPrivs"] == "1"


@pytest.mark.parametrize("container", CONTAINERS)
def test_no_secret_stands_in_image_log_or_process_list(house: House, container: str) -> None:
    image = inspect(container, "{{.Config.Image}}")
    logs = docker("container", "logs", container)
    shown = {
        "image": docker("image", "inspect", image).stdout + docker("image", "history", "--no-trunc", image).stdout,
        "log": logs.stdout + logs.stderr,
        "processes": "\n".join(command for _, command in processes(container)),
    }
    assert [place for place, text in shown.items() for secret in house.secrets() if secret in text] == []


def test_each_secret_is_long_and_its_own_and_env_is_closed(house: House) -> None:
    _, *passwords = house.secrets()
    assert len(passwords) == len(set(passwords)) == 12
    assert {len(password) for password in passwords} == {48}
    assert (house.root / ".env").stat().st_mode & 0o077 == 0


def test_no_default_password_opens_anything(house: House) -> None:
    for container, user in (("section2_postgresql", "postgres"), ("section4_postgresql", "postgres")):
        for password in ("postgres", "password", "admin", ""):
            ran = docker(
                "container", "exec", "--env", f"PGPASSWORD={password}", container,
                *("psql", "--host=127.0.0.1", f"--username={user}", "--dbname=my_database", "-c", "select 1"),
            )  # fmt: skip
            assert ran.returncode == 2, ran.stdout


@pytest.mark.parametrize(
    ("container", "categories"),
    [("section1_python", ("default", "section1")), ("section4_python", ("default", "section4"))],
)
def test_what_is_installed_is_what_the_lock_pins(house: House, container: str, categories: tuple[str, ...]) -> None:
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
    own = {name: number for name, number in installed.items() if name in ("pip", "setuptools")}  # of Python's venv
    assert installed.items() <= {**own, **pinned}.items()
    assert all(pin["hashes"] for category in categories for pin in lock[category].values())
