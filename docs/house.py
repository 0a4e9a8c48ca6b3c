"""What the repository says of itself: its services, its runners, where data comes from and goes to."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from common.errors import JobError
from docs.compose import Service, services
from section1.config import load_process as load_section1
from section1.core.columns import OUTPUTS
from section4.config import load_process as load_section4

_FIRST_LINES = re.compile(r"# Section \d: (.+?)\.\s+usage: (\S+) (.+)")


class RunnerUnknown(JobError):
    """A runner does not say what it is for."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path.name}: its second line must be as in section1_runner.sh: # Section N: TITLE.   usage: ..."
        )


@dataclass(frozen=True)
class Runner:
    """A section's title, the script that works it, and its commands."""

    title: str
    name: str
    commands: Sequence[str]


@dataclass(frozen=True)
class House:
    """All that the picture is drawn from; `asked_by_grafana` is a service."""

    services: Sequence[Service]
    runners: Mapping[str, Runner]
    applications: str
    destination: str
    published: Sequence[str]
    sources: Sequence[str]
    asked_by_grafana: str


def house(root: Path, compose: Path) -> House:
    """Return the house whose compose files are in a folder. Raises: JobError."""
    section1, section4 = load_section1("section1_process.yaml"), load_section4("section4_process.yaml")
    datasource = root / "section4" / "grafana" / "provisioning" / "datasources" / "covid.yaml"
    [shown] = yaml.safe_load(datasource.read_text(encoding="utf-8"))["datasources"]
    return House(
        services=services(compose),
        runners={path.name.split("_")[0]: _runner(path) for path in sorted(root.glob("section*_runner.sh"))},
        applications=str(section1.source.relative_to(root)),
        destination=str(section1.destination.relative_to(root)),
        published=(*OUTPUTS, "report"),
        sources=section4.sources,
        asked_by_grafana=shown["url"].split(":")[0],
    )


def _runner(path: Path) -> Runner:
    found = _FIRST_LINES.search(path.read_text(encoding="utf-8"))
    if found is None:
        raise RunnerUnknown(path)
    return Runner(found[1], found[2], found[3].split(" | "))
