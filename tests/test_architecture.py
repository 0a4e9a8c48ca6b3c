"""Imports follow the layers of the design, and test names the convention. Modules are parsed, not imported."""

import ast
import sys
from collections.abc import Container, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from common.paths import ROOT

SECTIONS = ("section1", "section2", "section3", "section4", "section5")
DIRECTORIES = ("common", *SECTIONS, "bench", "tests")
SCRIPTS = ("conftest", "section1_manage", "section4_manage")
# Layers of a section from low to high. A module imports modules of the same or a lower layer.
CORE, OPERATOR, MAIN, CLI, START = range(5)
LAYERS = {
    "config": CORE, "core": CORE, "capacity": CORE, "rules": CORE,
    "operator": OPERATOR, "sources": OPERATOR,
    "cli": CLI, "__main__": START,
}  # fmt: skip
MAX_TEST_NAME = 64

Modules = Mapping[str, ast.Module]
Imports = Mapping[str, set[str]]


@pytest.fixture(scope="module")
def repository() -> Modules:
    """Return the syntax trees of all modules by dotted name."""
    paths = [path for directory in DIRECTORIES for path in (ROOT / directory).rglob("*.py")]
    paths += [ROOT / f"{script}.py" for script in SCRIPTS]
    return {dotted(path.relative_to(ROOT)): ast.parse(path.read_bytes()) for path in paths}


@pytest.fixture(scope="module")
def graph(repository: Modules) -> Imports:
    return imports(repository)


