"""Imports point from high layers to low ones, without cycles."""

import ast
import subprocess
from graphlib import TopologicalSorter

import pytest

from common.paths import ROOT

SECTIONS = {f"section{number}" for number in range(1, 6)}
# Per layer of a section: the layers that it must not import.
FORBIDDEN = {
    "core": {"operator", "sources", "main", "commands", "cli"},
    "capacity": {"operator", "main", "cli"},
    "rules": {"operator", "main", "cli"},
    "operator": {"main", "commands", "cli"},
    "sources": {"main", "commands", "cli"},
    "config": {"operator", "sources", "main", "commands", "cli"},
    "main": {"commands", "cli"},
}


def _module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _imports(path: str, known: set[str]) -> set[str]:
    """Return the modules of the repository that a file imports, also inside functions but not for types only."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    found = set()
    for branch in [node for node in ast.walk(tree) if isinstance(node, ast.If)]:
        if ast.unparse(branch.test) == "TYPE_CHECKING":
            branch.body = [ast.Pass()]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found & known - {_module(path)}


def _graph() -> dict[str, set[str]]:
    listed = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = [path for path in listed.split() if "/test/" not in path and path.split("/")[0] in {*SECTIONS, "common"}]
    known = {_module(path) for path in paths}
    return {_module(path): _imports(path, known) for path in paths}


GRAPH = _graph()


def test_imports_have_no_cycle() -> None:
    TopologicalSorter(GRAPH).prepare()


@pytest.mark.parametrize("package", sorted({*SECTIONS, "common"}))
def test_package_imports_only_itself_and_common(package: str) -> None:
    imported = {target for module, targets in GRAPH.items() if module.split(".")[0] == package for target in targets}
    assert {target for target in imported if target.split(".")[0] not in {package, "common"}} == set()


@pytest.mark.parametrize("layer", FORBIDDEN)
def test_layer_imports_no_higher_layer(layer: str) -> None:
    edges = [(module, target) for module, targets in GRAPH.items() for target in targets if module[:7] == "section"]
    upward = [
        f"{module} -> {target}"
        for module, target in edges
        if module.split(".")[1:2] == [layer] and set(target.split(".")[1:2]) & FORBIDDEN[layer]
    ]
    assert upward == []


def test_graph_is_complete() -> None:
    assert "common.errors" in GRAPH["section1.main"]
    assert len(GRAPH) > 100
