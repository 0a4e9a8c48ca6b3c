"""The committed picture of the house is of what compose files, configuration and runners say now."""

import re
import shutil
from html import unescape
from pathlib import Path

import pytest
import yaml

from common.graph import png, svg
from common.picture import is_of
from docs import COMPOSE, PICTURES, ROOT
from docs.compose import Asked, Mount, asked, services
from docs.flow import source
from docs.house import house

OTHER = """
x-node: &node
  image: node
  profiles: [cluster]
  environment: &environment
    SECTION9_MASTER: spark://section9-master:7077
services:
  section9_job:
    image: node
    environment:
      SECTION9_MASTER: ${SECTION9_MASTER:-}
      SECTION9_SCHEDULE: ${SECTION9_SCHEDULE:-5 * * * *}
      SECTION9_PASSWORD: ${SECTION9_PASSWORD:?is made at the first start}
    volumes:
      - kept:/var/lib/node
      - ../section1/resource:/data
      - ../section1/resource/dest:/data/dest:ro
    ports:
      - "${SECTION9_ADDRESS:-127.0.0.1}:${SECTION9_PORT:-99}:4040"
  section9-master:
    image: node
    profiles: [cluster]
  section9-worker-1:
    <<: *node
  section9-worker-2:
    <<: *node
    restart: "no"
    environment:
      <<: *environment
      OTHER: ""
volumes:
  kept:
"""


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """The compose files, and another one."""
    for path in COMPOSE.glob("*.compose.yaml"):
        shutil.copy(path, tmp_path)
    (tmp_path / "section9.compose.yaml").write_text(OTHER)
    return tmp_path


@pytest.mark.parametrize("kind", PICTURES)
def test_the_committed_picture_is_of_the_house_as_it_is(kind: str) -> None:
    assert is_of(PICTURES[kind].read_bytes(), source(house(ROOT, COMPOSE))), "draw it anew: .venv/bin/python -m docs"


def test_another_port_is_another_picture(other: Path) -> None:
    path = other / "section4.compose.yaml"
    path.write_text(path.read_text().replace("SECTION4_GRAFANA_PORT:-3001", "SECTION4_GRAFANA_PORT:-3002"))
    changed = source(house(ROOT, other))
    for picture in PICTURES.values():
        assert not is_of(picture.read_bytes(), changed)


def test_each_service_of_each_compose_file_is_drawn() -> None:
    drawn = unescape(PICTURES["svg"].read_text(encoding="utf-8"))
    names = [name for path in COMPOSE.glob("*.compose.yaml") for name in yaml.safe_load(path.read_text())["services"]]
    assert len(names) >= 6
    for name in names:
        assert f">{name}</text>" in drawn, name


def edges() -> dict[tuple[str, str], str]:
    """Return from where to where lines lead, and how they are drawn."""
    drawn = re.findall(
        r'^"([\w-]+)"[\w:]* -> "([\w-]+)"[\w:]* \[label=".*?", style=(\w+)\]$', source(house(ROOT, COMPOSE)), re.M
    )
    return {(tail, head): style for tail, head, style in drawn}


def test_data_flows_from_applications_and_sources_to_who_asks() -> None:
    assert {ends for ends in edges() if not re.search("master|worker", " ".join(ends))} == {
        ("applications", "section1_python"),
        ("section1_python", "batches"),
        ("section1_python", "section1_python_4040"),
        ("batches", "section2_postgresql"),
        ("batches", "section4_postgresql"),
        ("section2_postgresql", "section2_postgresql_5432"),
        ("sources", "section4_python"),
        ("section4_python", "section4_postgresql"),
        ("section4_schema", "section4_postgresql"),
        ("section4_postgresql", "section4_grafana"),
        ("section4_postgresql", "section4_postgresql_5432"),
        ("section4_grafana", "section4_grafana_3000"),
    }


def test_only_reports_reach_section_4() -> None:
    assert '"batches":report:e -> "section4_postgresql"' in source(house(ROOT, COMPOSE))
    assert '"batches":all:e -> "section2_postgresql"' in source(house(ROOT, COMPOSE))


def test_a_compose_file_is_read_with_anchors_defaults_and_profiles(other: Path) -> None:
    read = {service.name: service for service in services(other) if service.section == "section9"}
    assert {name: (service.profiles, service.ends) for name, service in read.items()} == {
        "section9_job": ((), False),
        "section9-master": (("cluster",), False),
        "section9-worker-1": (("cluster",), False),
        "section9-worker-2": (("cluster",), True),
    }
    job = read["section9_job"]
    assert (job.ports, job.schedule) == ((("127.0.0.1:99", 4040),), "5 * * * *")
    assert job.environment["SECTION9_PASSWORD"] == ""
    kept, resource = Mount("kept", False, False), Mount("section1/resource", True, False)
    assert job.mounts == (kept, resource)
    assert asked(list(read.values())) == [
        Asked("section9_job", "section9-master", at_times=True),
        Asked("section9-worker-1", "section9-master", at_times=False),
        Asked("section9-worker-2", "section9-master", at_times=False),
    ]


def test_what_runs_at_times_is_dashed(other: Path) -> None:
    (other / "section9.compose.yaml").rename(other / "section2.compose.yaml")
    dot = source(house(ROOT, other))
    dashed = re.findall(r'^"([\w-]+)" \[style="filled,rounded,dashed"', dot, re.M)
    assert set(dashed) >= {"section4_schema", "section9-master", "section9-worker-1", "section9-worker-2"}
    assert '"section9_job" -> "section9-master" [label="", style=dashed]' in dot
    assert '"section9-worker-1" -> "section9-master" [label="", style=solid]' in dot
    assert 'label="section9-worker-2|once at each start\\lprofile cluster\\l"' in dot


def test_a_picture_tells_what_it_was_drawn_from_and_fits_a_page() -> None:
    dot = source(house(ROOT, COMPOSE))
    assert is_of(svg(dot), dot)
    drawn = png(dot)
    assert is_of(drawn, dot)
    assert int.from_bytes(drawn[16:20], "big") <= 1_400
