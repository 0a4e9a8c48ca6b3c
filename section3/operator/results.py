"""The results of the capacity model on disk: resource/capacity.json and its plots."""

from section3.capacity.results import Results, fingerprint
from section3.config import CAPACITY, MODEL, PRICES
from section3.operator.plots import draw


def parameters_hash() -> str:
    """Return the hash of the parameters and prices."""
    return fingerprint(MODEL.read_text("utf-8"), PRICES.read_text("utf-8"))


def read_results() -> Results:
    return Results.model_validate_json(CAPACITY.read_text("utf-8"))


def write_results(results: Results) -> None:
    """Write the results and draw their plots."""
    text = results.text()
    CAPACITY.parent.mkdir(exist_ok=True)
    CAPACITY.write_text(text, "utf-8")
    draw(results, text)
