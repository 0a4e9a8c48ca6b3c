"""Strength of association between attributes, compared with shuffled data."""

import numpy as np
import pandas as pd
from scipy.stats.contingency import association
from sklearn.metrics import mutual_info_score

from section5.core.models import SEED

SHUFFLES = 500


def associations(cars: pd.DataFrame, target: str) -> pd.DataFrame:
    """Return Cramer's V and mutual information (in bits) of each other column with the target.

    Both are never below 0. The "by chance" columns have the 95 % quantile of shuffled targets.
    """
    random = np.random.default_rng(SEED)
    shuffled = [random.permutation(cars[target]) for _ in range(SHUFFLES)]
    rows = {}
    for column in cars.columns.drop(target):
        by_chance = [_association(cars[column], values) for values in shuffled]
        chance_v, chance_bits = np.quantile(by_chance, 0.95, axis=0)
        v, bits = _association(cars[column], cars[target].to_numpy())
        rows[column] = {"Cramer's V": v, "by chance": chance_v, "bits": bits, "bits by chance": chance_bits}
    return pd.DataFrame(rows).T


def _association(values: pd.Series, target: np.ndarray) -> tuple[float, float]:
    codes, others = values.cat.codes.to_numpy(), pd.Categorical(target).codes
    together = np.zeros((codes.max() + 1, others.max() + 1), dtype=int)
    np.add.at(together, (codes, others), 1)
    return float(association(together, method="cramer")), float(mutual_info_score(codes, others) / np.log(2))
