"""The committed notebook, page and key figures: up to date, complete and reproducible."""

import json
import re
from pathlib import Path

import matplotlib
import nbformat
import numpy as np
import pytest
from matplotlib.font_manager import FontProperties, findfont
from nbformat import NotebookNode

from common.test.browser import opened
from section5.config import KEY_FIGURES, NOTEBOOK, PAGE, SOURCE
from section5.core.accuracy_bound import accuracy_bound
from section5.core.evaluation import accuracies, difference, score
from section5.core.models import BOOSTING, FEATURE_SETS, LOGISTIC, TARGET
from section5.core.plots import FONT
from section5.core.prediction import QUESTION, predict_price
from section5.operator.dataset import read_cars
from section5.operator.notebook import (
    HASH_KEY,
    NotebookFailed,
    code_hash,
    execute,
    key_figures,
    notebook_hash,
    parse_source,
)

STALE = "out of date: run .venv/bin/python -m section5 notebook"
FIGURES = json.loads(KEY_FIGURES.read_text())


@pytest.fixture(scope="module")
def notebook() -> NotebookNode:
    read: NotebookNode = nbformat.read(NOTEBOOK, as_version=4)
    return read


def test_notebook_has_the_cells_and_hash_of_its_source(notebook: NotebookNode) -> None:
    assert notebook.metadata[HASH_KEY] == code_hash(), STALE
    cells = [(cell.cell_type, cell.source) for cell in notebook.cells]
    assert cells == [(cell.cell_type, cell.source) for cell in parse_source(SOURCE.read_text()).cells], STALE


def test_page_has_the_hash_of_the_notebook(notebook: NotebookNode) -> None:
    assert PAGE.read_text().endswith(f"<!-- {HASH_KEY} {notebook_hash(notebook)} -->\n"), STALE


def test_key_figures_equal_the_notebooks(notebook: NotebookNode) -> None:
    assert key_figures(notebook) == KEY_FIGURES.read_text(), STALE


def test_code_cells_ran_in_order_without_errors(notebook: NotebookNode) -> None:
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    kinds = {output.output_type for cell in cells for output in cell.outputs}
    assert kinds <= {"execute_result", "display_data"}


def test_figures_in_the_text_equal_the_key_figures() -> None:
    words = SOURCE.read_text()
    for models in FIGURES["accuracy"].values():
        assert f"({models['always the most frequent']['accuracy']:.1%})".replace("%", " %") in words
    guessing = [f"{0.25 / bound:.0%}".removesuffix("%") for bound in FIGURES["ceilings"].values()]
    assert f"guessing alone is {' or '.join(guessing)} %" in words


@pytest.mark.integration
def test_execute_reports_a_failing_cell_in_one_line() -> None:
    expected = "^cannot execute the notebook: ValueError: no such car. No file was changed.$"
    with pytest.raises(NotebookFailed, match=expected):
        execute(parse_source("# %%\nraise ValueError('no such car')\n"))


@pytest.mark.parametrize("path", [NOTEBOOK, PAGE], ids=["notebook", "page"])
def test_output_has_no_path_of_this_machine(path: Path) -> None:
    assert not re.search(r"/(home|root|work|Users)/", path.read_text())


def test_every_plot_has_an_alternative_text() -> None:
    images = re.findall(r"<img [^>]*>", PAGE.read_text())
    texts = [re.search(r'alt="([^"]*)"', image) for image in images]
    assert len(images) >= 10
    assert all(text and len(text[1]) > 40 for text in texts)


@pytest.mark.parametrize("weight", ["normal", "bold"])
def test_plots_use_the_font_of_the_wheel(weight: str) -> None:
    font = Path(findfont(FontProperties(family=FONT, weight=weight), fallback_to_default=False))
    assert font.read_bytes() == Path(matplotlib.get_data_path(), "fonts", "ttf", font.name).read_bytes()


def test_page_needs_no_network() -> None:
    text = PAGE.read_text()
    assert "<script" not in text
    assert not re.search(r"<(link|img|iframe)[^>]+(src|href)=.https?:|@import|url\(.?https?:", text)


@pytest.mark.integration
@pytest.mark.needs("chromium")
def test_browser_shows_the_page_without_errors(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(PAGE.read_bytes())
    shown = opened(path)
    assert shown.returncode == 0
    assert "CONSOLE" not in shown.stderr
    assert "two cases of three" in shown.stdout


@pytest.mark.integration
@pytest.mark.parametrize("features", FEATURE_SETS)
@pytest.mark.parametrize("model", [LOGISTIC, pytest.param(BOOSTING, marks=pytest.mark.slow)])
def test_accuracies_are_reproducible(features: str, model: str) -> None:
    found = score(accuracies(read_cars(), FEATURE_SETS[features], TARGET, [model])[model])
    stored = FIGURES["accuracy"][features][model]
    expected = [stored["accuracy"], stored["low"], stored["high"]]
    assert [found.mean, found.low, found.high] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("features", FEATURE_SETS)
def test_intervals_are_not_above_the_accuracy_bound(features: str) -> None:
    bound = accuracy_bound(read_cars(), FEATURE_SETS[features], TARGET)
    models = FIGURES["accuracy"][features]
    assert FIGURES["ceilings"][features] == pytest.approx(bound, abs=1e-6)
    assert len(models) == 7
    assert max(figures["low"] for figures in models.values()) <= bound


def test_prediction_is_reproducible() -> None:
    prediction = predict_price(read_cars(), QUESTION)
    assert FIGURES["answer"] == {"recommended": ["low"], "chance": pytest.approx(46 / 69, abs=1e-6), "matches": 0}
    assert FIGURES["good by price"] == {"low": 46, "med": 23, "high": 0, "vhigh": 0}
    for row, shares in prediction.probabilities.iterrows():
        assert FIGURES["probabilities"][" | ".join(row)] == pytest.approx(shares.to_dict(), abs=1e-6)


def test_boosting_predicts_the_class_nearly_always() -> None:
    assert FIGURES["usual task"][BOOSTING] > 0.95


def test_score_interval_corrects_for_overlapping_folds() -> None:
    folds = np.array([0.30, 0.32, 0.34, 0.36, 0.33])
    # Standard deviation 0.02236; corrected error sqrt(1/5 + 1/4) times that, 0.0150; t with 4 degrees of freedom 2.776.
    found = score(folds)
    assert (found.mean, found.high - found.mean) == pytest.approx((0.33, 0.0416), abs=1e-4)
    gap, p_value = difference(folds, folds)
    assert (gap.mean, p_value) == (0, 1)
