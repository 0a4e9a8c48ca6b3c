"""The models that the notebook compares. Each is a pipeline from attribute values to a buying price."""

from collections.abc import Callable, Sequence

from sklearn.base import ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import CategoricalNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder
from sklearn.tree import DecisionTreeClassifier

from section5.config import FEATURES
from section5.core.accuracy_bound import FrequencyTable
from section5.core.car_data import VALUES

SEED = 5
TARGET = "buying"
FEATURE_SETS = {"all that the question gives": FEATURES, "class alone": ("class",)}

LOGISTIC, BOOSTING = "logistic regression", "gradient boosting"
Model = Callable[[Sequence[str]], Pipeline | ClassifierMixin]


def ordinal(features: Sequence[str]) -> OrdinalEncoder:
    """Return an encoder that numbers each attribute's values in their natural order."""
    return OrdinalEncoder(categories=[list(VALUES[name]) for name in features])


def one_hot(features: Sequence[str]) -> OneHotEncoder:
    """Return an encoder with one column for each value, so that a linear model does not assume even spacing."""
    return OneHotEncoder(categories=[list(VALUES[name]) for name in features])


MODELS: dict[str, Model] = {
    "always the most frequent": lambda _: DummyClassifier(strategy="most_frequent"),
    LOGISTIC: lambda features: make_pipeline(one_hot(features), LogisticRegression(max_iter=1_000)),
    BOOSTING: lambda features: make_pipeline(
        ordinal(features), GradientBoostingClassifier(n_estimators=60, max_depth=3, random_state=SEED)
    ),
    "decision tree": lambda features: make_pipeline(
        ordinal(features), DecisionTreeClassifier(min_samples_leaf=10, random_state=SEED)
    ),
    "random forest": lambda features: make_pipeline(
        ordinal(features), RandomForestClassifier(n_estimators=100, min_samples_leaf=5, random_state=SEED)
    ),
    "naive Bayes": lambda features: make_pipeline(
        ordinal(features), CategoricalNB(min_categories=[len(VALUES[name]) for name in features])
    ),
    "table of what was learnt": lambda _: FrequencyTable(),
}
