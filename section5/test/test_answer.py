"""The answer is the one of the exact table, and is told as it is."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from common.paths import ROOT
from section5.config import ASKED
from section5.core.answer import PRICES, QUESTION, ValueUnknown, answered, nearest
from section5.core.ceiling import BayesTable, ceiling
from section5.core.models import TARGET
from section5.operator.cars import read

ARGUMENTS = ["--maint", "high", "--doors", "4", "--lug-boot", "big", "--safety", "high", "--class", "good"]


def predict(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    return subprocess.run(
        [sys.executable, "-m", "section5", "predict", *arguments],
        capture_output=True, text=True, check=False, cwd=ROOT, env=os.environ | {"PYTHONWARNINGS": "error"},
    )  # fmt: skip


def test_the_recommended_price_is_the_most_frequent_one() -> None:
    answer = answered(read(), QUESTION)
    assert (answer.recommended, answer.known_by, answer.counted, answer.matches) == (("low",), ("class",), 69, 0)
    assert answer.chance == pytest.approx(46 / 69)
    table = answer.probabilities.loc[("counted", "class")]
    assert table.to_list() == pytest.approx([46 / 69, 23 / 69, 0, 0])
    assert table.idxmax() == answer.recommended[0]


def test_probabilities_of_each_model_are_of_the_four_prices_and_add_up() -> None:
    shares = answered(read(), QUESTION).probabilities
    assert list(shares.columns) == list(PRICES)
    assert len(shares) == 5
    assert np.allclose(shares.sum(axis=1), 1)
    assert (shares >= 0).all().all()


def test_models_that_look_at_the_class_alone_agree_with_the_table() -> None:
    shares = answered(read(), QUESTION).probabilities
    for model in ("logistic regression", "gradient boosting"):
        assert shares.loc[(model, "class"), "low"] == pytest.approx(46 / 69, abs=0.05)


def test_a_car_that_exists_is_answered_from_all_that_was_given() -> None:
    car = {**QUESTION, "maint": "low", "class": "vgood"}
    answer = answered(read(), car)
    assert answer.known_by == ASKED
    alike = read()
    for name, value in car.items():
        alike = alike[alike[name] == value]
    assert answer.matches == len(alike) == 4
    assert answer.chance == pytest.approx(alike[TARGET].value_counts(normalize=True).max())


def test_the_nearest_cars_differ_in_the_verdict_and_then_any_price_is_as_likely() -> None:
    near = nearest(read(), QUESTION)
    assert set(near.index) == {"class unacc", "class acc", "class vgood"}
    assert near.sum().to_list() == [3, 3, 3, 3]


def test_the_nearest_good_cars_differ_in_two_values_and_say_what_the_verdict_says() -> None:
    cars = read()
    near = nearest(cars[cars["class"] == "good"], QUESTION)
    assert set(near.index) == {
        "maint low, lug_boot small", "maint med, lug_boot small", "maint low, safety med", "maint med, safety med",
    }  # fmt: skip
    assert near.sum().to_list() == [8, 4, 0, 0]


def test_both_kinds_of_nearest_cars_are_told() -> None:
    assert len(answered(read(), QUESTION).nearest) == 3 + 4


@pytest.mark.parametrize("name", QUESTION)
def test_an_unknown_value_is_refused_with_those_that_are_allowed(name: str) -> None:
    with pytest.raises(ValueUnknown, match="is unknown; allowed: ") as error:
        answered(read(), {**QUESTION, name: "purple"})
    assert error.value.exit_code == 2


def test_the_command_prints_the_answer_and_the_warning() -> None:
    shown = predict(*ARGUMENTS)
    assert shown.returncode == 0, shown.stderr
    assert "WARNING: no car in the data is like this one; if class good can be believed, what follows" in shown.stdout
    assert "buying price: low; of the 69 cars with class good 46 have it (66.7%)" in shown.stdout
    for text in ("counted", "gradient boosting", "class acc", "maint low, safety med"):
        assert text in shown.stdout


def test_a_tie_is_told_as_one() -> None:
    tied = predict("--maint", "low", *ARGUMENTS[2:-1], "vgood")
    assert (
        "buying price: low or med; of the 4 cars with maint low, doors 4, lug_boot big, safety high, class vgood"
        in (tied.stdout)
    )
    assert "2 have each (50.0%)" in tied.stdout
    unknown = predict("--maint", "vhigh", "--doors", "2", "--lug-boot", "small", "--safety", "low", "--class", "unacc")
    assert "buying price: unknown; of the 12 cars with" in unknown.stdout
    assert "as many have each price" in unknown.stdout


@pytest.mark.parametrize("arguments", [ARGUMENTS[2:], ["--m", "high", *ARGUMENTS[2:]]])
def test_a_missing_or_shortened_argument_takes_one_line(arguments: list[str]) -> None:
    shown = predict(*arguments)
    assert (shown.returncode, shown.stdout) == (2, "")
    assert len(shown.stderr.splitlines()) == 1
    assert "--maint" in shown.stderr


def test_the_command_refuses_an_unknown_value_in_one_line() -> None:
    shown = predict(*ARGUMENTS[:-1], "gut")
    assert (shown.returncode, shown.stdout) == (2, "")
    assert shown.stderr == "error: --class 'gut' is unknown; allowed: unacc, acc, good, vgood\n"


def test_the_exact_table_reaches_the_ceiling_on_what_it_has_seen() -> None:
    cars = read()
    features = list(ASKED)
    table = BayesTable().fit(cars[features], cars[TARGET])
    assert float((table.predict(cars[features]) == cars[TARGET]).mean()) == pytest.approx(
        ceiling(cars, features, TARGET)
    )


def test_the_exact_table_says_of_an_unseen_car_what_holds_of_all() -> None:
    cars = pd.DataFrame({"one": ["a", "a", "b"]})
    table = BayesTable().fit(cars, ["x", "x", "y"])
    shares = table.predict_proba(pd.DataFrame({"one": ["a", "b", "c"]}))
    assert np.allclose(shares, np.array([[1, 0], [0, 1], [2 / 3, 1 / 3]]))
