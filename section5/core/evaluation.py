"""Cross-validated accuracy of the models, with confidence intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score

from section5.core.models import MODELS, SEED

FOLDS, REPEATS = 5, 10
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Score:
    """A mean over all folds, with its confidence interval."""

    mean: float
    low: float
    high: float


def splits(repeats: int = REPEATS) -> RepeatedStratifiedKFold:
    """Return the folds. They are equal for all models, so that models can be compared fold by fold."""
    return RepeatedStratifiedKFold(n_splits=FOLDS, n_repeats=repeats, random_state=SEED)


def accuracies(
    cars: pd.DataFrame,
    features: Sequence[str],
    target: str,
    models: Sequence[str] = tuple(MODELS),
    repeats: int = REPEATS,
) -> dict[str, NDArray[np.float64]]:
    """Return each model's accuracy in each fold."""
    return {
        name: cross_val_score(MODELS[name](features), cars[list(features)], cars[target], cv=splits(repeats), n_jobs=-1)
        for name in models
    }


def score(folds: NDArray[np.float64]) -> Score:
    """Return the mean with its confidence interval.

    The folds' training sets overlap, so their plain variance is too small. The correction is from Nadeau and Bengio,
    "Inference for the Generalization Error", Machine Learning 52 (2003).
    """
    mean, half = float(folds.mean()), _quantile(len(folds)) * _corrected_error(folds)
    return Score(mean, mean - half, mean + half)


def difference(one: NDArray[np.float64], other: NDArray[np.float64]) -> tuple[Score, float]:
    """Return the mean difference of two models in the same folds, and its p-value."""
    folds = one - other
    error = _corrected_error(folds)
    p_value = 1.0 if error == 0 else float(2 * stats.t.sf(abs(folds.mean()) / error, len(folds) - 1))
    return score(folds), p_value


def _corrected_error(folds: NDArray[np.float64]) -> float:
    test_to_training = 1 / (FOLDS - 1)
    return float(np.sqrt((1 / len(folds) + test_to_training) * folds.var(ddof=1)))


def _quantile(folds: int) -> float:
    return float(stats.t.ppf((1 + CONFIDENCE) / 2, folds - 1))


def score_table(scores: Mapping[str, NDArray[np.float64]], bound: float, guessing: float) -> pd.DataFrame:
    """Return one row for each model: accuracy, interval, and the share of the accuracy bound that it reaches."""
    rows = {name: score(folds) for name, folds in scores.items()}
    return pd.DataFrame(
        {
            "accuracy": {name: one.mean for name, one in rows.items()},
            "low": {name: one.low for name, one in rows.items()},
            "high": {name: one.high for name, one in rows.items()},
            "share of the ceiling": {name: one.mean / bound for name, one in rows.items()},
            "of the way": {name: (one.mean - guessing) / (bound - guessing) for name, one in rows.items()},
        }
    )