def dotted(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def parse(**sources: str) -> Modules:
    """Return modules of a planted repository; `a__b="..."` is the module a.b."""
    return {name.replace("__", ".", 1): ast.parse(source) for name, source in sources.items()}


def nodes(tree: ast.Module, *, late: bool) -> Iterator[ast.AST]:
    """Yield the nodes of a module; without `late` only those that run when it is imported."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        yield node
        if late or not (isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or is_type_checking(node)):
            pending.extend(ast.iter_child_nodes(node))


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def imports(modules: Modules, *, late: bool = True) -> dict[str, set[str]]:
    """Return the imports of each module: modules of the repository, or names of other packages."""
    graph: dict[str, set[str]] = {}
    for module, tree in modules.items():
        names = set[str]()
        for node in nodes(tree, late=late):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{module}: relative import"
                names |= {f"{node.module}.{alias.name}" for alias in node.names}
        graph[module] = {resolve(name, modules) for name in names} - {module}
    return graph


def resolve(name: str, known: Container[str]) -> str:
    """Return the module that a dotted name is in, or its top-level package."""
    while name not in known and "." in name:
        name = name.rpartition(".")[0]
    return name


def cycle(graph: Imports) -> list[str]:
    """Return the modules of one import cycle, or an empty list."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []


def is_test(module: str) -> bool:
    return "test" in module.split(".") or module.split(".")[0] in ("conftest", "tests")


def layer(module: str) -> int:
    """Return the layer of a module; shims, benchmarks and tests are in the highest one."""
    package, _, rest = module.partition(".")
    return LAYERS.get(rest.partition(".")[0], MAIN) if package in SECTIONS else START


def may_import(module: str, target: str) -> bool:
    """Return whether a module that is not a test may import another module of the repository."""
    package, other = module.partition(".")[0], target.partition(".")[0]
    if is_test(target):
        return False
    if "common" in (package, other):
        return other == "common"
    if package == other:
        return layer(target) <= layer(module)
    return (package == "bench" and layer(target) < CLI) or (package in SCRIPTS and layer(target) == CLI)


def upward(graph: Imports) -> list[str]:
    """Return the imports that the layers do not allow."""
    return [
        f"{module} -> {target}"
        for module in sorted(graph)
        for target in sorted(graph[module] & graph.keys())
        if not is_test(module) and not may_import(module, target)
    ]


def imports_of_test_modules(graph: Imports) -> list[str]:
    return [
        f"{module} -> {target}"
        for module in sorted(graph)
        for target in sorted(graph[module] & graph.keys())
        if target.rpartition(".")[2].startswith("test_")
    ]


def long_test_names(modules: Modules) -> list[str]:
    return [
        f"{module}.{node.name}"
        for module, tree in modules.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and len(node.name) > MAX_TEST_NAME
    ]


def third_party(module: str, graph: Imports) -> set[str]:
    """Return the packages outside of the repository and the standard library that importing a module imports."""
    found, pending, seen = set[str](), [module], set[str]()
    while pending:
        name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in graph:
            pending.extend(graph[name])
        elif name.partition(".")[0] not in sys.stdlib_module_names:
            found.add(name.partition(".")[0])
    return found


def test_imports_have_no_cycle(graph: Imports) -> None:
    assert cycle(graph) == []


def test_imports_do_not_point_to_a_higher_layer(graph: Imports) -> None:
    assert upward(graph) == []


def test_test_modules_are_not_imported(graph: Imports) -> None:
    assert imports_of_test_modules(graph) == []


def test_test_names_are_short(repository: Modules) -> None:
    assert long_test_names(repository) == []


@pytest.mark.parametrize("section", SECTIONS)
def test_help_imports_only_the_standard_library(repository: Modules, section: str) -> None:
    assert f"{section}.cli" in repository
    assert third_party(f"{section}.cli", imports(repository, late=False)) == set()


def test_repository_has_modules_of_every_directory(repository: Modules) -> None:
    assert {module.partition(".")[0] for module in repository} == {*DIRECTORIES, *SCRIPTS}


def test_planted_cycle_is_found_behind_a_late_import() -> None:
    planted = parse(common__a="import common.b", common__b="def f():\n    from common import a", common__c="")
    assert set(cycle(imports(planted))) == {"common.a", "common.b"}
    assert cycle(imports(planted, late=False)) == []


@pytest.mark.parametrize(
    ("module", "target"),
    [
        ("common.a", "section1.config"),
        ("section1.core.a", "section1.operator.b"),
        ("section3.rules.a", "section3.main"),
        ("section4.sources.a", "section4.cli"),
        ("section1.main", "section1.cli"),
        ("section1.cli", "section1.__main__"),
        ("section2.main", "section1.config"),
        ("section2.main", "section2.test.support"),
        ("section2.main", "bench.measure"),
        ("bench.section1.rounds", "section1.cli"),
        ("section1_manage", "section1.main"),
    ],
)
def test_planted_upward_import_is_found(module: str, target: str) -> None:
    package, _, name = target.rpartition(".")
    planted = {module: ast.parse(f"def f():\n    from {package} import {name}"), target: ast.parse("")}
    assert upward(imports(planted)) == [f"{module} -> {target}"]


@pytest.mark.parametrize(
    ("module", "target"),
    [
        ("section1.operator.a", "section1.core.b"),
        ("section1.cli", "section1.main"),
        ("section1_manage", "section1.cli"),
        ("section1.core.a", "common.errors"),
        ("bench.section1.rounds", "section1.core.columns"),
        ("section1.test.test_a", "section1.cli"),
    ],
)
def test_allowed_import_is_not_reported(module: str, target: str) -> None:
    assert upward({module: {target}, target: set()}) == []


def test_planted_package_long_name_and_test_import_are_found() -> None:
    planted = parse(
        section1__cli="from section1 import main\ndef f():\n    import pyspark\nif TYPE_CHECKING:\n    import duckdb",
        section1__main="import json, pandas.core",
        section1__test_a=f"def {'test_'.ljust(65, 'x')}(): pass\ndef {'test_'.ljust(64, 'x')}(): pass",
        section1__test_b="from section1.test_a import helper",
    )
    assert third_party("section1.cli", imports(planted, late=False)) == {"pandas"}
    assert long_test_names(planted) == [f"section1.test_a.{'test_'.ljust(65, 'x')}"]
    assert imports_of_test_modules(imports(planted)) == ["section1.test_b -> section1.test_a"]
