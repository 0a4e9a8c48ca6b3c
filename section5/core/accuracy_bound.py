"""The highest accuracy that any model can reach, from exact counts.

Cars with equal features get the same prediction. The best prediction is the most frequent value among them.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin


def counts(cars: pd.DataFrame, features: Sequence[str], target: str) -> pd.DataFrame:
    """Return the number of cars for each combination of features (rows) and target value (columns)."""
    counted = cars.groupby(list(features), observed=True)[target].value_counts().unstack(fill_value=0)
    return counted[counted.sum(axis=1) > 0]


def accuracy_bound(cars: pd.DataFrame, features: Sequence[str], target: str) -> float:
    """Return the highest accuracy that a model can reach on these cars with these features."""
    return float(counts(cars, features, target).max(axis=1).sum() / len(cars))


def log_loss_bound(cars: pd.DataFrame, features: Sequence[str], target: str) -> float:
    """Return the lowest mean log loss (in nats) that a model can reach on these cars with these features."""
    counted = counts(cars, features, target)
    shares = counted.div(counted.sum(axis=1), axis=0)
    return float(-(counted * np.log(shares.where(shares > 0, 1.0))).to_numpy().sum() / len(cars))


def matching(cars: pd.DataFrame, known: Mapping[str, str]) -> pd.DataFrame:
    """Return the cars that have all these values."""
    matches = np.logical_and.reduce([cars[name] == value for name, value in known.items()])
    return cars[matches]


class FrequencyTable(ClassifierMixin, BaseEstimator):
    """Classifier that predicts the frequencies among training cars with equal features, else among all of them."""

    def fit(self, cars: pd.DataFrame, target: ArrayLike) -> "FrequencyTable":
        """Count the target values."""
        values = pd.Series(np.asarray(target), index=cars.index, name="_target")
        self.classes_ = np.unique(values)
        self.all_ = values.value_counts(normalize=True).reindex(self.classes_, fill_value=0.0).to_numpy()
        self.table_ = counts(cars.assign(_target=values), list(cars.columns), "_target").reindex(
            columns=self.classes_, fill_value=0
        )
        return self

    def predict_proba(self, cars: pd.DataFrame) -> NDArray[np.float64]:
        """Return the probabilities, cars (rows) by classes (columns)."""
        keys = cars.iloc[:, 0] if cars.shape[1] == 1 else pd.MultiIndex.from_frame(cars)
        found = self.table_.reindex(keys).to_numpy(dtype=float)
        total = found.sum(axis=1, keepdims=True)
        shares: NDArray[np.float64] = np.where(
            np.isnan(total), self.all_, found / np.where(np.isnan(total), 1.0, total)
        )
        return shares

    def predict(self, cars: pd.DataFrame) -> NDArray[np.str_]:
        """Return the most frequent class; a tie goes to the alphabetically first one."""
        prediction: NDArray[np.str_] = self.classes_[np.argmax(self.predict_proba(cars), axis=1)]
        return prediction
