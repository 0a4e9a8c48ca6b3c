"""The answer in words and tables, for a person."""

from collections.abc import Mapping

from common.table import table
from section5.core.answer import PRICES, Answer


def told(car: Mapping[str, str], answer: Answer) -> str:
    """Return the recommended price, what speaks for it, and a warning where nothing in the data is like the car."""
    rows = [
        [model, looks_at, *(f"{share:.1%}" for share in shares)]
        for (model, looks_at), shares in zip(answer.probabilities.index, answer.probabilities.to_numpy(), strict=True)
    ]
    near = [
        [instead, *map(int, counts)]
        for instead, counts in zip(answer.nearest.index, answer.nearest.to_numpy(), strict=True)
    ]
    parts = [
        f"car: {_described(car, tuple(car))}",
        warning(car, answer),
        recommendation(car, answer),
        table(["model", "looks at", *PRICES], rows),
        "cars that come nearest, and how they differ:",
        table(["instead", *PRICES], near),
    ]
    return "\n\n".join(filter(None, parts))


def warning(car: Mapping[str, str], answer: Answer) -> str:
    """Return what must be said of a car that the data does not have."""
    if answer.matches:
        return ""
    known = _described(car, answer.known_by)
    return (
        f"WARNING: no car in the data is like this one; if {known} can be believed, what follows holds,"
        " if not, each price is as likely as the others"
    )


def recommendation(car: Mapping[str, str], answer: Answer) -> str:
    """Return the most frequent price among the cars that were counted, or that there is none."""
    counted = f"of the {answer.counted} cars with {_described(car, answer.known_by)}"
    if len(answer.recommended) == len(PRICES):
        return f"buying price: unknown; {counted} as many have each price"
    had = round(answer.chance * answer.counted)
    each = "it" if len(answer.recommended) == 1 else "each"
    return f"buying price: {' or '.join(answer.recommended)}; {counted} {had} have {each} ({answer.chance:.1%})"


def _described(car: Mapping[str, str], names: tuple[str, ...]) -> str:
    return ", ".join(f"{name} {car[name]}" for name in names)
