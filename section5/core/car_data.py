"""The Car Evaluation data, generated from the four decision tables of its authors.

Source: Car Evaluation, UCI Machine Learning Repository, Marko Bohanec, CC BY 4.0, https://doi.org/10.24432/C5JP48.
"""

import hashlib
from itertools import product

ATTRIBUTES = {
    "buying": ("vhigh", "high", "med", "low"),
    "maint": ("vhigh", "high", "med", "low"),
    "doors": ("2", "3", "4", "5more"),
    "persons": ("2", "4", "more"),
    "lug_boot": ("small", "med", "big"),
    "safety": ("low", "med", "high"),
}
CLASSES = ("unacc", "acc", "good", "vgood")
VALUES = {**ATTRIBUTES, "class": CLASSES}
COLUMNS = tuple(VALUES)
SHA256 = "b703a9ac69f11e64ce8c223c0a40de4d2e9d769f7fb20be5f8f2e8a619893d83"

Table = dict[str, dict[str, str]]


def _table(columns: tuple[str, ...], **rows: str) -> Table:
    return {row: dict(zip(columns, values.split(), strict=True)) for row, values in rows.items()}


# Overall price, by buying price (rows) and maintenance (columns).
PRICE = _table(
    ATTRIBUTES["maint"],
    vhigh="vhigh vhigh high high",
    high="vhigh high high high",
    med="high high med low",
    low="high med low low",
)
# Technical quality, by comfort (rows) and safety (columns).
TECH = _table(ATTRIBUTES["safety"], bad="bad bad bad", acc="bad acc good", good="bad good vgood")
# Class of the car, by overall price (rows) and technical quality (columns).
CAR = _table(
    ("bad", "acc", "good", "vgood"),
    vhigh="unacc unacc unacc unacc",
    high="unacc unacc acc acc",
    med="unacc acc acc vgood",
    low="unacc acc good vgood",
)
# Comfort by size of the boot, for each number of persons and doors.
COMFORT = {
    (persons, doors): dict(zip(ATTRIBUTES["lug_boot"], values.split(), strict=True))
    for persons, all_doors, values in (
        ("2", "2 3 4 5more", "bad bad bad"),
        ("4", "2 3", "acc acc good"),
        ("4", "4 5more", "acc good good"),
        ("more", "2", "bad acc good"),
        ("more", "3 4 5more", "acc good good"),
    )
    for doors in all_doors.split()
}


def car_class(buying: str, maint: str, doors: str, persons: str, lug_boot: str, safety: str) -> str:
    """Return the class of a car."""
    return CAR[PRICE[buying][maint]][TECH[COMFORT[persons, doors][lug_boot]][safety]]


def content() -> bytes:
    """Return the data file: every combination of values with its class. Raises: ValueError."""
    lines = (",".join((*values, car_class(*values))) for values in product(*ATTRIBUTES.values()))
    text = "".join(f"{line}\n" for line in lines).encode()
    if hashlib.sha256(text).hexdigest() != SHA256:
        raise ValueError("the decision tables do not produce the Car Evaluation data")
    return text
