"""The pictures are of the architecture as it is, and name what the template has."""

import re
import shutil
from pathlib import Path

import pytest

from common.picture import is_of
from section3.operator.pictures import PICTURES, GraphvizMissing, png
from section3.rules.template import load

OUTSIDE = {"web", "engineers", "analysts", "internet", "dashboards"}
NODE = re.compile(r'^\t+(\w+) \[label=.*?image="', re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.name)
def test_the_committed_picture_is_of_the_architecture(path: Path) -> None:
    assert is_of(path.read_bytes(), PICTURES[path]()), "draw it anew: .venv/bin/python -m section3 pictures"


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.name)
def test_each_node_is_a_resource_of_the_template(path: Path) -> None:
    nodes = set(NODE.findall(PICTURES[path]()))
    assert len(nodes) >= 8
    assert nodes - OUTSIDE <= set(load().resources)


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.name)
def test_no_path_of_a_machine_stands_in_it(path: Path) -> None:
    assert "site-packages" not in PICTURES[path]()


@pytest.mark.needs("graphviz")
def test_a_picture_is_drawn() -> None:
    [described, *_] = [describe() for describe in PICTURES.values()]
    drawn = png(described)
    assert is_of(drawn, described)
    assert len(drawn) > 20_000


def test_without_graphviz_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("dot") is None
    with pytest.raises(GraphvizMissing, match="apt-get install graphviz") as error:
        png("digraph {}")
    assert error.value.exit_code == 2
