"""What the compose files say: services, what they mount, publish and ask."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

_VARIABLE = re.compile(r"\$\{\w+(?::?([-?])([^}]*))?\}")


@dataclass(frozen=True)
class Mount:
    """A folder of the repository, or a named volume, that a service sees."""

    source: str
    is_folder: bool
    is_read_only: bool

    def holds(self, path: str) -> bool:
        """Return whether a path of the repository is in the folder."""
        return self.is_folder and PurePosixPath(path).is_relative_to(self.source)

    def is_within(self, folder: str) -> bool:
        """Return whether it is a folder, or a part of it."""
        return self.is_folder and PurePosixPath(self.source).is_relative_to(folder)


@dataclass(frozen=True)
class Service:
    """A service as it is when .env says nothing."""

    name: str
    section: str
    image: str
    is_built: bool
    ends: bool
    profiles: tuple[str, ...]
    ports: tuple[tuple[str, int], ...]
    mounts: tuple[Mount, ...]
    environment: Mapping[str, str]

    @property
    def schedule(self) -> str | None:
        """When cron starts its job; None when it has none."""
        return next((value for name, value in self.environment.items() if name.endswith("_SCHEDULE")), None)


@dataclass(frozen=True)
class Asked:
    """A service that asks another one, which a variable names; only at times, where it names none without .env."""

    asking: str
    asked: str
    at_times: bool


def services(folder: Path) -> list[Service]:
    """Return the services of all compose files in a folder, in their order."""
    found = []
    for path in sorted(folder.glob("*.compose.yaml")):
        section = path.name.removesuffix(".compose.yaml")
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        found += [_service(name, section, its) for name, its in content["services"].items()]
    return found


def asked(all_services: Sequence[Service]) -> list[Asked]:
    """Return who asks whom, by the variables whose value is a service's name or an address with one."""
    names = {service.name for service in all_services}
    named = {
        (service.section, variable): host
        for service in all_services
        for variable, value in service.environment.items()
        for host in names.intersection(re.findall(r"[\w-]+", value))
    }
    return [
        Asked(service.name, host, at_times=host not in service.environment[variable])
        for (section, variable), host in named.items()
        for service in all_services
        if service.section == section and variable in service.environment and service.name != host
    ]


def _service(name: str, section: str, content: Mapping[str, Any]) -> Service:
    return Service(
        name=name,
        section=section,
        image=content["image"],
        is_built=":" not in content["image"],
        ends=content.get("restart") == "no",
        profiles=tuple(content.get("profiles", ())),
        ports=tuple(_port(text) for text in content.get("ports", ())),
        mounts=_outermost([_mount(text) for text in content.get("volumes", ())]),
        environment={key: _plain(str(value)) for key, value in content.get("environment", {}).items()},
    )


def _port(text: str) -> tuple[str, int]:
    """Return where the host publishes a port, and which one of the container it is."""
    host, _, port = _plain(text).rpartition(":")
    return host, int(port)


def _mount(text: str) -> Mount:
    source, _, *mode = text.split(":")
    return Mount(source.removeprefix("../"), source.startswith("."), mode == ["ro"])


def _outermost(mounts: Sequence[Mount]) -> tuple[Mount, ...]:
    """Leave out the mounts that are in another one, unless that one lets do less."""
    others = [(mount, [other for other in mounts if other != mount]) for mount in mounts]
    return tuple(mount for mount, them in others if not any(_covers(other, mount) for other in them))


def _covers(outer: Mount, mount: Mount) -> bool:
    return outer.holds(mount.source) and (mount.is_read_only or not outer.is_read_only)


def _plain(text: str) -> str:
    """Return a text with the default of each variable in its place: nothing, where .env must say it."""
    return _VARIABLE.sub(lambda found: found[2] if found[1] == "-" else "", text)
