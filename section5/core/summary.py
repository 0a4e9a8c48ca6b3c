"""The prediction as text for a terminal."""

from collections.abc import Mapping

from common.table import table
from section5.core.prediction import PRICES, Prediction


def summary(car: Mapping[str, str], prediction: Prediction) -> str:
    """Return the recommended price, the models' probabilities, the most similar cars and a warning if there is one."""
    probabilities = [
        [model, features, *(f"{share:.1%}" for share in shares)]
        for (model, features), shares in zip(
            prediction.probabilities.index, prediction.probabilities.to_numpy(), strict=True
        )
    ]
    nearest = [
        [difference, *map(int, counts)]
        for difference, counts in zip(prediction.nearest.index, prediction.nearest.to_numpy(), strict=True)
    ]
    parts = [
        f"car: {_values(car, tuple(car))}",
        warning(car, prediction),
        recommendation(car, prediction),
        table(["model", "looks at", *PRICES], probabilities),
        "most similar cars (number at each price):",
        table(["difference", *PRICES], nearest),
    ]
    return "\n\n".join(filter(None, parts))


def warning(car: Mapping[str, str], prediction: Prediction) -> str:
    """Return a warning for a car that the data set does not have, else an empty string."""
    if prediction.matches:
        return ""
    return (
        "WARNING: no car in the data set has these values."
        f" The prediction is valid only if {_values(car, prediction.known_by)} is correct."
        " Otherwise every price is equally likely."
    )


def recommendation(car: Mapping[str, str], prediction: Prediction) -> str:
    """Return the most frequent price among the counted cars."""
    cars = f"{prediction.counted} cars with {_values(car, prediction.known_by)}"
    if len(prediction.recommended) == len(PRICES):
        return f"buying price: unknown (the {cars} have every price equally often)"
    number = round(prediction.chance * prediction.counted)
    each = "each " if len(prediction.recommended) > 1 else ""
    prices = " or ".join(prediction.recommended)
    return f"buying price: {prices} ({each}{number} of the {cars}, {prediction.chance:.1%})"


def _values(car: Mapping[str, str], names: tuple[str, ...]) -> str:
    return ", ".join(f"{name} {car[name]}" for name in names)
