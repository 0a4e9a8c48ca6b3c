"""The house's flow in Graphviz's language: what compose files, configuration and runners say of it."""

import re
from collections.abc import Iterator, Sequence
from textwrap import wrap

from docs.compose import Mount, Service, asked
from docs.house import House

POSTGRESQL = 5432
NARROW = 22  # letters
SPECIAL = re.compile(r"[|{}<>]")  # in a box's words
HEAD = """digraph flow {
graph [rankdir=LR, newrank=true, nodesep=0.2, ranksep=0.42, bgcolor=white, pad=0.15, fontname=Helvetica, fontsize=12]
node [fontname=Helvetica, fontsize=10, color="#444444", fillcolor="#e3ecf7", margin="0.1,0.05", height=0.3]
node [shape=record, style="filled,rounded"]
edge [color="#444444", fontname=Helvetica, fontsize=9, fontcolor="#333333", arrowsize=0.8]
"""
# What compose cannot know: what for.
USES = {"section2_postgresql": "load-members", "section4_postgresql": "pipeline health"}
OUTSIDE = 'style=filled, fillcolor="#fff4d6"'
PEOPLE = 'fillcolor="#e8f3e4"'
FILES = 'style=filled, fillcolor="#fbe9e0"'
AT_TIMES = 'style="filled,rounded,dashed"'


def source(seen: House) -> str:
    """Return the picture, the same for the same house."""
    return HEAD + "\n".join([*_outside(seen), *_sections(seen), *_edges(seen), "}", ""])


def _outside(seen: House) -> Iterator[str]:
    """Write what is neither a service nor made by one: who brings data, who asks."""
    yield _node("applications", "application CSVs", [seen.applications], OUTSIDE)
    yield _node("sources", "public sources, in turn", seen.sources, OUTSIDE)
    for service in seen.services:
        for host, port in service.ports:
            who = "PostgreSQL clients" if port == POSTGRESQL else "browser"
            yield _node(f"{service.name}_{port}", who, [host], PEOPLE)


def _sections(seen: House) -> Iterator[str]:
    """Write each section with its services."""
    for section, runner in seen.runners.items():
        its = [service for service in seen.services if service.section == section]
        nodes = [_service(service, seen.destination) for service in its]
        if any(_writes(service, seen.destination) for service in its):
            nodes.append(_batches(seen))
        nodes.append(_node(f"{section}_runner", runner.name, wrap(", ".join(runner.commands), NARROW), PEOPLE))
        nodes.append(f'{{ rank=same "{section}_runner" "{its[0].name}" }}')
        label = f"section {section[-1]}: {runner.title}"
        style = 'labelloc=b, labeljust=l, style=rounded, color="#9aa7b5"'
        yield "\n".join([f"subgraph cluster_{section} {{", f'graph [label="{label}", {style}]', *nodes, "}"])


def _service(service: Service, destination: str) -> str:
    lines = [] if service.is_built else [service.image]
    if service.schedule:
        lines.append(f"cron {service.schedule}")
    if service.ends:
        lines.append("once at each start")
    lines += [f"profile {profile}" for profile in service.profiles]
    lines += [_mounted(mount, service.section) for mount in service.mounts if not mount.is_within(destination)]
    return _node(service.name, service.name, lines, AT_TIMES if service.profiles else "")


def _mounted(mount: Mount, section: str) -> str:
    """Say what a service does with a mount; a folder of its own section is named from there."""
    if not mount.is_folder:
        return f"volume {mount.source}"
    return f"{'reads' if mount.is_read_only else 'works in'} {mount.source.removeprefix(f'{section}/')}"


def _batches(seen: House) -> str:
    """Write the folder that batches are published to, with what is in it."""
    fields = "|".join(f"<{name}> {name}" for name in seen.published)
    return f'"batches" [{FILES}, label="<all> {seen.destination}|{fields}"]'


def _edges(seen: House) -> Iterator[str]:
    """Write who brings what to whom."""
    for service in seen.services:
        if _writes(service, seen.destination):
            yield _edge("applications", service.name)
            yield _edge(service.name, "batches", "publishes")
        for mount in service.mounts:
            if mount.is_within(seen.destination):
                inside = mount.source.removeprefix(seen.destination).strip("/")
                yield _edge(f"batches:{inside or 'all'}:e", service.name, USES.get(service.name, ""))
        for _, port in service.ports:
            yield _edge(service.name, f"{service.name}_{port}", "queries" if port == POSTGRESQL else "")
        if service.section == "section4" and service.schedule:
            yield _edge("sources", service.name)
        if not service.is_built:
            yield _edge(seen.asked_by_grafana, service.name, "answers")
    for one in asked(seen.services):
        yield _edge(one.asking, one.asked, style="dashed" if one.at_times else "solid")


def _writes(service: Service, folder: str) -> bool:
    """Return whether it is the job that writes into a folder."""
    mounted = any(mount.holds(folder) and not mount.is_read_only for mount in service.mounts)
    return mounted and service.schedule is not None


def _node(name: str, title: str, lines: Sequence[str], style: str = "") -> str:
    """Write a box: a title over lines."""
    plain = (SPECIAL.sub(r"\\\g<0>", line) for line in lines)
    below = "|" + "".join(rf"{line}\l" for line in plain) if lines else ""
    return f'"{name}" [{style}{", " if style else ""}label="{title}{below}"]'


def _edge(tail: str, head: str, label: str = "", style: str = "solid") -> str:
    ends = " -> ".join(":".join([f'"{end.split(":")[0]}"', *end.split(":")[1:]]) for end in (tail, head))
    return f'{ends} [label="{" " * bool(label)}{label}", style={style}]'
