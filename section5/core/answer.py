"""The answer to the question asked: what the models and the exact table make of it, and which cars come nearest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from common.errors import UsageError
from section5.config import ASKED
from section5.core.ceiling import matching
from section5.core.models import BOOSTING, LOGISTIC, MODELS, TARGET, VALUES

QUESTION = {"maint": "high", "doors": "4", "lug_boot": "big", "safety": "high", "class": "good"}
PRICES = ("low", "med", "high", "vhigh")
NAMED = (LOGISTIC, BOOSTING)


class ValueUnknown(UsageError):
    """A value is none that the data has."""

    def __init__(self, name: str, value: str) -> None:
        super().__init__(f"--{name.replace('_', '-')} {value!r} is unknown; allowed: {', '.join(VALUES[name])}")


@dataclass(frozen=True)
class Answer:
    """What is to be said of a car whose buying price is asked for."""

    probabilities: pd.DataFrame  # a row for each model and what it looks at, a column for each price
    recommended: tuple[str, ...]  # the most frequent price, or several that are equally frequent
    chance: float  # of each of them to be right
    known_by: tuple[str, ...]  # what the counted cars have in common with this one
    counted: int  # how many they are
    matches: int  # cars of the data that are like it in all that was asked
    nearest: pd.DataFrame  # those that differ least: in what, and how many of each price


def require_known(car: Mapping[str, str]) -> None:
    """Raise ValueUnknown for a value that the data does not have."""
    for name, value in car.items():
        if value not in VALUES[name]:
            raise ValueUnknown(name, value)


def answered(cars: pd.DataFrame, car: Mapping[str, str]) -> Answer:
    """Return the answer. Raises: ValueUnknown."""
    require_known(car)
    asked = pd.DataFrame([{name: car[name] for name in ASKED}])
    matches = len(matching(cars, car))
    known_by: tuple[str, ...] = ASKED if matches else ("class",)
    alike = matching(cars, {name: car[name] for name in known_by})
    shares = alike[TARGET].value_counts(normalize=True).reindex(list(PRICES))
    rows = {("counted", _named(known_by)): shares}
    for features in (ASKED, ("class",)):
        for name in NAMED:
            rows[name, _named(features)] = _shares(cars, asked, name, features)
    probabilities = pd.DataFrame(rows).T.rename_axis(["model", "looks at"])
    near = pd.concat([nearest(cars, car), nearest(matching(cars, {"class": car["class"]}), car)])
    return Answer(
        probabilities=probabilities,
        recommended=tuple(price for price in PRICES if shares[price] == shares.max()),
        chance=float(shares.max()),
        known_by=known_by,
        counted=len(alike),
        matches=matches,
        nearest=near[~near.index.duplicated()],
    )


def _named(features: Sequence[str]) -> str:
    return "class" if tuple(features) == ("class",) else "all that was given"


def _shares(cars: pd.DataFrame, asked: pd.DataFrame, model: str, features: Sequence[str]) -> pd.Series:
    """Return what a model says of each price, learnt from all cars."""
    columns = list(features)
    fitted = MODELS[model](features).fit(cars[columns], cars[TARGET])
    return pd.Series(fitted.predict_proba(asked[columns])[0], index=fitted.classes_).reindex(list(PRICES))


def nearest(cars: pd.DataFrame, car: Mapping[str, str]) -> pd.DataFrame:
    """Return the cars that differ from this one, but in as few values as any do: in which, how many of each price."""
    is_other = pd.DataFrame({name: cars[name] != value for name, value in car.items()})
    differing = is_other.sum(axis=1)
    near = cars[differing == differing[differing > 0].min()]
    changed = near.apply(
        lambda row: ", ".join(f"{name} {row[name]}" for name, value in car.items() if row[name] != value), axis=1
    )
    return pd.crosstab(changed.rename("instead"), near[TARGET]).reindex(columns=list(PRICES), fill_value=0)
