"""What can be known at best: the exact table of how often each price goes with what is known of a car.

Nothing that looks at these features alone can be right more often on this data than the table is, since cars that look
the same to it must get the same answer.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin


def counts(cars: pd.DataFrame, features: Sequence[str], target: str) -> pd.DataFrame:
    """Return how many cars have each value of the target, a row for each combination of features that there is."""
    counted = cars.groupby(list(features), observed=True)[target].value_counts().unstack(fill_value=0)
    return counted[counted.sum(axis=1) > 0]


def ceiling(cars: pd.DataFrame, features: Sequence[str], target: str) -> float:
    """Return the share of cars that the best possible answer from these features gets right."""
    return float(counts(cars, features, target).max(axis=1).sum() / len(cars))


def least_loss(cars: pd.DataFrame, features: Sequence[str], target: str) -> float:
    """Return the lowest mean log loss (in nats) that probabilities from these features can have on these cars."""
    counted = counts(cars, features, target)
    shares = counted.div(counted.sum(axis=1), axis=0)
    return float(-(counted * np.log(shares.where(shares > 0, 1.0))).to_numpy().sum() / len(cars))


def matching(cars: pd.DataFrame, known: Mapping[str, str]) -> pd.DataFrame:
    """Return the cars that have all these values."""
    is_like_it = np.logical_and.reduce([cars[name] == value for name, value in known.items()])
    return cars[is_like_it]


class BayesTable(ClassifierMixin, BaseEstimator):
    """Answers with what is most frequent among the cars that look the same, as the ceiling does; else among all."""

    def fit(self, cars: pd.DataFrame, target: ArrayLike) -> "BayesTable":
        """Count."""
        values = pd.Series(np.asarray(target), index=cars.index, name="_target")
        self.classes_ = np.unique(values)
        self.all_ = values.value_counts(normalize=True).reindex(self.classes_, fill_value=0.0).to_numpy()
        self.table_ = counts(cars.assign(_target=values), list(cars.columns), "_target").reindex(
            columns=self.classes_, fill_value=0
        )
        return self

    def predict_proba(self, cars: pd.DataFrame) -> NDArray[np.float64]:
        """Return the shares of each value, cars by classes."""
        keys = cars.iloc[:, 0] if cars.shape[1] == 1 else pd.MultiIndex.from_frame(cars)
        found = self.table_.reindex(keys).to_numpy(dtype=float)
        total = found.sum(axis=1, keepdims=True)
        shares: NDArray[np.float64] = np.where(
            np.isnan(total), self.all_, found / np.where(np.isnan(total), 1.0, total)
        )
        return shares

    def predict(self, cars: pd.DataFrame) -> NDArray[np.str_]:
        """Return the most frequent value; of equally frequent ones the first in the alphabet."""
        answer: NDArray[np.str_] = self.classes_[np.argmax(self.predict_proba(cars), axis=1)]
        return answer
