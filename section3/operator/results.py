"""The results of the capacity model on disk: resource/capacity.json and its plots."""

import hashlib

from section3.capacity.results import Results
from section3.config import CAPACITY, MODEL, PRICES
from section3.operator.plots import draw


def parameters_hash() -> str:
    """Return the SHA-256 of the model's parameters and prices."""
    return hashlib.sha256(f"{MODEL.read_text('utf-8')}\0{PRICES.read_text('utf-8')}".encode()).hexdigest()


def read_results() -> Results:
    return Results.model_validate_json(CAPACITY.read_text("utf-8"))


def write_results(results: Results) -> None:
    text = results.text()
    CAPACITY.parent.mkdir(exist_ok=True)
    CAPACITY.write_text(text, "utf-8")
    draw(results, text)
