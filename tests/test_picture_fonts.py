"""Every generated picture has the same bytes whichever fonts the system has."""

import json
import os
import subprocess
import sys
from pathlib import Path

import matplotlib
import pandas as pd
import pytest
import vl_convert
from fontTools.ttLib import TTFont

from bench import RESULTS
from bench.section1 import store
from bench.section1.plot import draw as draw_benchmark
from bench.section1.report import sizes_of
from common.graph import png, svg
from common.paths import ROOT
from common.picture import vega_lite_to_png
from section2.operator.diagram import HEAD
from section3.config import CAPACITY
from section3.operator import pictures, plots
from section3.operator.results import read_results
from section4.core.chart import chart, picture
from section4.core.panels import PANELS
from section5.core import plots as car_plots

pytestmark = pytest.mark.integration

FAMILIES = ("DejaVu Sans", "Liberation Sans", "Helvetica", "Arial", "sans-serif")
CONFIGURATION = "<?xml version='1.0'?><fontconfig><dir>{}</dir></fontconfig>"
DIAGRAM = HEAD + '"orders" [label="orders|{{PK|FK}|{order_id|member_id}|{bigint|text ?}}"]\n}\n'
UNPROTECTED = "unprotected.png"


def draw_all(directory: Path) -> None:
    """Draw each kind of picture, and one without the protection. Run by `draw_in_new_process`."""
    (directory / "diagram.svg").write_bytes(svg(DIAGRAM))
    (directory / "diagram.png").write_bytes(png(DIAGRAM))
    for path, source in pictures.PICTURES.items():
        (directory / path.name).write_bytes(pictures.png(source.read_text()))
    panel = PANELS[0]
    drawn = chart(panel, "Words below the title.", ["time", *panel.shapes], [])
    (directory / "covid.png").write_bytes(vega_lite_to_png(json.dumps(picture("Title", "Subtitle", True, [drawn]))))
    plots.draw(read_results(), CAPACITY.read_text(), directory)
    car_plots.use_style()
    (directory / "cars.png").write_bytes(car_plots.bar_chart(pd.Series({"maint": 1.0}), "Title").png)
    draw_benchmark(sizes_of(store.read(RESULTS.with_name("section1.json"))), directory / "benchmark.png")


def draw_unprotected(directory: Path) -> None:
    """Draw text with the fonts of the system."""
    text = '<text y="20" font-family="Helvetica">Text</text>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="99" height="30">{text}</svg>'
    (directory / UNPROTECTED).write_bytes(vl_convert.svg_to_png(svg))


def drawn_by_new_process(function: str, directory: Path, fonts: Path, matplotlibrc: str) -> dict[str, bytes]:
    """Draw in a process that finds system fonts in one directory only; returns the pictures by name."""
    home, pictures = directory / "home", directory / "pictures"
    (home / "matplotlib").mkdir(parents=True)
    pictures.mkdir()
    (home / "fonts.conf").write_text(CONFIGURATION.format(fonts))
    (home / "matplotlib" / "matplotlibrc").write_text(matplotlibrc)
    (home / "fonts").symlink_to(fonts)  # matplotlib searches $XDG_DATA_HOME/fonts
    environment = os.environ | {
        "FONTCONFIG_FILE": str(home / "fonts.conf"),
        "HOME": str(home),
        "MPLCONFIGDIR": str(home / "matplotlib"),
        "XDG_DATA_HOME": str(home),
    }
    code = f"from pathlib import Path; import tests.test_picture_fonts as t; t.{function}(Path({str(pictures)!r}))"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True, timeout=120)
    return {path.name: path.read_bytes() for path in pictures.iterdir()}


@pytest.fixture(scope="module")
def no_fonts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("no_fonts")


@pytest.fixture(scope="module")
def other_fonts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of fonts with the usual names and the letters of another one."""
    directory = tmp_path_factory.mktemp("other_fonts")
    for family in FAMILIES:
        font = TTFont(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "STIXGeneral.ttf")
        for record in font["name"].names:
            if record.nameID in (1, 4, 16):
                record.string = family
        font.save(directory / f"{family}.ttf")
    return directory


def test_every_picture_is_the_same_without_and_with_other_fonts(
    tmp_path: Path, no_fonts: Path, other_fonts: Path
) -> None:
    bare = drawn_by_new_process("draw_all", tmp_path / "bare", no_fonts, "")
    other = drawn_by_new_process("draw_all", tmp_path / "other", other_fonts, "font.family: STIXGeneral\n")
    assert len(bare) == 11
    assert [name for name in bare if bare[name] != other[name]] == []


def test_the_other_fonts_would_change_an_unprotected_picture(tmp_path: Path, no_fonts: Path, other_fonts: Path) -> None:
    bare = drawn_by_new_process("draw_unprotected", tmp_path / "bare", no_fonts, "")
    other = drawn_by_new_process("draw_unprotected", tmp_path / "other", other_fonts, "")
    assert bare[UNPROTECTED] != other[UNPROTECTED]
