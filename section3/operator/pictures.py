"""Architecture pictures, drawn from architecture/*.dot with AWS's icons."""

import base64
import html
import re
from importlib.util import find_spec
from pathlib import Path

from common.graph import layout
from common.picture import svg_to_png
from section3.config import SECTION

PICTURES = {
    SECTION / f"section3_{name}_architecture.png": SECTION / "architecture" / f"{name}.dot"
    for name in ("write", "read", "security")
}
ICON_SIZE = 86
# A node as Graphviz writes it: its class, its name, and the frame from the lower right corner to the upper left one.
NODE = re.compile(
    r'class="node (?P<icon>[^"]+)">\n<title>(?P<name>\w+)</title>\n'
    r'<polygon fill="none" stroke="none" points="(?P<right>\S+?),\S+ (?P<left>\S+?),(?P<top>\S+) .*/>'
)


def draw() -> list[Path]:
    """Write every picture and return their paths."""
    for path, source in PICTURES.items():
        path.write_bytes(png(source.read_text()))
    return list(PICTURES)


def png(dot: str) -> bytes:
    """Return a graph as PNG, each node with the icon that its class names."""
    return svg_to_png(NODE.sub(_with_icon, layout(dot)), dot)


def icon(name: str) -> Path:
    """Return the path of an icon in the wheel of `diagrams`, such as `compute/lambda`."""
    package = find_spec("diagrams")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent.parent / "resources" / "aws" / f"{name}.png"


def _with_icon(node: re.Match[str]) -> str:
    """Return a node with its icon at the top of its frame."""
    data = base64.b64encode(icon(html.unescape(node["icon"])).read_bytes()).decode()
    x = (float(node["left"]) + float(node["right"]) - ICON_SIZE) / 2
    image = f'<image x="{x:.2f}" y="{node["top"]}" width="{ICON_SIZE}" height="{ICON_SIZE}"'
    return f'{node[0]}\n{image} xlink:href="data:image/png;base64,{data}"/>'
