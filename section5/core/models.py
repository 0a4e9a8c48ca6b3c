"""The models that are compared, each a pipeline from the values as they stand in the data to a price."""

from collections.abc import Callable, Sequence

from sklearn.base import ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import CategoricalNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder
from sklearn.tree import DecisionTreeClassifier

from section5.config import ASKED
from section5.core.car_data import ATTRIBUTES, CLASSES
from section5.core.ceiling import BayesTable

SEED = 5
VALUES = {**ATTRIBUTES, "class": CLASSES}
TARGET = "buying"
FEATURES = {"all that the question gives": ASKED, "class alone": ("class",)}

LOGISTIC, BOOSTING, LEARNT_TABLE = "logistic regression", "gradient boosting", "table of what was learnt"
Model = Callable[[Sequence[str]], Pipeline | ClassifierMixin]


def ordinal(features: Sequence[str]) -> OrdinalEncoder:
    """Number the values in their order, which all attributes have, as fitted on nothing but the lists of values."""
    return OrdinalEncoder(categories=[list(VALUES[name]) for name in features])


def one_hot(features: Sequence[str]) -> OneHotEncoder:
    """Give each value a column, so that a linear model need not take them for evenly spaced."""
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
    LEARNT_TABLE: lambda _: BayesTable(),
}
