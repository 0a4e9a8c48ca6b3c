"""Markdown tables, and sections of a results file."""

import os
import platform
import re
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path


def write_section(path: Path, heading: str, body: str) -> None:
    """Replace the section with this heading in the file, or append it."""
    path.write_text(with_section(path.read_text(encoding="utf-8"), heading, body), encoding="utf-8")


def with_section(text: str, heading: str, body: str) -> str:
    """Return the text with this body under `## heading`."""
    start, *sections = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    new = f"## {heading}\n\n{body.strip()}\n"
    found = [index for index, section in enumerate(sections) if section.splitlines()[0] == f"## {heading}"]
    if found:
        sections[found[0]] = new
    else:
        sections.append(new)
    return "\n".join(f"{section.strip()}\n" for section in (start, *sections))


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table that is aligned as plain text; all columns but the first are right-aligned."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(_line(cells, widths) for cells in (header, rule, *rows))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    return f"| {' | '.join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)])} |"


def origin(packages: Sequence[str], **others: str) -> str:
    """Return the date, machine and versions of a measurement."""
    versions = {"python": platform.python_version(), **{name: version(name) for name in packages}, **others}
    text = ", ".join(f"{name} {number}" for name, number in versions.items())
    return f"Measured on {date.today():%Y-%m-%d}: {machine()};\n{text}."


def machine() -> str:
    """Return the processor, memory and kernel of this machine, without its name."""
    cpu = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    gigabytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    kernel = f"{platform.system()} {platform.release().partition('-')[0]}"
    return f"{cpu[1] if cpu else platform.machine()}, {os.cpu_count()} cores, {gigabytes:.0f} GB of memory, {kernel}"
