"""The committed notebook and its page are of the source as it is, and their figures come out again."""

import json
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest

from common.test.browser import opened
from section5.config import KEY_FIGURES, NOTEBOOK, PAGE, SOURCE
from section5.core.answer import QUESTION, answered
from section5.core.ceiling import ceiling
from section5.core.evaluation import accuracies, difference, score
from section5.core.models import BOOSTING, FEATURES, LOGISTIC, TARGET
from section5.operator.cars import read
from section5.operator.notebook import MARK, NotebookFailed, as_notebook, executed, hash_of, hash_of_code, key_figures

STALE = "make them anew: .venv/bin/python -m section5 notebook"
FIGURES = json.loads(KEY_FIGURES.read_text())


def test_the_notebook_s_cells_are_those_of_the_source() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    source = SOURCE.read_text()
    assert notebook.metadata[MARK] == hash_of_code(), STALE
    cells = [(cell.cell_type, cell.source) for cell in notebook.cells]
    assert cells == [(cell.cell_type, cell.source) for cell in as_notebook(source).cells], STALE


def test_every_cell_was_executed_in_order_and_none_failed() -> None:
    cells = [cell for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    kinds = {output.output_type for cell in cells for output in cell.outputs}
    assert kinds <= {"execute_result", "display_data"}


def test_the_page_is_of_the_notebook() -> None:
    found = re.search(MARK + " ([0-9a-f]{64})", PAGE.read_text())
    assert found
    assert found[1] == hash_of(nbformat.read(NOTEBOOK, as_version=4)), STALE


def test_the_key_figures_are_those_of_the_notebook() -> None:
    assert key_figures(nbformat.read(NOTEBOOK, as_version=4)) == KEY_FIGURES.read_text(), STALE


def test_figures_in_the_words_are_those_of_the_cells() -> None:
    words = SOURCE.read_text()
    for told in FIGURES["accuracy"].values():
        assert f"({told['always the most frequent']['accuracy']:.1%})".replace("%", " %") in words
    guessing = [f"{0.25 / ceiling:.0%}".removesuffix("%") for ceiling in FIGURES["ceilings"].values()]
    assert f"guessing alone is {' or '.join(guessing)} %" in words


def test_a_failing_cell_is_told_in_one_line_and_nothing_is_written() -> None:
    with pytest.raises(NotebookFailed, match="ValueError: no such car; nothing was written"):
        executed(as_notebook("# %%\nraise ValueError('no such car')\n"))


def test_no_path_of_a_machine_stands_in_it() -> None:
    for path in (NOTEBOOK, PAGE):
        assert not re.search(r"/(home|root|work|Users)/", path.read_text())


def test_every_picture_says_in_words_what_it_shows() -> None:
    images = re.findall(r"<img [^>]*>", PAGE.read_text())
    assert len(images) >= 10
    for image in images:
        text = re.search(r'alt="([^"]*)"', image)
        assert text
        assert len(text[1]) > 40


def test_the_page_needs_no_network() -> None:
    text = PAGE.read_text()
    assert "<script" not in text
    assert not re.search(r"<(link|img|iframe)[^>]+(src|href)=.https?:|@import|url\(.?https?:", text)


@pytest.mark.needs("chromium")
def test_a_browser_shows_the_page_without_a_complaint(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(PAGE.read_bytes())
    shown = opened(path)
    assert shown.returncode == 0
    assert "CONSOLE" not in shown.stderr
    assert "two cases of three" in shown.stdout


@pytest.mark.parametrize("features", FEATURES)
@pytest.mark.parametrize("model", [LOGISTIC, BOOSTING])
def test_accuracies_come_out_again(features: str, model: str) -> None:
    found = score(accuracies(read(), FEATURES[features], TARGET, [model])[model])
    told = FIGURES["accuracy"][features][model]
    assert [found.mean, found.low, found.high] == pytest.approx([told["accuracy"], told["low"], told["high"]], abs=1e-6)


def test_no_interval_lies_above_the_ceiling() -> None:
    for features, models in FIGURES["accuracy"].items():
        highest = ceiling(read(), FEATURES[features], TARGET)
        assert FIGURES["ceilings"][features] == pytest.approx(highest, abs=1e-6)
        assert len(models) == 7
        for model, told in models.items():
            assert told["low"] <= highest, (features, model)


def test_the_answer_comes_out_again() -> None:
    answer = answered(read(), QUESTION)
    assert FIGURES["answer"] == {"recommended": ["low"], "chance": pytest.approx(46 / 69, abs=1e-6), "matches": 0}
    assert FIGURES["good by price"] == {"low": 46, "med": 23, "high": 0, "vhigh": 0}
    for row, shares in answer.probabilities.iterrows():
        assert FIGURES["probabilities"][" | ".join(row)] == pytest.approx(shares.to_dict(), abs=1e-6)


def test_the_usual_task_is_nearly_always_solved() -> None:
    assert FIGURES["usual task"][BOOSTING] > 0.95


def test_an_interval_is_wider_than_folds_that_were_independent_would_give() -> None:
    folds = np.array([0.30, 0.32, 0.34, 0.36, 0.33])
    # sd 0.02236; corrected error sqrt(1/5 + 1/4) x sd = 0.0150; t with 4 degrees of freedom 2.776.
    found = score(folds)
    assert (found.mean, found.high - found.mean) == pytest.approx((0.33, 0.0416), abs=1e-4)
    gap, p_value = difference(folds, folds)
    assert (gap.mean, p_value) == (0, 1)
