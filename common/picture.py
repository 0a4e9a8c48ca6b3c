"""Reproducible pictures: only fonts of locked packages, and the hash of the source in the metadata."""

import hashlib
import os
import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import vl_convert

FONT = "Liberation Sans"  # comes with vl-convert; as wide as Helvetica and Arial
FONTCONFIG = Path(__file__).with_name("fonts.conf")
VEGA_LITE = "6.4"
KEYWORD = b"source-sha256"
PNG_HEAD = 8 + 25  # signature and first chunk; a text chunk may follow


def svg_to_png(svg: str, source: str) -> bytes:
    """Return an SVG as a PNG that records the hash of its source."""
    with locked_fonts():
        return mark_png(vl_convert.svg_to_png(svg, scale=1.0), source)


def vega_lite_to_png(source: str) -> bytes:
    """Return a Vega-Lite chart as a PNG that records the hash of its source."""
    with locked_fonts():
        return mark_png(vl_convert.vegalite_to_png(source, vl_version=VEGA_LITE, scale=1.0), source)


@contextmanager
def locked_fonts() -> Iterator[None]:
    """Hide the system's fonts from vl-convert, which loads fonts only once: when it first draws text."""
    before = os.environ.get("FONTCONFIG_FILE")
    os.environ["FONTCONFIG_FILE"] = str(FONTCONFIG)
    try:
        yield
    finally:
        if before is None:
            del os.environ["FONTCONFIG_FILE"]
        else:
            os.environ["FONTCONFIG_FILE"] = before


def mark_svg(svg: bytes, source: str) -> bytes:
    """Return an SVG document with the hash of its source in a comment."""
    return svg + b"<!-- %s %s -->\n" % (KEYWORD, _hash(source))


def mark_png(png: bytes, source: str) -> bytes:
    """Return a PNG with the hash of its source in a text chunk."""
    text = b"tEXt" + KEYWORD + b"\0" + _hash(source)
    chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    return png[:PNG_HEAD] + chunk + png[PNG_HEAD:]


def is_current(picture: bytes, source: str) -> bool:
    """Return whether a picture was drawn from this source."""
    found = re.search(KEYWORD + rb"[\0 ]([0-9a-f]{64})", picture)
    return found is not None and found[1] == _hash(source)


def _hash(source: str) -> bytes:
    return hashlib.sha256(source.encode()).hexdigest().encode()
