"""The README names existing nodes, resources, rules and tests, and shows the current figures and roles."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from section2.config import TEAMS
from section3.capacity.report import Table, bills, bottlenecks, checks, latencies, required_parameters, variants
from section3.capacity.results import Results
from section3.config import SECTION
from section3.operator.pictures import PICTURES
from section3.operator.results import read_results
from section3.operator.template import load
from section3.rules.requirements import RULES

README = (SECTION / "README.md").read_text(encoding="utf-8")
NAMES = re.compile(r"`([^`]+)`")


class Row(NamedTuple):
    """A row of the requirements table."""

    requirement: str
    pictures: str
    resources: str
    proof: str


def rows_of(heading: str) -> Iterator[list[str]]:
    """Yield the rows of the first table below a heading."""
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    for line in lines[2:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]


REQUIREMENTS = [Row(*cells) for cells in rows_of("Requirements")]


@pytest.mark.parametrize("row", REQUIREMENTS, ids=lambda row: row.requirement)
def test_requirement_row_names_existing_parts(row: Row) -> None:
    assert all(row)
    drawn = {node for path in PICTURES.values() for node in re.findall(r"^\s+(\w+) \[", path.read_text(), re.MULTILINE)}
    resources = load().resources
    pictured, built, proven = (NAMES.findall(cell) for cell in row[1:])
    assert pictured
    assert built
    assert proven
    assert set(pictured) <= drawn
    assert set(built) <= set(resources)
    for proof in proven:
        assert exists(proof), proof


def exists(proof: str) -> bool:
    """Return whether a rule, test or picture exists."""
    if proof.startswith("test_"):
        file, _, name = proof.partition("::")
        return f"def {name}(" in (SECTION / "test" / file).read_text()
    if proof.endswith(".png"):
        return (SECTION / proof).exists()
    return proof in {rule.__name__ for rule in RULES}


def test_each_requirement_has_a_row() -> None:
    found = " ".join(row.requirement for row in REQUIREMENTS).lower()
    for word in (
        "upload", "kafka", "existing code", "seven days", "bi", "access", "at rest", "in transit", "scal", "cost",
        "maintenance", "manage", "available", "elastic", "fault", "disaster", "latency", "least privilege",
    ):  # fmt: skip
        assert word in found, word


def test_teams_have_the_roles_of_section_2() -> None:
    roles = [role for cells in rows_of("Teams and the sales database in the cloud") for role in NAMES.findall(cells[1])]
    assert sorted(roles) == sorted(TEAMS)


@pytest.mark.parametrize("build", [latencies, variants, checks, bills, required_parameters, bottlenecks])
def test_readme_table_is_current(build: Callable[[Results], Table]) -> None:
    assert build(read_results()).markdown() in README


def test_figures_in_the_prose_match_the_tables() -> None:
    results = read_results()
    tables = bills(results).markdown() + bottlenecks(results).markdown()
    for figure in ("28,572", "12,273", "6,666.7", "150 kafka", "60 brokers"):
        assert figure in tables
    assert "28,572 tasks" in README
    assert "12,273 addresses" in README
    assert "6.7 GB a second, three times over, on 150 brokers where a cluster has 60" in README
    assert f"(p95 {round(float(_by_tenths(results)))} s)" in README


def _by_tenths(results: Results) -> str:
    """Return the p95 of the variant with the template's task limits."""
    [row] = [row for row in variants(results).rows if "3 to 60" in str(row[0]) and "tenth" in str(row[0])]
    return str(row[3]).split(" -> ")[-1]
