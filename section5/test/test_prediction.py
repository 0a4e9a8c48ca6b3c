"""The prediction for one car, and the command that prints it."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from common.paths import ROOT
from section5.cli import parser
from section5.config import FEATURES
from section5.core.accuracy_bound import FrequencyTable, accuracy_bound
from section5.core.models import BOOSTING, LOGISTIC, TARGET
from section5.core.prediction import PRICES, QUESTION, Prediction, nearest, predict_price
from section5.main import predict
from section5.operator.dataset import read_cars

ARGUMENTS = ["--maint", "high", "--doors", "4", "--lug-boot", "big", "--safety", "high", "--class", "good"]
GOOD_SHARES = [46 / 69, 23 / 69, 0, 0]


@pytest.fixture(scope="module")
def cars() -> pd.DataFrame:
    return read_cars()


@pytest.fixture(scope="module")
def prediction(cars: pd.DataFrame) -> Prediction:
    return predict_price(cars, QUESTION)


def test_unmatched_car_is_predicted_from_class_alone(prediction: Prediction) -> None:
    assert (prediction.recommended, prediction.known_by) == (("low",), ("class",))
    assert (prediction.counted, prediction.matches) == (69, 0)
    assert prediction.chance == pytest.approx(46 / 69)
    assert prediction.probabilities.loc[("counted", "class")].to_list() == pytest.approx(GOOD_SHARES)


def test_matched_car_is_predicted_from_all_features(cars: pd.DataFrame) -> None:
    car = {**QUESTION, "maint": "low", "class": "vgood"}
    found = predict_price(cars, car)
    equal = cars[(cars[list(car)] == pd.Series(car)).all(axis=1)]
    assert (found.known_by, found.matches, found.counted) == (FEATURES, 4, 4)
    assert found.chance == pytest.approx(equal[TARGET].value_counts(normalize=True).max())


def test_probabilities_of_each_model_add_up_to_one(prediction: Prediction) -> None:
    shares = prediction.probabilities
    assert (list(shares.columns), len(shares)) == (list(PRICES), 5)
    assert np.allclose(shares.sum(axis=1), 1)
    assert (shares >= 0).all().all()


@pytest.mark.parametrize("model", [LOGISTIC, BOOSTING])
def test_class_only_models_agree_with_counts(prediction: Prediction, model: str) -> None:
    assert prediction.probabilities.loc[(model, "class"), "low"] == pytest.approx(46 / 69, abs=0.05)


def test_nearest_cars_differ_in_class_with_all_prices_equal(cars: pd.DataFrame) -> None:
    near = nearest(cars, QUESTION)
    assert set(near.index) == {"class unacc", "class acc", "class vgood"}
    assert near.sum().to_list() == [3, 3, 3, 3]


def test_nearest_good_cars_differ_in_two_values(cars: pd.DataFrame) -> None:
    near = nearest(cars[cars["class"] == "good"], QUESTION)
    assert set(near.index) == {
        "maint low, lug_boot small", "maint med, lug_boot small", "maint low, safety med", "maint med, safety med",
    }  # fmt: skip
    assert near.sum().to_list() == [8, 4, 0, 0]


def test_prediction_lists_both_kinds_of_nearest_cars(prediction: Prediction) -> None:
    assert len(prediction.nearest) == 3 + 4


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (
            {},
            "buying price: low (46 of the 69 cars with class good, 66.7%)",
        ),
        (
            {"maint": "low", "class": "vgood"},
            "buying price: low or med (each 2 of the 4 cars with maint low, doors 4, lug_boot big, safety high,"
            " class vgood, 50.0%)",
        ),
        (
            {"maint": "vhigh", "doors": "2", "lug_boot": "small", "safety": "low", "class": "unacc"},
            "buying price: unknown (the 12 cars with maint vhigh, doors 2, lug_boot small, safety low, class unacc"
            " have every price equally often)",
        ),
    ],
    ids=["one price", "two tied prices", "all prices tied"],
)
def test_summary_recommends_the_most_frequent_prices(values: dict[str, str], expected: str) -> None:
    text = predict({**QUESTION, **values})
    assert expected in text.splitlines()
    assert ("WARNING" in text) == (not values)


@pytest.mark.integration
def test_predict_command_prints_warning_and_tables() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "section5", "predict", *ARGUMENTS],
        capture_output=True, text=True, check=False, cwd=ROOT, env=os.environ | {"PYTHONWARNINGS": "error"},
        timeout=120,
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (0, "")
    assert "WARNING: no car in the data set has these values. The prediction is valid only if class good" in run.stdout
    for text in ("counted", "gradient boosting", "class acc", "maint low, safety med"):
        assert text in run.stdout


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (ARGUMENTS[2:], "required: --maint"),
        (["--m", "high", *ARGUMENTS[2:]], "required: --maint"),
        *(
            ([*ARGUMENTS, option, "purple"], f"argument {option}: invalid choice: 'purple'")
            for option in ARGUMENTS[::2]
        ),
    ],
)
def test_predict_rejects_missing_and_unknown_values(
    capsys: pytest.CaptureFixture[str], arguments: list[str], expected: str
) -> None:
    with pytest.raises(SystemExit) as error:
        parser().parse_args(["predict", *arguments])
    [line] = capsys.readouterr().err.splitlines()
    assert error.value.code == 2
    assert expected in line


def test_frequency_table_reaches_bound_on_training_cars(cars: pd.DataFrame) -> None:
    features = list(FEATURES)
    table = FrequencyTable().fit(cars[features], cars[TARGET])
    assert float((table.predict(cars[features]) == cars[TARGET]).mean()) == pytest.approx(
        accuracy_bound(cars, features, TARGET)
    )


def test_frequency_table_predicts_overall_shares_for_unseen_car() -> None:
    table = FrequencyTable().fit(pd.DataFrame({"one": ["a", "a", "b"]}), ["x", "x", "y"])
    shares = table.predict_proba(pd.DataFrame({"one": ["a", "b", "c"]}))
    assert np.allclose(shares, np.array([[1, 0], [0, 1], [2 / 3, 1 / 3]]))
