"""The answer in words and tables, for a person."""

from collections.abc import Mapping

from common.table import table
from section5.util.answer import PRICES, Answer


def told(car: Mapping[str, str], answer: Answer) -> str:
    """Return the recommended price, what speaks for it, and a warning where nothing in the data is like the car."""
    described = ", ".join(f"{name} {value}" for name, value in car.items())
    rows = [
        [model, looks_at, *(f"{share:.1%}" for share in shares)]
        for (model, looks_at), shares in zip(answer.probabilities.index, answer.probabilities.to_numpy(), strict=True)
    ]
    near = [
        [instead, *map(int, counts)]
        for instead, counts in zip(answer.nearest.index, answer.nearest.to_numpy(), strict=True)
    ]
    parts = [
        f"car: {described}",
        warning(answer),
        f"buying price: {answer.recommended}, right in {answer.chance:.1%} of the cases by the exact table",
        table(["model", "looks at", *PRICES], rows),
        "cars that come nearest, and how they differ:",
        table(["instead", *PRICES], near),
    ]
    return "\n\n".join(filter(None, parts))


def warning(answer: Answer) -> str:
    """Return what must be said of a car that the data does not have."""
    if answer.matches:
        return ""
    return "WARNING: no car in the data is like this one; what follows is known from its class alone"
