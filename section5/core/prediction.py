"""Prediction of one car's buying price: exact counts, two models and the most similar cars."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from section5.config import FEATURES
from section5.core.accuracy_bound import matching
from section5.core.models import BOOSTING, LOGISTIC, MODELS, TARGET

QUESTION = {"maint": "high", "doors": "4", "lug_boot": "big", "safety": "high", "class": "good"}
PRICES = ("low", "med", "high", "vhigh")
CLASS_ONLY = ("class",)


@dataclass(frozen=True)
class Prediction:
    """Everything that the summary and the notebook report about one car."""

    probabilities: pd.DataFrame  # one row for each model and feature set, one column for each price
    recommended: tuple[str, ...]  # the most frequent price; several if they are tied
    chance: float  # probability of each recommended price
    known_by: tuple[str, ...]  # the attributes that the counted cars share with this one
    counted: int  # number of those cars
    matches: int  # number of cars that equal this one in all features
    nearest: pd.DataFrame  # the most similar cars: their differences, and the number of cars at each price


def predict_price(cars: pd.DataFrame, car: Mapping[str, str]) -> Prediction:
    """Return the prediction for a car. Its values must be in VALUES."""
    matches = len(matching(cars, car))
    known_by = FEATURES if matches else CLASS_ONLY
    counted = matching(cars, {name: car[name] for name in known_by})
    shares = counted[TARGET].value_counts(normalize=True).reindex(list(PRICES))
    near = pd.concat([nearest(cars, car), nearest(matching(cars, {"class": car["class"]}), car)])
    return Prediction(
        probabilities=_probabilities(cars, car, known_by, shares),
        recommended=tuple(price for price in PRICES if shares[price] == shares.max()),
        chance=float(shares.max()),
        known_by=known_by,
        counted=len(counted),
        matches=matches,
        nearest=near[~near.index.duplicated()],
    )


def _probabilities(
    cars: pd.DataFrame, car: Mapping[str, str], known_by: tuple[str, ...], shares: pd.Series
) -> pd.DataFrame:
    rows = {("counted", _label(known_by)): shares}
    for features in (FEATURES, CLASS_ONLY):
        for model in (LOGISTIC, BOOSTING):
            rows[model, _label(features)] = _model_probabilities(cars, car, model, features)
    return pd.DataFrame(rows).T.rename_axis(["model", "looks at"])


def _label(features: Sequence[str]) -> str:
    return "class" if tuple(features) == CLASS_ONLY else "all that was given"


def _model_probabilities(cars: pd.DataFrame, car: Mapping[str, str], model: str, features: Sequence[str]) -> pd.Series:
    """Train a model on all cars and return its probability for each price."""
    columns = list(features)
    fitted = MODELS[model](features).fit(cars[columns], cars[TARGET])
    row = pd.DataFrame([{name: car[name] for name in columns}])
    return pd.Series(fitted.predict_proba(row)[0], index=fitted.classes_).reindex(list(PRICES))


def nearest(cars: pd.DataFrame, car: Mapping[str, str]) -> pd.DataFrame:
    """Return the cars that differ from this one in the fewest values, at least one.

    Rows are their differences, columns the number of cars at each price.
    """
    differs = pd.DataFrame({name: cars[name] != value for name, value in car.items()})
    distance = differs.sum(axis=1)
    near = cars[distance == distance[distance > 0].min()]
    changed = near.apply(
        lambda row: ", ".join(f"{name} {row[name]}" for name, value in car.items() if row[name] != value), axis=1
    )
    return pd.crosstab(changed.rename("instead"), near[TARGET]).reindex(columns=list(PRICES), fill_value=0)
