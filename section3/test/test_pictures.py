"""The architecture pictures are current, and their nodes are resources of the template."""

import re
from pathlib import Path

import pytest

from common.graph import layout
from common.picture import is_current
from section3.operator.pictures import NODE, PICTURES, icon, png
from section3.operator.template import load

OUTSIDE = {"web", "engineers", "analysts", "internet", "dashboards"}
NODES = re.compile(r'^\s+(\w+) \[label=".*class="([^"]+)"', re.MULTILINE)


@pytest.mark.parametrize(("picture", "source"), PICTURES.items(), ids=lambda path: path.name)
def test_committed_picture_is_current(picture: Path, source: Path) -> None:
    assert is_current(picture.read_bytes(), source.read_text()), "run: .venv/bin/python -m section3 pictures"


@pytest.mark.parametrize("source", PICTURES.values(), ids=lambda path: path.name)
def test_each_node_is_a_resource_and_has_an_icon(source: Path) -> None:
    nodes = dict(NODES.findall(source.read_text()))
    assert len(nodes) >= 8
    assert {*nodes} - OUTSIDE <= {*load().resources}
    assert [name for name in nodes.values() if not icon(name).is_file()] == []


@pytest.mark.integration
@pytest.mark.parametrize("source", PICTURES.values(), ids=lambda path: path.name)
def test_png_draws_the_icon_of_each_node(source: Path) -> None:
    dot = source.read_text()
    drawn = layout(dot)
    assert len(NODE.findall(drawn)) == drawn.count('class="node') == len(NODES.findall(dot))
    assert is_current(png(dot), dot)
