"""The prediction, step by step."""

from collections.abc import Mapping

from section5.core.prediction import predict_price
from section5.core.summary import summary
from section5.operator.dataset import read_cars


def predict(car: Mapping[str, str]) -> str:
    """Return the prediction for one car as text. Raises: DataChanged, OSError."""
    return summary(car, predict_price(read_cars(), car))
